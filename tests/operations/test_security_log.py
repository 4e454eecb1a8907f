"""What is noted is kept within bounds, whatever happens to the database, and harms nobody's request."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from tests.world import World
from trulybot.kit import security
from trulybot.kit.db import Database
from trulybot.kit.errors import Unavailable
from trulybot.kit.security import Origin, SecurityEvent
from trulybot.operations.security_log import GROUPS, SecurityLog

# Tables of a workspace whose ids no address names, so nobody is told 404 for one of theirs.
NOT_NAMED = {
    "audit_log",
    "curated_answer_versions",
    "curated_phrasings",
    "document_versions",
    "invitations",
    "kept_answers",
    "passages",
    "passages_read",
    "profiles",
    "source_pages",
    "subscriptions",
    "turns",
    "usage_counters",
    "visitors",
}


@pytest.fixture
def operator(superuser_of_the_database: str) -> Iterator[psycopg.Connection[Any]]:
    """Who may read what was noted."""
    with psycopg.connect(superuser_of_the_database, autocommit=True) as connection:
        connection.execute("delete from trulybot_auth.security_events")
        yield connection


@pytest.fixture
def sink(db: Database) -> SecurityLog:
    return SecurityLog(db)


def note(sink: SecurityLog, event: SecurityEvent, address: str = "203.0.113.9", **ids: str) -> None:
    with security.coming_from(Origin(address, "a-request-id", sink=sink)):
        security.note(event, **ids)


def kept(operator: psycopg.Connection[Any]) -> list[tuple[str, int]]:
    return operator.execute("select event, count from trulybot_auth.security_events order by event, count").fetchall()


async def test_a_flood_of_the_like_is_one_row(sink: SecurityLog, operator: psycopg.Connection[Any]):
    for _ in range(5000):
        note(sink, SecurityEvent.LIMIT_HIT, limit="chat")

    await sink.flush()

    assert kept(operator) == [("limit.hit", 5000)]


async def test_a_flood_from_everywhere_is_bounded_and_counted_to_the_last(
    sink: SecurityLog, operator: psycopg.Connection[Any]
):
    for number in range(3000):
        note(sink, SecurityEvent.SIGN_IN_FAILED, f"2001:db8::{number:x}")
    note(sink, SecurityEvent.CODE_FAILED)

    await sink.flush()

    rows = kept(operator)
    assert ("code.failed", 1) in rows  # not crowded out
    assert len(rows) == GROUPS + 2
    assert sum(count for event, count in rows if event == "sign_in.failed") == 3000


async def test_what_is_noted_while_the_database_is_away_waits(
    sink: SecurityLog, db: Database, operator: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
):
    @asynccontextmanager
    async def away(_reason: str) -> Any:
        raise Unavailable
        yield

    note(sink, SecurityEvent.LIMIT_HIT)
    with monkeypatch.context() as patched:
        patched.setattr(db, "chore", away)
        assert await sink.flush() is False
    note(sink, SecurityEvent.LIMIT_HIT)

    assert await sink.flush() is True
    assert kept(operator) == [("limit.hit", 2)]


async def test_it_is_written_without_being_asked(sink: SecurityLog, operator: psycopg.Connection[Any]):
    async with sink.keeping():
        await asyncio.to_thread(note, sink, SecurityEvent.LIMIT_HIT)  # also from another thread
        async with asyncio.timeout(10):
            while not kept(operator):
                await asyncio.sleep(0.01)

    assert kept(operator) == [("limit.hit", 1)]


async def test_what_was_noted_last_is_written_at_the_end(sink: SecurityLog, operator: psycopg.Connection[Any]):
    async with sink.keeping():
        note(sink, SecurityEvent.LIMIT_HIT)

    assert kept(operator) == [("limit.hit", 1)]


def test_where_nobody_keeps_it_it_is_still_counted():
    def counted() -> float:
        return REGISTRY.get_sample_value("trulybot_security_events_total", {"event": "limit.hit"}) or 0.0

    before = counted()

    security.note(SecurityEvent.LIMIT_HIT, limit="chat")

    assert counted() == before + 1


async def test_the_app_can_neither_read_nor_take_back_what_was_noted(
    sink: SecurityLog, operator: psycopg.Connection[Any], database_url: str, settings: Any
):
    note(sink, SecurityEvent.LIMIT_HIT)
    await sink.flush()

    for url in (database_url, settings.database_url("trulybot_worker")):
        for table in ("security_events", "alerts", "data_keys"):
            for verb in ("select * from", "delete from"):
                with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"{verb} trulybot_auth.{table}".encode())
    assert kept(operator) == [("limit.hit", 1)]


async def test_after_ninety_days_it_is_gone(sink: SecurityLog, operator: psycopg.Connection[Any]):
    for event in (SecurityEvent.LIMIT_HIT, SecurityEvent.CODE_FAILED):
        note(sink, event)
    await sink.flush()
    operator.execute("update trulybot_auth.security_events set at = at - interval '91 days' where event = 'limit.hit'")

    operator.execute("select private.sweep_security_events()")

    assert kept(operator) == [("code.failed", 1)]


async def test_an_answer_does_not_wait_for_what_was_noted(world: World, monkeypatch: pytest.MonkeyPatch):
    """Nor does it fail: whoever keeps it is away for as long as it likes."""

    async def never(_self: SecurityLog) -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(SecurityLog, "flush", never)
    alice = await world.alice()
    async with asyncio.timeout(10):
        response = await alice.get("/api/documents", headers={"X-Workspace-Id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11"})
    monkeypatch.undo()

    assert response.status_code == 403


def test_every_id_that_an_address_can_name_is_looked_up(operator: psycopg.Connection[Any]):
    tables = operator.execute(
        """
        select relname from pg_class c
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and exists (select from pg_attribute where attrelid = c.oid and attname = 'id')
           and exists (select from pg_attribute where attrelid = c.oid and attname = 'workspace_id')
        """
    ).fetchall()
    [(body,)] = operator.execute("select prosrc from pg_proc where proname = 'tenants_of'").fetchall()
    unnamed = {table for (table,) in tables if f"public.{table} " not in body}

    assert unnamed <= NOT_NAMED

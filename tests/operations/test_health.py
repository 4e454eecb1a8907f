"""What probes and Prometheus are told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.world import World
from trulybot.kit.db import Database
from trulybot.kit.migrations import known
from trulybot.llm.embeddings import OpenAIEmbedder
from trulybot.operations import health


@pytest.fixture
async def queue(owner_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """The queue's tables, with a worker that has just shown a sign of life."""
    async with await psycopg.AsyncConnection.connect(
        owner_url, autocommit=True, options="-c search_path=queue"
    ) as owner:
        await owner.execute("insert into procrastinate_workers (last_heartbeat) values (now())")
        yield owner
        await owner.execute("delete from procrastinate_workers")


@pytest.fixture
async def nowhere(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database that is away, and probes that see so soon."""
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.2)
    database = Database("postgresql://trulybot_app@/suite?host=/nonexistent")
    await database.pool.open(wait=False)
    yield database
    await database.close()


async def ready(world: World) -> tuple[int, str, dict[str, str]]:
    response = await world.http.get("/api/monitoring/ready")
    told = response.json()
    assert all(check["milliseconds"] >= 0 for check in told["checks"].values())
    return response.status_code, told["status"], {name: check["state"] for name, check in told["checks"].items()}


async def metrics(world: World, *, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(world.app, client=(client, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as http:
        return await http.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_process_that_lives_says_so_whatever_else_is_away(world: World, nowhere: Database):
    world.app.state.db = nowhere

    response = await world.http.get("/api/monitoring/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_everything_there_is_ready(world: World, queue: Any):
    assert await ready(world) == (
        200,
        "ready",
        {"database": "ok", "migrations": "ok", "queue": "ok", "embedder": "ok", "model": "off", "redis": "off"},
    )


async def test_without_the_database_nothing_is_ready(world: World, nowhere: Database):
    world.app.state.db = nowhere

    status, told, checks = await ready(world)

    assert (status, told, checks["database"], checks["migrations"]) == (503, "not_ready", "failed", "failed")


async def test_a_missing_migration_is_not_ready(world: World, queue: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "known", lambda: known() | {"9999_tomorrow.sql"})

    status, told, checks = await ready(world)

    assert (status, told, checks["database"], checks["migrations"]) == (503, "not_ready", "ok", "failed")


async def test_a_database_without_our_tables_is_not_ready(world: World, superuser_url: str):
    empty = Database(superuser_url)
    await empty.pool.open()
    world.app.state.db = empty

    status, told, _ = await ready(world)
    await empty.close()

    assert (status, told) == (503, "not_ready")


async def test_without_a_worker_documents_wait_and_questions_are_answered(world: World, queue: Any):
    await queue.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")

    status, told, checks = await ready(world)

    assert (status, told, checks["queue"]) == (200, "degraded", "degraded")


async def test_without_the_embedder_words_answer(world: World, queue: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(world.app.state, "embedder", OpenAIEmbedder.local(Path("/nonexistent.sock")))

    status, told, checks = await ready(world)

    assert (status, told, checks["embedder"]) == (200, "degraded", "degraded")


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("203.0.113.9", {}),
        ("127.0.0.1", {"x_forwarded_for": "203.0.113.9"}),
        ("127.0.0.1", {"forwarded": "for=203.0.113.9"}),
        ("127.0.0.1", {"x_real_ip": "203.0.113.9"}),
        ("203.0.113.9", {"authorization": "Bearer guessed"}),
        ("not an address", {}),
    ],
)
async def test_metrics_are_closed_to_the_world(world: World, client: str, headers: dict[str, str]):
    response = await metrics(world, client=client, **headers)

    assert (response.status_code, response.json()["error"]["code"]) == (403, "metrics_closed")


async def test_metrics_are_open_to_this_machine(world: World):
    assert (await metrics(world)).status_code == 200
    assert (await metrics(world, client="::1")).status_code == 200


async def test_with_a_token_metrics_are_open_to_whoever_has_it(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(world.app.state, "metrics_token", "an operator's token")

    given = await metrics(world, client="203.0.113.9", authorization="Bearer an operator's token")
    wrong = await metrics(world, authorization="Bearer another")
    without = await metrics(world)

    assert [response.status_code for response in (given, wrong, without)] == [200, 403, 403]


async def test_metrics_tell_how_long_everything_took_and_name_nobody(world: World, queue: Any):
    alice = await world.alice()
    await alice.knows("We are open from nine to six.", title="Opening hours")
    await world.work()
    await alice.asks("When are you open?")
    waiting = await alice.knows("This one waits.")

    told = (await metrics(world)).text

    for sample in (
        'trulybot_request_seconds_count{method="POST",route="/api/chat",status="2xx"}',
        'trulybot_transaction_seconds_count{role="member"}',
        'trulybot_retrieval_seconds_count{step="embed"}',
        'trulybot_retrieval_seconds_count{step="query"}',
        'trulybot_answer_seconds_count{source="documents"}',
        'trulybot_queue_jobs{queue="ingest",state="waiting"} 1.0',
        'trulybot_queue_jobs{queue="ingest",state="running"} 0.0',
        'trulybot_queue_oldest_seconds{queue="ingest"}',
    ):
        assert sample in told
    assert not any(secret in told for secret in (alice.email, str(alice.user_id), waiting["id"], "nine to six"))
    await world.work()


async def test_an_empty_queue_and_an_absent_database_leave_no_old_figures(world: World, nowhere: Database):
    alice = await world.alice()
    await alice.knows("Something.")
    assert "trulybot_queue_jobs{" in (await metrics(world)).text

    db, world.app.state.db = world.app.state.db, nowhere
    away = await metrics(world)
    world.app.state.db = db
    await world.work()
    empty = await metrics(world)

    assert (away.status_code, empty.status_code) == (200, 200)
    assert "trulybot_queue_jobs{" not in away.text + empty.text

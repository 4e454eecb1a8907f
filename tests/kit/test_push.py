"""Changes reach the pages of their workspace, and no others, also after the database went away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from trulybot.kit.db import Database
from trulybot.kit.push import BACKLOG, Change, Push

SECONDS = 10
ACME, CHARLIES = uuid4(), uuid4()


@pytest.fixture
async def push(database_url: str) -> AsyncIterator[Push]:
    push = Push(database_url, reconnect_seconds=0)
    await push.open()
    await asyncio.wait_for(push.listening.wait(), SECONDS)
    yield push
    await push.close()


async def tell(db: Database, workspace_id: UUID, subject: UUID, *, fail: bool = False) -> None:
    async with db.system("tell a page") as tx:
        await replace(tx, workspace_id=workspace_id).publish("document", subject)
        if fail:
            raise ZeroDivisionError


async def test_a_change_reaches_its_own_workspace_alone(push: Push, db: Database):
    theirs, ours = uuid4(), uuid4()

    async with aclosing(push.changes(ACME, beat_seconds=SECONDS)) as acme:
        assert await anext(acme) is None  # it listens
        await tell(db, CHARLIES, theirs)
        await tell(db, ACME, ours)

        assert await anext(acme) == Change("document", ours)


async def test_what_is_rolled_back_is_not_told(push: Push, db: Database):
    kept = uuid4()

    async with aclosing(push.changes(ACME, beat_seconds=SECONDS)) as changes:
        assert await anext(changes) is None
        with pytest.raises(ZeroDivisionError):
            await tell(db, ACME, uuid4(), fail=True)
        await tell(db, ACME, kept)

        assert await anext(changes) == Change("document", kept)


async def listening(superuser: psycopg.AsyncConnection) -> list[int]:
    """The server's processes that wait for changes."""
    rows = await superuser.execute("select pid from pg_stat_activity where query = 'listen trulybot'")
    return [pid for (pid,) in await rows.fetchall()]


async def test_it_listens_again_after_its_connection_broke(push: Push, db: Database, superuser_url: str):
    told = uuid4()
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        (broken,) = await listening(superuser)
        await superuser.execute("select pg_terminate_backend(%s)", (broken,))
        async with asyncio.timeout(SECONDS):
            while await listening(superuser) in ([], [broken]):
                await asyncio.sleep(0)
            await push.listening.wait()

    async with aclosing(push.changes(ACME, beat_seconds=SECONDS)) as changes:
        assert await anext(changes) is None
        await tell(db, ACME, told)

        assert await anext(changes) == Change("document", told)


@pytest.mark.parametrize("payload", ["", "not json", "[]", "7", json.dumps({"workspace_id": "x", "id": 5})])
async def test_a_notice_that_is_not_ours_is_passed_over(push: Push, db: Database, payload: str):
    told = uuid4()

    async with aclosing(push.changes(ACME, beat_seconds=SECONDS)) as changes:
        assert await anext(changes) is None
        async with db.system("say something strange") as tx:
            await tx.run("select pg_notify('trulybot', %(payload)s)", payload=payload)
        await tell(db, ACME, told)

        assert await anext(changes) == Change("document", told)


async def test_silence_has_a_beat(push: Push):
    async with aclosing(push.changes(ACME, beat_seconds=0.01)) as changes:
        assert [await anext(changes), await anext(changes)] == [None, None]


async def test_a_page_that_falls_behind_misses_the_oldest(push: Push):
    ids = [uuid4() for _ in range(BACKLOG + 3)]

    async with aclosing(push.changes(ACME, beat_seconds=SECONDS)) as changes:
        assert await anext(changes) is None
        for one in ids:
            push._pass_on(json.dumps({"workspace_id": str(ACME), "topic": "document", "id": str(one)}))

        heard = [await anext(changes) for _ in range(BACKLOG)]

    assert [change and change.id for change in heard] == ids[-BACKLOG:]


async def test_a_page_that_is_closed_is_forgotten(push: Push):
    async with aclosing(push.changes(ACME, beat_seconds=0.01)) as changes:
        await anext(changes)

    assert push._listeners == {}

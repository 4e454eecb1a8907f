"""Transactions: how they begin, and what becomes of them when something breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.world import World
from trulybot.kit.db import Database
from trulybot.kit.errors import Unavailable
from trulybot.settings import APP_LOGIN


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that the next transaction meets what the last one left."""
    database = Database(database_url, size=1)
    database.pool.timeout = 0.2
    await database.open()
    yield database
    await database.close()


async def backend(db: Database) -> int:
    async with db.system("which connection is this") as tx:
        return int(await tx.value("select pg_backend_pid()"))


async def terminate(superuser_url: str, pid: int) -> None:
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        await superuser.execute("select pg_terminate_backend(%s, 5000)", (pid,))


async def state(db: Database) -> tuple[str, str, str]:
    """Login, role and claims of a connection outside a transaction."""
    async with db.pool.connection() as connection:
        cursor = await connection.execute(
            "select session_user, current_user, coalesce(current_setting('request.jwt.claims', true), '')"
        )
        row: Any = await cursor.fetchone()
        return row


async def test_begin_role_and_claims_go_in_one_round_trip(single: Database, tmp_path: Path):
    with (tmp_path / "trace").open("wb") as trace:
        async with single.pool.connection() as connection:
            connection.pgconn.trace(trace.fileno())
        async with single.system("count the round trips") as tx:
            await tx.value("select %(given)s::int", given=1)
        async with single.pool.connection() as connection:
            connection.pgconn.untrace()

    sides = [line.split("\t")[1] for line in (tmp_path / "trace").read_text().splitlines()]
    trips = sum(before == "F" and after == "B" for before, after in pairwise(sides))
    assert trips == 3  # the beginning, the statement, the commit


async def test_a_transaction_acts_as_its_role_and_leaves_nothing_of_it(single: Database):
    async with single.system("look around") as tx:
        role = await tx.value("select current_user")
        claims = json.loads(await tx.value("select current_setting('request.jwt.claims')"))

    assert (role, claims) == ("trulybot_system", {"reason": "look around"})
    assert await state(single) == (APP_LOGIN, APP_LOGIN, "")


async def test_a_failed_transaction_leaves_nothing_behind(single: Database):
    with pytest.raises(ZeroDivisionError):
        async with single.system("fail"):
            raise ZeroDivisionError
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with single.system("fail") as tx:
            await tx.run("select from nothing")

    assert await state(single) == (APP_LOGIN, APP_LOGIN, "")


async def test_a_cancelled_request_returns_a_clean_connection(single: Database):
    begun = asyncio.Event()

    async def waits() -> None:
        async with single.system("wait") as tx:
            begun.set()
            await tx.run("select pg_sleep(60)")

    request = asyncio.create_task(waits())
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    single.pool.timeout = 10
    assert await state(single) == (APP_LOGIN, APP_LOGIN, "")


async def test_a_statement_that_takes_too_long_is_ended(single: Database):
    async with single.system("how long may it take") as tx:
        assert await tx.value("show statement_timeout") == "8s"

    with pytest.raises(Unavailable):
        await take_too_long(single)

    assert await backend(single)


async def take_too_long(db: Database) -> None:
    async with db.system("take too long") as tx:
        await tx.run("set local statement_timeout = '10ms'")
        await tx.run("select pg_sleep(60)")


async def test_two_that_collide_are_asked_to_come_again(single: Database):
    with pytest.raises(Unavailable):
        async with single.system("collide") as tx:
            await tx.run("do $$ begin raise exception using errcode = 'deadlock_detected'; end $$")


async def test_a_connection_that_died_in_the_pool_is_replaced_unnoticed(single: Database, superuser_url: str):
    single.pool.timeout = 10
    first = await backend(single)
    await terminate(superuser_url, first)

    assert await backend(single) != first


async def test_a_server_that_goes_away_in_the_middle_is_unavailable_once(single: Database, superuser_url: str):
    single.pool.timeout = 10
    with pytest.raises(Unavailable):
        await be_interrupted(single, superuser_url)

    assert await backend(single)


async def be_interrupted(db: Database, superuser_url: str) -> None:
    async with db.system("be interrupted") as tx:
        await terminate(superuser_url, await tx.value("select pg_backend_pid()"))
        await tx.value("select 1")


async def test_when_every_connection_is_taken_we_do_not_wait_for_ever(single: Database):
    async with single.system("take the only one"):
        with pytest.raises(Unavailable):
            async with single.system("want one too"):
                pass

    assert await backend(single)


async def test_a_caller_is_told_to_come_again_when_every_connection_is_taken(world: World, single: Database):
    world.app.state.db = single

    async with single.system("take the only one"):
        response = await world.http.get("/api/documents", headers={"Authorization": "Bearer tb_sk_" + "x" * 43})

    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize("said", ["it's", "\\", "\\'; select 1; --", "%s %(x)s", "$1 $$", "½ 💡", "'||current_user||'"])
async def test_what_a_claim_says_is_never_read_as_sql(db: Database, said: str):
    async with db.system(said) as tx:
        claims = await tx.value("select current_setting('request.jwt.claims')")

    assert json.loads(claims) == {"reason": said}

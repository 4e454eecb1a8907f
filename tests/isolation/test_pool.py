"""A pooled connection never carries claims over, however the transaction before it ended."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.isolation.site import Site
from tests.isolation.tenants import ACME, OTHER, Tenant
from tests.world import Person, World
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import AppError

STEPS = 40  # turns of the event loop within which a short transaction has ended
REQUESTS = 200
HANG_UPS = 40


@dataclass(frozen=True)
class Owner:
    """The owner of a workspace, as the database sees them."""

    tenant: Tenant
    database_role = "member"

    @property
    def workspace_id(self) -> UUID:
        return self.tenant.workspace_id

    def claims(self) -> Mapping[str, str]:
        return {"sub": str(self.tenant.user_id)}


ALICE, CHARLIE = Owner(ACME), Owner(OTHER)


@asynccontextmanager
async def opened(site: Site, size: int) -> AsyncIterator[Database]:
    db = Database(site.web_url, size=size)
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def seen(db: Database, who: Owner) -> set[UUID]:
    async with db.workspace(who) as tx:
        return set(await tx.value("select array_agg(distinct workspace_id) from documents"))


async def left_behind(db: Database) -> list[tuple[str, str]]:
    """Role and claims of each pooled connection between transactions, where there are any."""
    found = []
    async with asyncio.TaskGroup() as group:
        together = asyncio.Barrier(db.pool.max_size)

        async def look() -> None:
            async with db.pool.connection() as connection:
                await together.wait()  # so that each looks at another one
                row = await (
                    await connection.execute(
                        "select current_user::text, coalesce(current_setting('request.jwt.claims', true), '')"
                    )
                ).fetchone()
                if row != ("trulybot_app", ""):
                    found.append(row)

        for _ in range(db.pool.max_size):
            group.create_task(look())
    return found


async def commits(tx: Tx) -> None:
    await tx.value("select count(*) from documents")


async def fails(tx: Tx) -> None:
    await commits(tx)
    raise ZeroDivisionError


async def breaks_a_statement(tx: Tx) -> None:
    await tx.run("select 1 / 0")


async def takes_too_long(tx: Tx) -> None:
    await tx.run("set local statement_timeout = '5ms'")
    await tx.run("select pg_sleep(10)")


async def loses_its_connection(tx: Tx) -> None:
    await tx.connection.close()
    await commits(tx)


async def is_ended_by_the_server(tx: Tx) -> None:
    # A login may end its own connections.
    await tx.run("select set_config('role', 'none', true)")
    await tx.run("select pg_terminate_backend(pg_backend_pid())")


async def becomes_somebody_else(tx: Tx) -> None:
    """What smuggled SQL would do."""
    await tx.run("select set_config('request.jwt.claims', '{}', true), set_config('role', 'visitor', true)")


async def stays_somebody_else(tx: Tx) -> None:
    """And do for the whole session, if it could."""
    claims = f'{{"sub": "{OTHER.user_id}"}}'
    await tx.run(
        "select set_config('request.jwt.claims', %(claims)s, false), set_config('role', 'visitor', false)",
        claims=claims,
    )
    raise ZeroDivisionError


ENDINGS: tuple[Callable[[Tx], Awaitable[None]], ...] = (
    commits,
    fails,
    breaks_a_statement,
    takes_too_long,
    loses_its_connection,
    is_ended_by_the_server,
    becomes_somebody_else,
    stays_somebody_else,
)


async def ended(db: Database, who: Owner, ending: Callable[[Tx], Awaitable[None]]) -> None:
    with suppress(ZeroDivisionError, AppError, psycopg.Error):
        async with db.workspace(who) as tx:
            await ending(tx)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
async def test_the_next_transaction_finds_nothing_of_one_that(site: Site, ending: Callable[[Tx], Awaitable[None]]):
    async with opened(site, 1) as db:
        await ended(db, ALICE, ending)

        assert await left_behind(db) == []
        assert await seen(db, CHARLIE) == {OTHER.workspace_id}


async def test_the_next_transaction_finds_nothing_of_one_that_was_cancelled_at_any_await(site: Site):
    async with opened(site, 1) as db:
        for steps in range(STEPS):
            task = asyncio.create_task(seen(db, ALICE))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

            assert await left_behind(db) == [], steps
            assert await seen(db, CHARLIE) == {OTHER.workspace_id}, steps


@hypothesis_settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from((ALICE, CHARLIE)), st.sampled_from(ENDINGS), st.integers(0, STEPS)), max_size=8
    )
)
def test_whatever_ends_however_each_sees_their_own(
    site: Site, acts: list[tuple[Owner, Callable[[Tx], Awaitable[None]], int]]
):
    async def together() -> None:
        async with opened(site, 2) as db:
            tasks = []
            for who, ending, steps in acts:
                tasks.append(asyncio.create_task(ended(db, who, ending)))
                for _ in range(steps):
                    await asyncio.sleep(0)
                if steps % 3 == 0:
                    tasks[-1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

            assert await left_behind(db) == []
            assert await asyncio.gather(seen(db, ALICE), seen(db, CHARLIE)) == [
                {ACME.workspace_id},
                {OTHER.workspace_id},
            ]

    asyncio.run(together())


async def test_of_many_requests_at_once_over_two_connections_each_is_answered_with_its_own(world: World):
    await world.app.state.db.pool.resize(1, 2)
    people = [await world.alice(), await world.charlie()]
    for person in people:
        await person.knows(f"The shop of {person.email} opens at nine.", title=f"Hours of {person.email}")

    async def ask(person: Person, number: int) -> tuple[int, bool, bool]:
        other = next(one for one in people if one is not person)
        path = ("/api/documents", "/api/user/profile", "/api/workspaces")[number % 3]
        response = await person.get(path)
        own = person.email in response.text or str(person.workspace_id) in response.text
        foreign = other.email in response.text or str(other.workspace_id) in response.text
        return response.status_code, own, foreign

    answers = await asyncio.gather(*(ask(people[number % 2], number) for number in range(REQUESTS)))

    assert set(answers) == {(200, True, False)}
    assert await left_behind(world.app.state.db) == []


async def test_nothing_is_left_of_a_request_whose_caller_hung_up(world: World, live: str):
    alice, charlie = await world.alice(), await world.charlie()
    await world.app.state.db.pool.resize(1, 2)
    address = urlsplit(live)
    body = b'{"query": "opening hours"}'
    request = (
        f"POST /api/search HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {alice.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body

    for number in range(HANG_UPS):
        _reader, writer = await asyncio.open_connection(address.hostname, address.port)
        # Some are cut off in the middle of what they send, some while they wait, at one step or another.
        writer.write(request[: len(request) - number % 4])
        await writer.drain()
        for _ in range(number):
            await asyncio.sleep(0)
        # Reset, so that the server sees it at once and not when it next writes.
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        answer = await charlie.get("/api/user/profile")
        assert answer.json()["workspace"]["id"] == str(charlie.workspace_id)

    assert await left_behind(world.app.state.db) == []


async def test_what_smuggled_sql_leaves_in_the_session_does_not_reach_the_next_transaction(site: Site):
    claims = f'{{"sub": "{ACME.user_id}"}}'
    async with opened(site, 1) as db:
        async with db.workspace(ALICE) as tx:
            await tx.run(
                """
                select set_config('request.jwt.claims', %(claims)s, false), set_config('role', 'visitor', false),
                       set_config('search_path', 'pg_catalog', false)
                """,
                claims=claims,
            )

        assert await seen(db, CHARLIE) == {OTHER.workspace_id}


async def test_a_statement_is_one_statement(site: Site):
    async with opened(site, 1) as db:
        for smuggled in ("select 1; select set_config('role', 'none', true)", "select 1; reset role"):
            for values in ({}, {"given": 1}):
                with pytest.raises(psycopg.errors.SyntaxError):
                    async with db.workspace(ALICE) as tx:
                        await tx.run(smuggled, **values)

"""No workspace sees another: read from the database's own catalogue, and tried as the app's own login."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncConnection, errors, sql

from tests.world import Person, World
from trulybot.kit.db import Database, UnsafeLogin

VERBS = ("select", "insert", "update", "delete")


async def tables(connection: AsyncConnection) -> list[str]:
    """Every table of the public schema."""
    rows = await connection.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1"
    )
    return [name for (name,) in await rows.fetchall()]


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        yield connection


async def test_every_table_is_behind_forced_row_security(owner: AsyncConnection):
    rows = await owner.execute(
        """
        select relname from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not (relrowsecurity and relforcerowsecurity)
        """
    )

    assert await rows.fetchall() == []


async def test_every_table_says_whose_it_is(owner: AsyncConnection):
    rows = await owner.execute(
        """
        select relname from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'workspaces'
           and not exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'workspace_id')
        """
    )

    assert await rows.fetchall() == []


async def test_every_key_of_a_workspace_table_can_carry_its_workspace(owner: AsyncConnection):
    """So that Citus could distribute every table by workspace_id, and no foreign key can point across workspaces."""
    rows = await owner.execute(
        """
        select conrelid::regclass::text, conname
          from pg_constraint
         where connamespace = 'public'::regnamespace
           and contype in ('p', 'f')
           and conrelid <> 'public.workspaces'::regclass
           and not (conrelid = 'public.profiles'::regclass and contype = 'p')  -- the promise: keyed by the user's id
           and not exists (select from pg_attribute
                            where attrelid = conrelid and attnum = any (conkey) and attname = 'workspace_id')
        """
    )

    assert await rows.fetchall() == []


async def test_every_foreign_key_has_an_index(owner: AsyncConnection):
    rows = await owner.execute(
        """
        select conrelid::regclass::text, conname
          from pg_constraint
         where connamespace in ('public'::regnamespace, 'trulybot_auth'::regnamespace)
           and contype = 'f'
           and not exists (select from pg_index
                            where indrelid = conrelid
                              and (string_to_array(indkey::text, ' ')::int2[])[1:cardinality(conkey)] @> conkey)
        """
    )

    assert await rows.fetchall() == []


async def test_every_privileged_function_is_closed(owner: AsyncConnection):
    """Definer functions fix their search_path, and nobody may call them who was not named."""
    rows = await owner.execute(
        """
        select oid::regprocedure::text
          from pg_proc
         where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
           and prosecdef
           and (proconfig is null
                or not exists (select from unnest(proconfig) setting where setting like 'search_path=%')
                or has_function_privilege('public', oid, 'execute'))
        """
    )

    assert await rows.fetchall() == []


async def test_views_run_as_whoever_asks(owner: AsyncConnection):
    rows = await owner.execute(
        """
        select relname from pg_class
         where relnamespace = 'public'::regnamespace
           and (relkind = 'm'
                or (relkind = 'v' and not coalesce(reloptions @> array['security_invoker=on'], false)))
        """
    )

    assert await rows.fetchall() == []


async def test_the_apps_logins_own_nothing_and_cannot_rise(owner: AsyncConnection):
    rows = await owner.execute(
        """
        select rolname from pg_roles
         where rolname in ('trulybot_app', 'trulybot_worker')
           and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit
                or exists (select from pg_class where relowner = pg_roles.oid)
                or pg_has_role(rolname, 'service_role', 'member')
                or pg_has_role(rolname, 'trulybot_definer', 'member'))
        """
    )

    assert await rows.fetchall() == []


@pytest.mark.parametrize("role", ["service_role", "trulybot_definer", "trulybot_owner", "postgres", "worker"])
async def test_the_webs_login_cannot_become_another(database_url: str, role: str):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            await connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))


async def test_a_login_that_could_bypass_the_policies_is_refused(owner_url: str, superuser_url: str):
    for url in (owner_url, superuser_url):
        database = Database(url, size=1)
        with pytest.raises(UnsafeLogin):
            await database.open()
        await database.close()


class Acts:
    """What someone sees of another workspace's rows, table by table and verb by verb."""

    def __init__(self, connection: AsyncConnection, role: str, claims: dict[str, str]) -> None:
        self.connection, self.role, self.claims = connection, role, claims

    async def rows(self, verb: str, table: str, workspace_id: UUID) -> int:
        """How many rows of the workspace the verb touches; a verb that is not granted touches none."""
        name, key = sql.Identifier(table), sql.Identifier("id" if table == "workspaces" else "workspace_id")
        queries = {
            "select": sql.SQL("select from {} where {} = %s").format(name, key),
            "delete": sql.SQL("delete from {} where {} = %s").format(name, key),
            "update": sql.SQL("update {} set {} = {} where {} = %s").format(name, key, key, key),
            "insert": sql.SQL("insert into {} ({}) values (%s)").format(name, key),
        }
        try:
            await self.connection.execute(
                "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                (self.role, json.dumps(self.claims)),
            )
            return (await self.connection.execute(queries[verb], (workspace_id,))).rowcount
        except errors.InsufficientPrivilege:  # not granted, or refused by a policy's check
            return 0
        finally:
            await self.connection.rollback()


@pytest.fixture
async def web(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of the web's own login."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        yield connection


async def fill(person: Person, world: World) -> None:
    """Something in as many tables as the product itself can fill."""
    await person.knows("Our shop opens at nine in the morning on weekdays.", title="Opening hours")
    await world.work()
    visitor = await person.visitor()
    await visitor.asks("When do you open?")
    await person.post("/api/api-keys", {"name": "a program"})


async def test_a_member_finds_the_own_rows_and_none_of_another_workspace(
    world: World, web: AsyncConnection, owner: AsyncConnection
):
    alice, charlie = await world.alice(), await world.charlie()
    await fill(alice, world)
    mine = Acts(web, "authenticated", {"sub": str(alice.user_id)})
    strangers = {
        "a member elsewhere": {"sub": str(charlie.user_id)},
        "a member elsewhere who claims this workspace": {
            "sub": str(charlie.user_id),
            "workspace_id": str(alice.workspace_id),
        },
        "nobody": {},
        "someone unknown": {"sub": str(uuid4()), "workspace_id": str(alice.workspace_id)},
        "a key that does not exist": {"key_id": str(uuid4()), "workspace_id": str(alice.workspace_id)},
        "a visitor's claims in another role": {"visitor_id": str(uuid4()), "workspace_id": str(alice.workspace_id)},
    }

    seen = {table: await mine.rows("select", table, alice.workspace_id) for table in await tables(owner)}
    leaks = [
        (who, role, verb, table)
        for who, claims in strangers.items()
        for role in ("authenticated", "visitor")
        for table in seen
        for verb in VERBS
        if await Acts(web, role, claims).rows(verb, table, alice.workspace_id)
    ]

    assert leaks == []
    assert {table for table, count in seen.items() if count == 0} <= {"leads", "subscriptions"}


async def test_a_visitor_reads_the_own_conversation_and_no_other_visitors(world: World, web: AsyncConnection):
    alice = await world.alice()
    one, other = await alice.visitor(), await alice.visitor()
    await one.asks("Is anybody there?")
    claims = {"visitor_id": str(one.user_id), "workspace_id": str(alice.workspace_id)}
    others = {"visitor_id": str(other.user_id), "workspace_id": str(alice.workspace_id)}

    for table in ("conversations", "turns"):
        assert await Acts(web, "visitor", claims).rows("select", table, alice.workspace_id) == 1
        for verb in VERBS:
            assert await Acts(web, "visitor", others).rows(verb, table, alice.workspace_id) == 0


async def test_a_worker_enters_a_workspace_only_with_a_running_job_of_it(
    world: World, settings, owner: AsyncConnection
):
    alice = await world.alice()
    await fill(alice, world)

    async with await psycopg.AsyncConnection.connect(settings.database_url("trulybot_worker")) as connection:
        for job_id in ({}, {"job_id": "1"}, {"job_id": str(2**62)}):
            acts = Acts(connection, "worker", {"workspace_id": str(alice.workspace_id), **job_id})
            for table in await tables(owner):
                assert await acts.rows("select", table, alice.workspace_id) == 0


async def test_the_web_cannot_read_the_queue(database_url: str):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            await connection.execute("select * from queue.procrastinate_jobs")


async def test_claims_end_with_their_transaction(world: World, db: Database):
    alice = await world.alice()

    class Alice:
        workspace_id = alice.workspace_id
        database_role = "authenticated"

        def claims(self) -> dict[str, str]:
            return {"sub": str(alice.user_id)}

    async def fails() -> None:
        async with db.workspace(Alice()) as tx:
            assert await tx.value("select count(*) from workspaces") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()

    async with db.pool.connection() as connection:
        left = await (
            await connection.execute("select current_setting('request.jwt.claims', true), current_user")
        ).fetchone()
    assert left in ((None, "trulybot_app"), ("", "trulybot_app"))

"""The database: two ways to a transaction, and nothing outside one."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from psycopg import AsyncClientCursor, AsyncConnection, OperationalError
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from trulybot.kit.errors import NotFound, Unavailable
from trulybot.kit.metrics import TRANSACTION_SECONDS

POOL_SIZE = 8  # connections a process; PostgreSQL serves two cores well with few
PASSING = ("08", "40", "57")  # SQLSTATEs: the server went away, two of us collided, a statement took too long
WAIT_SECONDS = 5.0  # for a free connection, before the caller is asked to come back

# One simple query, so one round trip; its parameters are quoted by libpq.
_OPEN: LiteralString = (
    "begin; select set_config('role', %s, true), set_config('request.jwt.claims', %s, true), "
    "set_config('search_path', 'public, extensions', true)"  # a session could have been left with another
)

Params = Any
T = TypeVar("T")


@runtime_checkable
class Identity(Protocol):
    """Who acts, in which workspace. The policies in the database decide what that gives."""

    @property
    def workspace_id(self) -> UUID | None: ...
    @property
    def database_role(self) -> str: ...
    def claims(self) -> Mapping[str, str]: ...


class Sealer(Protocol):
    """Encrypts what the database keeps and must not be able to read; see `trulybot.kit.keyring`."""

    async def seal(self, text: str, *, purpose: str) -> bytes: ...
    async def open(self, sealed: bytes, *, purpose: str) -> str: ...


class UnsafeLogin(Exception):
    """The database login {login} {why}: row-level security would not hold. Use a login made by `trulybot migrate`."""

    def __init__(self, login: str, why: str) -> None:
        super().__init__((self.__doc__ or "").format(login=login, why=why))


@dataclass(frozen=True)
class Tx:
    """One open transaction. Parameters are named: `%(email)s`."""

    connection: AsyncConnection[Any]
    workspace_id: UUID | None
    keyring: Sealer | None = None

    async def one(self, model: type[T], query: LiteralString, /, **params: Params) -> T:
        """
        The one row that the query finds.

        Raises:
            NotFound: There is none, or row security hides it.
        """
        row = await self.maybe(model, query, **params)
        if row is None:
            raise NotFound
        return row

    async def maybe(self, model: type[T], query: LiteralString, /, **params: Params) -> T | None:
        async with self.connection.cursor(row_factory=class_row(model)) as cursor:
            await cursor.execute(query, params, prepare=_alone(query))
            return await cursor.fetchone()

    async def all(self, model: type[T], query: LiteralString, /, **params: Params) -> list[T]:
        async with self.connection.cursor(row_factory=class_row(model)) as cursor:
            await cursor.execute(query, params, prepare=_alone(query))
            return await cursor.fetchall()

    async def value(self, query: LiteralString, /, **params: Params) -> Any:
        """The first column of the first row, or None."""
        async with self.connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(query, params, prepare=_alone(query))
            return await cursor.fetchone()

    async def run(self, query: LiteralString, /, **params: Params) -> int:
        """Execute, and say how many rows it touched."""
        return (await self.connection.execute(query, params, prepare=_alone(query))).rowcount

    async def enqueue(self, task: str, *, queue: str = "default", lock: str | None = None, **ids: object) -> None:
        """Queue a job, of this workspace or else of the system; it exists only if this transaction commits."""
        of_workspace: LiteralString = "select private.enqueue(%(task)s, %(queue)s, %(lock)s, %(ids)s)"
        of_system: LiteralString = "select private.enqueue_system(%(task)s, %(queue)s, %(lock)s, %(ids)s)"
        await self.run(
            of_workspace if self.workspace_id else of_system,
            task=task,
            queue=queue,
            lock=lock,
            ids=Jsonb({name: str(value) for name, value in ids.items()}),
        )

    async def enqueue_later(self, task: str, seconds: int, *, queue: str = "default", **ids: object) -> None:
        """Queue a job of this workspace that does not begin before so many seconds have passed."""
        await self.run(
            "select private.enqueue_later(%(task)s, %(queue)s, %(ids)s, %(seconds)s)",
            task=task,
            queue=queue,
            seconds=seconds,
            ids=Jsonb({name: str(value) for name, value in ids.items()}),
        )

    async def publish(self, topic: str, *subjects: UUID) -> None:
        """Tell the workspace's open pages that something changed, once this commits."""
        about = {"workspace_id": str(self.workspace_id), "topic": topic}
        await self.run(
            "select pg_notify('trulybot', event) from unnest(%(events)s::text[]) event",
            events=[json.dumps({**about, "id": str(subject)}) for subject in subjects],
        )


def _alone(query: str) -> bool | None:
    """Have PostgreSQL take one statement and no more: with parameters it does so anyway, without only when prepared."""
    return None if "%(" in query else True


class Database:
    """A pool of connections, each transaction of which says at its start who is acting."""

    def __init__(self, url: str, *, size: int = POOL_SIZE) -> None:
        self.url = url
        self.keyring: Sealer | None = None  # where nothing is sealed, none is needed
        self.pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            timeout=WAIT_SECONDS,
            open=False,
            kwargs={"autocommit": True, "application_name": "trulybot"},
        )

    async def open(self) -> None:
        """
        Connect, and refuse a login that the policies could not hold.

        Raises:
            UnsafeLogin: It is a superuser, may bypass row security, or owns a table.
        """
        await self.pool.open(wait=True, timeout=30)
        await self._refuse_unsafe_login()

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def workspace(self, identity: Identity) -> AsyncIterator[Tx]:
        """A transaction in the identity's workspace, as its database role, with its claims."""
        claims = dict(identity.claims())
        if identity.workspace_id is not None:
            claims["workspace_id"] = str(identity.workspace_id)
        async with self._transaction(identity.database_role, claims) as connection:
            yield Tx(connection, identity.workspace_id, self.keyring)

    @asynccontextmanager
    async def system(self, reason: str) -> AsyncIterator[Tx]:
        """A transaction of the few acts that have no workspace yet. reason: names the act, for whoever reads."""
        async with self._transaction("trulybot_system", {"reason": reason}) as connection:
            yield Tx(connection, None, self.keyring)

    @asynccontextmanager
    async def chore(self, reason: str) -> AsyncIterator[Tx]:
        """A transaction of the login itself: it may call the functions that were granted to it by name, and no more."""
        async with self._transaction("none", {"reason": reason}) as connection:
            yield Tx(connection, None)

    @asynccontextmanager
    async def _transaction(self, role: str, claims: Mapping[str, str]) -> AsyncIterator[AsyncConnection[Any]]:
        began = time.perf_counter()
        try:
            connection = await self._begin(role, claims)
            try:
                yield connection
                await connection.commit()
            except BaseException:
                with suppress(OperationalError):  # what was wrong is worth more than that the connection is gone
                    await connection.rollback()
                raise
            finally:
                await self.pool.putconn(connection)
        except PoolTimeout as error:
            raise Unavailable from error
        except OperationalError as error:
            if error.sqlstate is None or error.sqlstate[:2] in PASSING:
                raise Unavailable from error
            raise
        finally:
            TRANSACTION_SECONDS.labels(role).observe(time.perf_counter() - began)

    async def _begin(self, role: str, claims: Mapping[str, str]) -> AsyncConnection[Any]:
        """A connection with an open transaction; one that died in the pool is replaced, at no cost to the others."""
        while True:
            connection = await self.pool.getconn()
            try:
                await AsyncClientCursor(connection).execute(_OPEN, (role, json.dumps(claims)))
            except BaseException as error:
                died = isinstance(error, OperationalError) and connection.closed
                with suppress(OperationalError):
                    await connection.rollback()
                await self.pool.putconn(connection)
                if not died:
                    raise
            else:
                return connection

    async def _refuse_unsafe_login(self) -> None:
        async with self.pool.connection() as connection:
            row = await (
                await connection.execute(
                    """
                    select current_user::text, rolsuper, rolbypassrls,
                           exists (select from pg_class where relowner = pg_roles.oid and relkind in ('r', 'p')),
                           exists (select from pg_roles strong
                                    where (strong.rolsuper or strong.rolbypassrls)
                                      and strong.rolname <> current_user
                                      and pg_has_role(current_user, strong.oid, 'member'))
                      from pg_roles
                     where rolname = current_user
                    """
                )
            ).fetchone()
        if row is None:
            raise UnsafeLogin("(unknown)", "does not exist")
        login, superuser, bypasses, owns, becomes = row
        if superuser:
            raise UnsafeLogin(login, "is a superuser")
        if bypasses:
            raise UnsafeLogin(login, "has BYPASSRLS")
        if owns:
            raise UnsafeLogin(login, "owns tables")
        if becomes:
            raise UnsafeLogin(login, "may become a role that bypasses it")

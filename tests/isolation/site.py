"""The database that is tried, and the ways into it: as the app's own logins, and as who was granted too much."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import uuid5

import psycopg
from psycopg import Connection, errors, sql

from tests.isolation.catalogue import TENANTS, Table, tables
from tests.isolation.tenants import (
    ACME,
    ACMES_JOB,
    ACMES_OTHER,
    BOTH,
    OTHER,
    OTHERS_JOB,
    REMOVED,
    SEED,
    WAITING_JOB,
    claims,
)

NOBODY = uuid5(SEED, "nobody")
HERE, THERE = ACME.workspace_id, OTHER.workspace_id


@dataclass(frozen=True)
class Who:
    """Somebody with a database role and claims. `web` and `worker` are the logins that may take that role."""

    name: str
    role: str | None
    claims: str
    login: str = "web"


def people(name: str, **given: object) -> list[Who]:
    return [Who(f"{name}, as {role}", role, claims(**given)) for role in ("member", "authenticated")]


OWNER = Who("a member", "member", claims(sub=ACME.user_id, workspace_id=HERE))
PROGRAM = Who("a key", "member", claims(key_id=ACME.key_id, workspace_id=HERE))
VISITOR = Who("a visitor", "visitor", claims(visitor_id=ACME.visitor_id, workspace_id=HERE))
JOB = Who("a job", "worker", claims(job_id=ACMES_JOB, workspace_id=HERE), "worker")
COLLEAGUE = Who("a colleague", "member", claims(sub=ACMES_OTHER.user_id, workspace_id=HERE))
OTHER_VISITOR = Who("another visitor", "visitor", claims(visitor_id=ACMES_OTHER.visitor_id, workspace_id=HERE))

# None of these has any business in the first workspace, whatever they say.
STRANGERS = [
    *people("a member elsewhere", sub=OTHER.user_id),
    *people("a member elsewhere who claims this workspace", sub=OTHER.user_id, workspace_id=HERE),
    *people("a member of both who opened the other", sub=BOTH, workspace_id=THERE),
    *people("a removed member", sub=REMOVED, workspace_id=HERE),
    *people("a removed member who names no workspace", sub=REMOVED),
    *people("nobody"),
    *people("nobody, with empty claims", sub="", workspace_id=HERE, key_id="", visitor_id="", job_id=""),
    *people("somebody unknown", sub=NOBODY, workspace_id=HERE),
    *people("a key that does not exist", key_id=NOBODY, workspace_id=HERE),
    *people("another workspace's key", key_id=OTHER.key_id, workspace_id=HERE),
    *people("a key that claims another workspace", key_id=ACME.key_id, workspace_id=THERE),
    *people("a key that claims no workspace", key_id=ACME.key_id),
    *people("a visitor's claims", visitor_id=ACME.visitor_id, workspace_id=HERE),
    *people("a job's claims", job_id=ACMES_JOB, workspace_id=HERE),
    Who("a visitor of another workspace", "visitor", claims(visitor_id=OTHER.visitor_id, workspace_id=THERE)),
    Who(
        "another workspace's visitor who claims this one",
        "visitor",
        claims(visitor_id=OTHER.visitor_id, workspace_id=HERE),
    ),
    Who("a visitor who claims another workspace", "visitor", claims(visitor_id=ACME.visitor_id, workspace_id=THERE)),
    Who("a visitor who was never admitted", "visitor", claims(visitor_id=NOBODY, workspace_id=HERE)),
    Who("a visitor with a member's claims", "visitor", claims(sub=ACME.user_id, workspace_id=HERE)),
    Who("a visitor with a key's claims", "visitor", claims(key_id=ACME.key_id, workspace_id=HERE)),
    Who("a visitor with a job's claims", "visitor", claims(job_id=ACMES_JOB, workspace_id=HERE)),
    Who("a visitor with no claims", "visitor", claims()),
    Who("a worker without a job", "worker", claims(workspace_id=HERE), "worker"),
    Who("a worker with another workspace's job", "worker", claims(job_id=OTHERS_JOB, workspace_id=HERE), "worker"),
    Who(
        "a worker with a job that claims another workspace",
        "worker",
        claims(job_id=ACMES_JOB, workspace_id=THERE),
        "worker",
    ),
    Who("a worker with a job that waits", "worker", claims(job_id=WAITING_JOB, workspace_id=HERE), "worker"),
    Who("a worker with a job that does not exist", "worker", claims(job_id=2**62, workspace_id=HERE), "worker"),
    Who("a worker with a member's claims", "worker", claims(sub=ACME.user_id, workspace_id=HERE), "worker"),
    Who("a worker with a key's claims", "worker", claims(key_id=ACME.key_id, workspace_id=HERE), "worker"),
    Who("a worker with a visitor's claims", "worker", claims(visitor_id=ACME.visitor_id, workspace_id=HERE), "worker"),
    Who("the system's role", "trulybot_system", claims(sub=ACME.user_id, workspace_id=HERE)),
    Who("the web's login itself", None, claims(sub=ACME.user_id, workspace_id=HERE)),
    Who("the worker's login itself", None, claims(job_id=ACMES_JOB, workspace_id=HERE), "worker"),
]


@dataclass
class Site:
    """only: the tables or functions to try, when not all."""

    superuser_url: str
    web_url: str
    worker_url: str
    only: frozenset[str] = frozenset()
    _open: dict[str, Connection[Any]] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[Table]:
        return tables(self.superuser, "public", "trulybot_auth")

    @cached_property
    def grants(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        """By role, table and verb: the columns that the role may do this to, inherited grants included."""
        rows = self.superuser.execute(
            """
            select r.rolname::text, n.nspname || '.' || c.relname, v.verb, array_agg(a.attname::text order by a.attnum)
              from pg_class c
              join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             cross join unnest(array['select', 'insert', 'update', 'delete']) v (verb)
              join pg_roles r on not r.rolsuper and r.rolname !~ '^pg_'
             where n.nspname = any (array['public', 'trulybot_auth', 'queue', 'private'])
               and c.relkind in ('r', 'p', 'v')
               and case when v.verb = 'delete' then has_table_privilege(r.oid, c.oid, 'delete')
                        else has_column_privilege(r.oid, c.oid, a.attnum, v.verb) end
             group by 1, 2, 3
            """
        ).fetchall()
        return {(role, table, verb): tuple(columns) for role, table, verb, columns in rows}

    @property
    def workspace_tables(self) -> list[Table]:
        return [
            table
            for table in self.tables
            if table.schema == "public" and table.workspace and (not self.only or table.name in self.only)
        ]

    @property
    def superuser(self) -> Connection[Any]:
        return self._connection("superuser", self.superuser_url)

    def login(self, who: Who) -> Connection[Any]:
        return self._connection(who.login, self.web_url if who.login == "web" else self.worker_url)

    def narrowed(self, *only: str) -> "Site":
        return replace(self, only=frozenset(only))

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _connection(self, name: str, url: str) -> Connection[Any]:
        if name not in self._open:
            self._open[name] = psycopg.connect(url)
        return self._open[name]

    @contextmanager
    def acting(self, who: Who) -> Iterator["Attempts"]:
        """As the app acts: its own login, with a role and claims for one transaction."""
        connection = self.login(who)
        try:
            yield Attempts(connection, who)
        finally:
            connection.rollback()

    @contextmanager
    def with_every_grant(self) -> Iterator[Connection[Any]]:
        """As if every tenant had been granted everything, so that the policies stand alone. Nothing of it is kept."""
        connection = self.superuser
        try:
            to = ", ".join(TENANTS)
            connection.execute(f"grant usage on schema public, trulybot_auth to {to}")  # type: ignore[arg-type]
            connection.execute(f"grant all on all tables in schema public, trulybot_auth to {to}")  # type: ignore[arg-type]
            yield connection
        finally:
            connection.rollback()


class Attempts:
    """What somebody tries, one statement at a time; each is undone."""

    def __init__(self, connection: Connection[Any], who: Who) -> None:
        self.connection, self.who = connection, who

    def rows(self, query: sql.Composable, values: Any = ()) -> int | str:
        """How many rows a statement touched; 'refused'; or the SQLSTATE of what else stopped it, past the policies."""
        cursor = self.connection
        with cursor.pipeline():
            cursor.execute("savepoint attempt")
            cursor.execute(
                "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                (self.who.role or "none", self.who.claims),
            )
        try:
            return cursor.execute(query, values).rowcount
        except errors.InsufficientPrivilege:
            return "refused"
        except psycopg.Error as error:
            return error.sqlstate or "lost"
        finally:
            cursor.execute("rollback to savepoint attempt")


def name_of(table: Table) -> sql.Identifier:
    return sql.Identifier(*table.name.split("."))

"""
Two workspaces with something in every table, made from the catalogue.

The rows do not have to make sense, only to belong to somebody: checks are dropped in this copy of the schema and
triggers sleep while it is filled, so that a table of tomorrow is filled as well.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from tests.isolation.catalogue import Column, Table, tables

SEED = UUID("01a20427-0000-7000-8000-000000000000")
SCHEMAS = ("public", "trulybot_auth")
LATER = datetime(2099, 1, 1, tzinfo=UTC)
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tenant:
    """A person with a workspace, and one row of theirs in every table. `who` tells the rows of two in one workspace."""

    workspace_id: UUID
    who: str

    def id(self, table: str) -> UUID:
        return uuid5(self.workspace_id, f"{table} of {self.who}")

    @property
    def user_id(self) -> UUID:
        return self.id("trulybot_auth.users")

    @property
    def visitor_id(self) -> UUID:
        return self.id("public.visitors")

    @property
    def key_id(self) -> UUID:
        return self.id("public.api_keys")

    @property
    def marker(self) -> str:
        """Stands in every text that is theirs."""
        return f"secret-{self.id('marker').hex}"

    @property
    def traces(self) -> tuple[str, ...]:
        """What shows that something of this workspace was told."""
        return (self.marker, str(self.workspace_id), str(self.user_id))


ACME = Tenant(uuid5(SEED, "Acme"), "Alice")
ACMES_OTHER = Tenant(ACME.workspace_id, "Bob")
OTHER = Tenant(uuid5(SEED, "Charlie's"), "Charlie")
# A member of both workspaces; and somebody who was a member of the first until yesterday.
BOTH = uuid5(SEED, "a member of both")
REMOVED = uuid5(SEED, "a removed member")
# Jobs of the first workspace and of the second that run, and one of each that waits.
ACMES_JOB, OTHERS_JOB, WAITING_JOB, OTHERS_WAITING_JOB = 1_000_001, 1_000_002, 1_000_003, 1_000_004


def plant(connection: Connection[Any]) -> None:
    """connection: a superuser's, in a database of its own that has been migrated."""
    found = tables(connection, *SCHEMAS)
    with connection.transaction():
        for name, constraint in connection.execute(
            """
            select conrelid::regclass::text, conname from pg_constraint
             where contype = 'c' and connamespace = any (array['public', 'trulybot_auth']::regnamespace[])
            """
        ).fetchall():
            drop = sql.SQL("alter table {} drop constraint {}")
            connection.execute(drop.format(sql.SQL(name), sql.Identifier(constraint)))
        connection.execute("set local session_replication_role = replica")
        for tenant in (ACME, ACMES_OTHER, OTHER):
            for table in found:
                values = row(table, tenant)
                connection.execute(insert(table, values), list(values.values()))
        for tenant in (ACME, OTHER):
            connection.execute(
                "insert into memberships (workspace_id, user_id, role) values (%s, %s, 'owner')",
                (tenant.workspace_id, BOTH),
            )
        for job_id, tenant, status in (
            (ACMES_JOB, ACME, "doing"),
            (OTHERS_JOB, OTHER, "doing"),
            (WAITING_JOB, ACME, "todo"),
            (OTHERS_WAITING_JOB, OTHER, "todo"),
        ):
            connection.execute(
                """
                insert into queue.procrastinate_jobs (id, queue_name, task_name, status, args)
                values (%s, 'default', 'test', %s::text::queue.procrastinate_job_status, %s)
                """,
                (job_id, status, Jsonb({"workspace_id": str(tenant.workspace_id), "secret": tenant.marker})),
            )


def insert(table: Table, values: dict[str, Any], *, ending: str = "on conflict do nothing") -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({}) {}").format(
        sql.Identifier(*table.name.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        sql.SQL(ending),  # type: ignore[arg-type]  # our own
    )


def row(table: Table, tenant: Tenant, *, fresh: str = "") -> dict[str, Any]:
    """The tenant's row of a table. fresh: says that it is another than the one that is there."""
    pointing = dict(_pointing(table, tenant))
    values = {column.name: pointing.get(column.name, _value(table, column, tenant)) for column in table.columns}
    if fresh:
        key = next((name for name in table.primary_key if name not in (*pointing, "workspace_id")), None)
        if key is not None and isinstance(values[key], UUID):
            values[key] = uuid5(values[key], fresh)
    return values


def _pointing(table: Table, tenant: Tenant) -> Iterator[tuple[str, Any]]:
    """The columns of foreign keys: to the tenant's own row of the other table."""
    for key in table.foreign_keys:
        for column, theirs in zip(key.columns, key.their_columns, strict=True):
            if column != "workspace_id":
                yield (
                    column,
                    tenant.workspace_id if key.table == "public.workspaces" else _id(key.table, theirs, tenant),
                )


def _id(table: str, column: str, tenant: Tenant) -> Any:
    return tenant.user_id if column == "user_id" else 1 if column == "counter" else tenant.id(table)


def _value(table: Table, column: Column, tenant: Tenant) -> Any:  # noqa: C901  (one line a type)
    name = column.name
    if column.allowed:
        return column.allowed[0]
    match column.type:
        case "uuid":
            return _uuid(table, name, tenant)
        case "uuid[]":
            return [tenant.user_id]
        case "text" | "character varying":
            return f"{tenant.marker}-{table.name}-{name}-{tenant.who}"
        case "text[]":
            return [f"{tenant.marker}-{name}"]
        case "real[]":
            return [0.5]
        case "bytea":
            return sha256(f"{table.name}.{name} of {tenant.id(table.name)}".encode()).digest()
        case "jsonb" | "json":
            return Jsonb({"secret": tenant.marker})
        case "extensions.halfvec":
            return "[1]"
        case "extensions.halfvec[]":
            return '{"[1]"}'
        case "boolean":
            return False
        case "date":
            return EARLIER.date()
        case "timestamp with time zone":
            return LATER if "expires" in name or "until" in name else EARLIER
        case "interval":
            return timedelta(days=1)
        case "inet" | "cidr":
            return "192.0.2.1"
        case _:  # a number
            return 1


def _uuid(table: Table, name: str, tenant: Tenant) -> UUID:
    if name == table.workspace:
        return tenant.workspace_id
    if table.name == "public.profiles" and name == "id":
        return tenant.user_id
    if name == "id":
        return tenant.id(table.name)
    if name == "key_id":
        return tenant.key_id
    if name == "user_id" or name.endswith("_by"):
        return tenant.user_id
    return tenant.id(f"{table.name}.{name}")


def claims(**given: object) -> str:
    return json.dumps({name: str(value) for name, value in given.items()})

"""What there is, as PostgreSQL's own catalogue tells it: a table that is made tomorrow is in here without an edit."""

import re
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

TENANTS = ("member", "authenticated", "visitor", "worker")
VERBS = ("select", "insert", "update", "delete")


@dataclass(frozen=True)
class Column:
    """type: its name without a modifier. allowed: the values that a check names, if one does."""

    name: str
    type: str
    not_null: bool
    has_default: bool
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    table: str
    their_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """name: with its schema."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def workspace(self) -> str | None:
        """The column that says whose a row is."""
        if self.name == "public.workspaces":
            return "id"
        return "workspace_id" if any(column.name == "workspace_id" for column in self.columns) else None


@dataclass(frozen=True)
class Routine:
    """arguments: name and type of each. returns: whether it gives anything that could tell."""

    oid: int
    name: str
    arguments: tuple[tuple[str, str], ...]
    is_trigger: bool
    roles: tuple[str, ...]


def tables(connection: Connection[Any], *schemas: str) -> list[Table]:
    with connection.cursor() as cursor:
        found = cursor.execute(
            """
            select c.oid::bigint, n.nspname || '.' || c.relname
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = any (%s) and c.relkind in ('r', 'p')
             order by 2
            """,
            (list(schemas),),
        ).fetchall()
    return [
        Table(name, _columns(connection, oid), _key(connection, oid), _foreign(connection, oid)) for oid, name in found
    ]


def routines(connection: Connection[Any], *schemas: str) -> list[Routine]:
    """Every function, with the roles that may execute it."""
    with connection.cursor(row_factory=class_row(_Routine)) as cursor:
        found = cursor.execute(
            """
            select p.oid::bigint as oid, n.nspname || '.' || p.proname as name,
                   coalesce(p.proargnames[1:p.pronargs], '{}') as names,
                   array(select format_type(t, null) from unnest(p.proargtypes::oid[]) with ordinality u(t, i)
                          order by i) as types,
                   p.prorettype = 'trigger'::regtype as is_trigger,
                   array(select r.rolname::text from pg_roles r
                          where not r.rolsuper and r.rolname !~ '^pg_'
                            and has_function_privilege(r.oid, p.oid, 'execute')) as roles
              from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = any (%s)
             order by p.oid
            """,
            (list(schemas),),
        ).fetchall()
    return [
        Routine(one.oid, one.name, tuple(zip(one.names, one.types, strict=False)), one.is_trigger, tuple(one.roles))
        for one in found
    ]


def _columns(connection: Connection[Any], table: int) -> tuple[Column, ...]:
    checks = [
        definition
        for (definition,) in connection.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::oid and contype = 'c'", (table,)
        )
    ]
    rows = connection.execute(
        """
        select a.attname, format_type(a.atttypid, null), a.attnotnull, a.atthasdef,
               array(select e.enumlabel::text from pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder)
          from pg_attribute a
         where a.attrelid = %s::oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         order by a.attnum
        """,
        (table,),
    )
    return tuple(
        Column(name, type, not_null, has_default, tuple(labels) or _named(name, checks))
        for name, type, not_null, has_default, labels in rows
    )


def _named(column: str, checks: list[str]) -> tuple[str, ...]:
    """The values of a check like `role = any (array['owner', …])`."""
    for check in checks:
        if re.search(rf"\(\(?\(?{column} = ANY \(\(?ARRAY\[", check):
            return tuple(re.findall(r"'([^']*)'::", check))
    return ()


def _key(connection: Connection[Any], table: int) -> tuple[str, ...]:
    row = connection.execute(
        """
        select array(select a.attname::text from unnest(k.conkey) with ordinality u(n, i)
                       join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by i)
          from pg_constraint k where k.conrelid = %s::oid and k.contype = 'p'
        """,
        (table,),
    ).fetchone()
    return tuple(row[0]) if row else ()


def _foreign(connection: Connection[Any], table: int) -> tuple[ForeignKey, ...]:
    rows = connection.execute(
        """
        select k.conname::text,
               array(select a.attname::text from unnest(k.conkey) with ordinality u(n, i)
                       join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by i),
               n.nspname || '.' || c.relname,
               array(select a.attname::text from unnest(k.confkey) with ordinality u(n, i)
                       join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by i)
          from pg_constraint k
          join pg_class c on c.oid = k.confrelid
          join pg_namespace n on n.oid = c.relnamespace
         where k.conrelid = %s::oid and k.contype = 'f'
         order by 1
        """,
        (table,),
    )
    return tuple(ForeignKey(name, tuple(ours), theirs, tuple(columns)) for name, ours, theirs, columns in rows)


@dataclass(frozen=True)
class _Routine:
    oid: int
    name: str
    names: list[str]
    types: list[str]
    is_trigger: bool
    roles: list[str]

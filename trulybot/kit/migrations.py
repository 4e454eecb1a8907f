"""Plain numbered SQL files, each applied once, in order, under an advisory lock."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files

import psycopg
from procrastinate.schema import SchemaManager, migrations_path
from psycopg import sql

LOCK = 0x7472756C79626F74  # "trulybot"
LOCK_TIMEOUT = "10s"  # for a table that the running version uses: better a failed upgrade than a stalled site

QUEUE_SCHEMA = "queue/schema.sql"
LEDGER = """
    create schema if not exists private;
    create schema if not exists queue;
    create table if not exists private.migrations (
        name text primary key,
        digest text not null,
        applied_at timestamptz not null default now()
    );
"""


class MigrationChanged(Exception):
    """Migration {name} was applied in another form than the one at hand. A released migration is never edited."""

    def __init__(self, name: str) -> None:
        super().__init__((self.__doc__ or "").format(name=name))


def bootstrap(admin_url: str, *, passwords: Mapping[str, str], owner: str | None = None) -> None:
    """
    Make the roles and extensions. admin_url: a login that may create both.

    passwords: of the logins, by name. owner: a login to make for the migrations, when it is not the admin's own.
    """
    with psycopg.connect(admin_url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute((files("trulybot.migrations") / "bootstrap.sql").read_bytes())
        if owner is not None:
            _make_owner(connection, owner)
        else:
            connection.execute("grant trulybot_definer to current_user")
        for login, password in passwords.items():
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(password))
            )


def migrate(owner_url: str) -> list[str]:
    """
    Apply what has not been applied, all of it or none, and name it.

    Raises:
        MigrationChanged: An applied file is no longer what it was.
    """
    applied = []
    with psycopg.connect(owner_url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        connection.execute(LEDGER)
        rows = connection.execute("select name, digest from private.migrations").fetchall()
        done: dict[str, str] = dict(rows)
        for name, text in _queue(done) + _ours():
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name not in done:
                # One simple query, as psql or a Supabase project would send it: nothing is split or rewritten.
                connection.execute(text.encode())
                connection.execute("insert into private.migrations (name, digest) values (%s, %s)", (name, digest))
                applied.append(name)
            elif done[name] != digest:
                raise MigrationChanged(name)
    return applied


def known() -> set[str]:
    """The names of the migrations that this version needs."""
    return {name for name, _text in _ours()}


def _ours() -> list[tuple[str, str]]:
    found = [file for file in files("trulybot.migrations").iterdir() if file.name[:4].isdigit()]
    return [(file.name, file.read_text("utf-8")) for file in sorted(found, key=lambda file: file.name)]


def _queue(done: Mapping[str, str]) -> list[tuple[str, str]]:
    """Procrastinate's own schema, kept in a schema of its own: whole at first, then by its upgrades."""
    path = "set local search_path = queue;\n"
    back = "\nset local search_path = public, extensions;"
    upgrades = sorted(migrations_path.glob("*.sql"))
    if QUEUE_SCHEMA not in done:
        # The whole schema includes them; the names are those of files in an installed package.
        names = ", ".join(f"('queue/{file.name}', '')" for file in upgrades)
        included = f"insert into private.migrations (name, digest) values {names};"  # noqa: S608
        return [(QUEUE_SCHEMA, path + SchemaManager.get_schema() + back + included)]
    return [
        (f"queue/{file.name}", path + file.read_text("utf-8") + back)
        for file in upgrades
        if f"queue/{file.name}" not in done
    ]


def _make_owner(connection: psycopg.Connection[tuple[object, ...]], owner: str) -> None:
    name = sql.Identifier(owner)
    if connection.execute("select from pg_roles where rolname = %s", (owner,)).fetchone() is None:
        connection.execute(sql.SQL("create role {} login").format(name))
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("grant trulybot_definer to {}").format(name))
    connection.execute(sql.SQL("grant create on database {} to {}").format(database, name))
    connection.execute(sql.SQL("alter schema public owner to {}").format(name))
    connection.execute(sql.SQL("alter role {} set search_path = public, extensions").format(name))

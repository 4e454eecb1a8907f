"""
`trulybot keys`: a new data key, and everything sealed anew with it, while the product runs.

Runs as the login that owns the tables. Each batch is a transaction of its own, so a rotation that was killed goes on
where it was: as long as two keys are in use, the next run continues with the newer one instead of making a third.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from trulybot.kit.ids import uuid7
from trulybot.kit.keyring import (
    ID_BYTES,
    KEY_BYTES,
    KNOWN_SECONDS,
    DataKey,
    KeyringLocked,
    Unsealable,
    Wrapping,
    key_of,
    open_sealed,
    seal,
)
from trulybot.operations.launch import StartError
from trulybot.settings import Settings

LOCK = 0x6B657973  # "keys"
BATCH = 500
# Until every process has looked for a newer key, and what it did with the older one has ended: a transaction of the
# worker may last a minute.
LEARNING_SECONDS = KNOWN_SECONDS + 60
KEPT_AFTER_RETIREMENT = timedelta(days=1)


@dataclass(frozen=True)
class SealedColumn:
    """A column that the key ring seals. purpose: as whoever seals it gives it, with the row's key in it."""

    schema: str
    table: str
    key: str
    column: str
    purpose: Callable[[Any], str]


SEALED: Final = (
    SealedColumn("trulybot_auth", "factors", "id", "seed", "totp seed {}".format),
    SealedColumn("trulybot_auth", "mails", "id", "sealed", "mail {}".format),
    SealedColumn("public", "bots", "workspace_id", "api_key", "model key {}".format),
    SealedColumn(
        "trulybot_auth", "provider_tokens", "code_hash", "sealed", lambda code: f"provider tokens {code.hex()}"
    ),
)


@dataclass(frozen=True)
class KeyRow:
    id: UUID
    wrapped: bytes
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True)
class KeyUse:
    """values: how many it seals now."""

    id: UUID
    created_at: datetime
    retired_at: datetime | None
    values: int


@dataclass(frozen=True)
class Rotated:
    """unreadable: values that no key opens; they stay as they are, and so does their key."""

    key_id: UUID
    resealed: int
    unreadable: int
    retired: int
    removed: int


class Rotation:
    """One run. wait: until every process knows the new key."""

    def __init__(self, settings: Settings, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._url = settings.given_database_url
        self._wrapping = Wrapping(settings.secret_key, settings.secret_key_previous)
        self._wait = wait

    def uses(self) -> list[KeyUse]:
        with self._connected() as connection:
            used = _uses(connection)
            return [KeyUse(row.id, row.created_at, row.retired_at, used.get(row.id, 0)) for row in _rows(connection)]

    def rotate(self) -> Rotated:
        """
        Put a new key in the place of all others.

        Raises:
            StartError: Another rotation is under way, or the keys do not open.
        """
        with self._connected() as connection:
            keys = self._begun(connection)
            newest = keys[-1]
            resealed, unreadable = _reseal(connection, keys)
            self._wait(LEARNING_SECONDS)
            late, unreadable = _reseal(connection, keys)
            used = _uses(connection)
            retired = removed = 0
            for key in keys[:-1]:
                retired += _retire(connection, key.id)
                if key.id not in used:
                    removed += _remove(connection, key.id)
            return Rotated(newest.id, resealed + late, unreadable, retired, removed)

    def rewrap(self) -> int:
        """
        Seal every data key under the present SECRET_KEY, and say how many there are.

        Raises:
            StartError: Another rotation is under way, or a key opens by neither SECRET_KEY.
        """
        with self._connected() as connection, connection.transaction():
            keys = self._open(_rows(connection))
            for key in keys:
                connection.execute(
                    "update trulybot_auth.data_keys set wrapped = %s where id = %s",
                    (self._wrapping.wrap(key.id, key.key), key.id),
                )
            return len(keys)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                [locked] = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() or (False,)
                if not locked:
                    raise StartError("another `trulybot keys` is at work")
                yield connection
        except psycopg.Error as error:
            raise StartError(f"cannot work with the database: {' '.join(str(error).split())}") from None

    def _begun(self, connection: psycopg.Connection[Any]) -> list[DataKey]:
        """Every key, the newest last: a new one, or that of a rotation that did not come to its end."""
        rows = _rows(connection)
        if sum(1 for row in rows if row.retired_at is None) < 2:
            id = uuid7()
            connection.execute(
                "insert into trulybot_auth.data_keys (id, wrapped) values (%s, %s)",
                (id, self._wrapping.wrap(id, os.urandom(KEY_BYTES))),
            )
            rows = _rows(connection)
        return self._open(rows)

    def _open(self, rows: list[KeyRow]) -> list[DataKey]:
        try:
            return [
                DataKey(row.id, self._wrapping.unwrap(row.id, row.wrapped), row.retired_at is not None) for row in rows
            ]
        except KeyringLocked as error:
            raise StartError(str(error)) from None


def _rows(connection: psycopg.Connection[Any]) -> list[KeyRow]:
    with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        return cursor.execute(
            "select id, wrapped, created_at, retired_at from trulybot_auth.data_keys order by created_at"
        ).fetchall()


def _uses(connection: psycopg.Connection[Any]) -> dict[UUID, int]:
    """How many values each key seals."""
    used: dict[UUID, int] = {}
    for column in SEALED:
        query = sql.SQL(
            "select substring({sealed} from 2 for {bytes}), count(*) from {table} where {sealed} is not null group by 1"
        ).format(sealed=sql.Identifier(column.column), bytes=ID_BYTES, table=_table(column))
        for id, count in connection.execute(query).fetchall():
            key = UUID(bytes=bytes(id)) if len(id) == ID_BYTES else UUID(int=0)
            used[key] = used.get(key, 0) + count
    return used


def _reseal(connection: psycopg.Connection[Any], keys: list[DataKey]) -> tuple[int, int]:
    """Seal with the newest key whatever another sealed; how many were, and how many could not be opened."""
    resealed = unreadable = 0
    for column in SEALED:
        after: Any = None
        while True:
            with connection.transaction():
                rows = _older(connection, column, keys[-1].id, after)
                for key, sealed in rows:
                    anew = _anew(keys, sealed, column.purpose(key))
                    if anew is None:
                        unreadable += 1
                    else:
                        resealed += 1
                        connection.execute(_change(column), {"anew": anew, "key": key})
            if len(rows) < BATCH:
                break
            after = rows[-1][0]
    return resealed, unreadable


def _older(
    connection: psycopg.Connection[Any], column: SealedColumn, newest: UUID, after: Any
) -> list[tuple[Any, bytes]]:
    """The next rows that another key sealed, held until the transaction ends."""
    query = sql.SQL(
        """
        select {key}, {sealed}
          from {table}
         where {sealed} is not null
           and substring({sealed} from 2 for {bytes}) <> %(newest)s
           and (%(begin)s or {key} > %(after)s)
         order by {key}
         limit {limit}
           for update
        """
    ).format(
        key=sql.Identifier(column.key),
        sealed=sql.Identifier(column.column),
        table=_table(column),
        bytes=ID_BYTES,
        limit=BATCH,
    )
    found = {"newest": newest.bytes, "begin": after is None, "after": after}
    return connection.execute(query, found).fetchall()


def _anew(keys: list[DataKey], sealed: bytes, purpose: str) -> bytes | None:
    try:
        id = key_of(sealed)
        text = next(open_sealed(key, sealed, purpose=purpose) for key in keys if key.id == id)
    except (Unsealable, StopIteration):
        return None
    return seal(keys[-1], text, purpose=purpose)


def _change(column: SealedColumn) -> sql.Composed:
    return sql.SQL("update {} set {} = %(anew)s where {} = %(key)s").format(
        _table(column), sql.Identifier(column.column), sql.Identifier(column.key)
    )


def _retire(connection: psycopg.Connection[Any], id: UUID) -> int:
    return connection.execute(
        "update trulybot_auth.data_keys set retired_at = now() where id = %s and retired_at is null", (id,)
    ).rowcount


def _remove(connection: psycopg.Connection[Any], id: UUID) -> int:
    """Not at once: should something of its time turn up after all, it opens."""
    return connection.execute(
        "delete from trulybot_auth.data_keys where id = %s and retired_at < now() - %s", (id, KEPT_AFTER_RETIREMENT)
    ).rowcount


def _table(column: SealedColumn) -> sql.Identifier:
    return sql.Identifier(column.schema, column.table)

"""
Secrets at rest: sealed with data keys, which are themselves sealed under a key that follows from SECRET_KEY.

A sealed value says which key it was sealed with, so a key can be replaced while values of the old one are still
around. Whoever has the database alone has neither; whoever changes it cannot put one sealed value in another's place,
since what a value is for, and whose, is part of its seal.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trulybot.kit.db import Database
from trulybot.kit.errors import Unavailable
from trulybot.kit.ids import uuid7
from trulybot.kit.keys import derive

FORMAT: Final = b"\x01"
ID_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
KEY_BYTES = 32  # AES-256
KNOWN_SECONDS = 30.0  # after that, whoever seals has it looked up whether there is a newer key


class Unsealable(Exception):
    """A sealed value cannot be opened: it was damaged, is another's, or its key is gone."""


class KeyringLocked(Exception):
    """The data keys cannot be read with this SECRET_KEY. Set SECRET_KEY_PREVIOUS to the one before."""


@dataclass(frozen=True)
class DataKey:
    id: UUID
    key: bytes = field(repr=False)
    is_retired: bool


@dataclass(frozen=True)
class _Wrapped:
    id: UUID
    wrapped: bytes
    is_retired: bool


class Wrapping:
    """Seals and opens the data keys. previous: the SECRET_KEY before this one, while keys under it are around."""

    def __init__(self, secret_key: str, previous: str | None = None) -> None:
        self._keys = [derive(key, "data keys") for key in (secret_key, previous) if key]

    def wrap(self, id: UUID, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._keys[0]).encrypt(nonce, key, b"trulybot data key" + id.bytes)

    def unwrap(self, id: UUID, wrapped: bytes) -> bytes:
        """
        The data key.

        Raises:
            KeyringLocked: It was sealed under another SECRET_KEY.
        """
        for key in self._keys:
            try:
                nonce = wrapped[:NONCE_BYTES]
                return AESGCM(key).decrypt(nonce, wrapped[NONCE_BYTES:], b"trulybot data key" + id.bytes)
            except (InvalidTag, ValueError):
                continue
        raise KeyringLocked(KeyringLocked.__doc__)


class Keyring:
    """Seals with the newest data key, opens with any. The keys are read when one is needed that is not known."""

    def __init__(self, db: Database, secret_key: str, *, previous: str | None = None) -> None:
        self._db = db
        self._wrapping = Wrapping(secret_key, previous)
        self._keys: Mapping[UUID, DataKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def seal(self, text: str, *, purpose: str) -> bytes:
        """
        The text so that only this ring opens it, and only for the same purpose.

        purpose: what it is and whose: "totp seed {id}". Stands in the registry of sealed columns.
        """
        if not self._keys:
            await self._read()
        elif time.monotonic() - self._read_at > KNOWN_SECONDS and (self._renewing is None or self._renewing.done()):
            # Beside the caller, whose transaction may hold the last free connection. The key known now is as good.
            self._renewing = asyncio.create_task(self._renew())
        newest = [key for key in self._keys.values() if not key.is_retired][-1]
        return seal(newest, text, purpose=purpose)

    async def open(self, sealed: bytes, *, purpose: str) -> str:
        """
        What was sealed.

        Raises:
            Unsealable: It was damaged, was sealed for another purpose, or its key is gone.
        """
        id = key_of(sealed)
        if id not in self._keys:
            await self._read()
        if id not in self._keys:
            raise Unsealable(Unsealable.__doc__)
        return open_sealed(self._keys[id], sealed, purpose=purpose)

    async def _renew(self) -> None:
        with contextlib.suppress(Unavailable):
            await self._read()

    async def _read(self) -> None:
        """Learn every key, and make the first. One asks for all who wait, so that a burst takes one connection."""
        asked_at = time.monotonic()
        async with self._reading:
            if self._read_at > asked_at:
                return
            began = time.monotonic()
            found = await self._found()
            if not any(not key.is_retired for key in found):
                await self._begin()
                found = await self._found()
            self._keys = {key.id: key for key in found}
            self._read_at = began

    async def _found(self) -> list[DataKey]:
        async with self._db.chore("read the data keys") as tx:
            rows = await tx.all(_Wrapped, "select id, wrapped, is_retired from private.data_keys()")
        return [DataKey(row.id, self._wrapping.unwrap(row.id, row.wrapped), row.is_retired) for row in rows]

    async def _begin(self) -> None:
        id = uuid7()
        wrapped = self._wrapping.wrap(id, os.urandom(KEY_BYTES))
        async with self._db.chore("make the first data key") as tx:
            await tx.run("select private.add_first_data_key(%(id)s, %(wrapped)s)", id=id, wrapped=wrapped)


def seal(key: DataKey, text: str, *, purpose: str) -> bytes:
    """Format, key id, nonce, AES-256-GCM of the text with format, key id and purpose as associated data."""
    head, nonce = FORMAT + key.id.bytes, os.urandom(NONCE_BYTES)
    return head + nonce + AESGCM(key.key).encrypt(nonce, text.encode(), head + purpose.encode())


def open_sealed(key: DataKey, sealed: bytes, *, purpose: str) -> str:
    """
    What was sealed with this key.

    Raises:
        Unsealable: Not this, or not for this purpose.
    """
    head, rest = sealed[: 1 + ID_BYTES], sealed[1 + ID_BYTES :]
    try:
        return AESGCM(key.key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + purpose.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Unsealable(Unsealable.__doc__) from error


def key_of(sealed: bytes) -> UUID:
    """
    Which key a value was sealed with.

    Raises:
        Unsealable: This is no sealed value.
    """
    if len(sealed) < 1 + ID_BYTES + NONCE_BYTES + TAG_BYTES or sealed[:1] != FORMAT:
        raise Unsealable(Unsealable.__doc__)
    return UUID(bytes=bytes(sealed[1 : 1 + ID_BYTES]))

"""
Whether the audit logs are whole: every hash recomputed, every link followed, every end compared.

Read by the login that owns the tables, which sees every workspace; the app's own login cannot.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

BATCH = 10_000  # rows in memory at once, some 5 MB
BEGINNING = bytes(32)


@dataclass(frozen=True)
class Link:
    """One row of a workspace's chain."""

    workspace_id: UUID
    seq: int
    id: UUID
    at: datetime
    actor_kind: str
    actor_id: str | None
    action: str
    subject: str | None
    details: dict[str, Any]
    address: str | None
    request_id: str | None
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Head:
    """The end of a chain: its last number, and that row's hash."""

    workspace_id: UUID
    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.seq} {self.hash.hex()}"


@dataclass(frozen=True)
class Broken:
    """The first place where a chain does not hold."""

    workspace_id: UUID
    seq: int
    why: str

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.seq}: {self.why}"


def canonical(link: Link) -> bytes:
    """
    What is hashed: a JSON array in UTF-8, as PostgreSQL's jsonb writes it.

    An object's keys are ordered by their length in bytes, then by their bytes.
    """
    keys = sorted(link.details, key=lambda key: (len(key.encode()), key.encode()))
    return json.dumps(
        [
            link.previous_hash.hex(),
            str(link.workspace_id),
            link.seq,
            str(link.id),
            f"{link.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            link.actor_kind,
            link.actor_id,
            link.action,
            link.subject,
            {key: link.details[key] for key in keys},
            link.address,
            link.request_id,
        ],
        ensure_ascii=False,
    ).encode()


def verify(
    owner_url: str, *, workspace_id: UUID | None = None, noted: Mapping[tuple[UUID, int], bytes] | None = None
) -> Iterator[Head | Broken]:
    """
    Each workspace's end where its chain holds, or the first place where it does not.

    noted: hashes by workspace and number, as printed by an earlier run and kept elsewhere: a chain that was rewritten
    as a whole, its end included, holds in itself and not to these.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        rows = connection.execute(
            """
            select workspace_id from public.audit_heads where %(one)s::uuid is null or workspace_id = %(one)s
            union
            select workspace_id from public.audit_log where %(one)s::uuid is null or workspace_id = %(one)s
            order by 1
            """,
            {"one": workspace_id},
        ).fetchall()
        there = [found for (found,) in rows]
        expected = noted or {}
        for one in there:
            marks = {seq: hash for (workspace, seq), hash in expected.items() if workspace == one}
            yield _verified(connection, one, marks)
        for workspace, seq in sorted(expected.keys()):
            if workspace not in there and workspace_id in (None, workspace):
                yield Broken(workspace, seq, "was noted, and the workspace has no log; it is right if it was deleted")


def read_heads(text: str) -> dict[tuple[UUID, int], bytes]:
    """
    What an earlier run printed.

    Raises:
        ValueError: A line is not one of ours.
    """
    found = {}
    for line in text.splitlines():
        if line.strip():
            workspace, seq, hash = line.split()
            found[UUID(workspace), int(seq)] = bytes.fromhex(hash)
    return found


def _verified(connection: psycopg.Connection[Any], workspace_id: UUID, marks: Mapping[int, bytes]) -> Head | Broken:
    seq, hash = 0, BEGINNING
    for link in _links(connection, workspace_id):
        found = _fault(link, seq, hash, marks)
        if found:
            return Broken(workspace_id, seq + 1, found)
        seq, hash = link.seq, link.hash
    head = _head(connection, workspace_id)
    if head is None or head.seq < seq:
        return Broken(workspace_id, seq, "the end that was kept comes before this row")
    if head.seq > seq:
        return Broken(workspace_id, seq + 1, f"rows {seq + 1} to {head.seq} are missing at the end")
    if head.hash != hash:
        return Broken(workspace_id, seq, "the end that was kept has another hash than this row")
    late = [mark for mark in marks if mark > seq]
    if late:
        return Broken(workspace_id, seq + 1, f"row {max(late)} was noted earlier, and the log ends before it")
    return head


def _fault(link: Link, seq: int, previous: bytes, marks: Mapping[int, bytes]) -> str | None:
    if link.seq != seq + 1:
        return f"the next row is number {link.seq}"
    if link.previous_hash != previous:
        return "does not follow from the row before it"
    if hashlib.sha256(canonical(link)).digest() != link.hash:
        return "what it says does not have its hash"
    if marks.get(link.seq, link.hash) != link.hash:
        return "has another hash than was noted earlier: the log was rewritten from here or before"
    return None


def _links(connection: psycopg.Connection[Any], workspace_id: UUID) -> Iterator[Link]:
    after: tuple[int, UUID] | None = None
    with connection.cursor(row_factory=class_row(Link)) as cursor:
        while True:
            # By number and id, so that a second row of one number is met as well.
            rows = cursor.execute(
                """
                select workspace_id, seq, id, at, actor_kind, actor_id, action, subject, details, address, request_id,
                       previous_hash, hash
                  from public.audit_log
                 where workspace_id = %(workspace_id)s
                   and (%(seq)s::bigint is null or (seq, id) > (%(seq)s, %(id)s::uuid))
                 order by seq, id
                 limit %(limit)s
                """,
                {
                    "workspace_id": workspace_id,
                    "seq": after[0] if after else None,
                    "id": after[1] if after else None,
                    "limit": BATCH,
                },
            ).fetchall()
            yield from rows
            if len(rows) < BATCH:
                return
            after = (rows[-1].seq, rows[-1].id)


def _head(connection: psycopg.Connection[Any], workspace_id: UUID) -> Head | None:
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute(
            "select workspace_id, seq, hash from public.audit_heads where workspace_id = %s", (workspace_id,)
        ).fetchone()

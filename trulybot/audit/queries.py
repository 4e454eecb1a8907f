"""The audit log's SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from trulybot.audit.actions import Action
from trulybot.audit.models import ActorKind, Entry, Filter
from trulybot.kit.db import Tx

_FOUND: LiteralString = """
    select seq, id, at, actor_kind, actor_id, action, subject, details, address, request_id,
           encode(previous_hash, 'hex') as previous_hash, encode(hash, 'hex') as hash
      from audit_log
     where workspace_id = %(workspace_id)s
       and (%(action)s::text is null or action = %(action)s)
       and (%(actor)s::text is null or actor_id = %(actor)s)
       and (%(since)s::timestamptz is null or at >= %(since)s)
       and (%(until)s::timestamptz is null or at < %(until)s)
"""


async def newest(tx: Tx, which: Filter, *, before: int | None, limit: int) -> list[Entry]:
    """From new to old. before: the number of an act."""
    query: LiteralString = _FOUND + "and (%(before)s::bigint is null or seq < %(before)s) order by seq desc limit %(n)s"
    return await _entries(tx, query, which, before=before, n=limit)


async def oldest(tx: Tx, which: Filter, *, after: int, limit: int) -> list[Entry]:
    """From old to new. after: the number of an act, or 0."""
    return await _entries(tx, _FOUND + "and seq > %(after)s order by seq limit %(n)s", which, after=after, n=limit)


async def _entries(tx: Tx, query: LiteralString, which: Filter, **more: int | None) -> list[Entry]:
    rows = await tx.all(
        _Row,
        query,
        workspace_id=tx.workspace_id,
        action=which.action,
        actor=which.actor,
        since=which.since,
        until=which.until,
        **more,
    )
    return [Entry(**vars(row), text=Action.told(row.action, row.details)) for row in rows]


@dataclass(frozen=True)
class _Row:
    seq: int
    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    action: str
    subject: str | None
    details: dict[str, Any]
    address: str | None
    request_id: str | None
    previous_hash: str
    hash: str

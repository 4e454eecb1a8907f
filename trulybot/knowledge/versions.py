"""
Write down each act that changes what a workspace knows, and tell what was done.

An act is one entry, however much it changed: an upload of five hundred documents is one. What follows from it, the
indexing and embedding, makes no entries of its own, although each of its steps raises the version too, so that nothing
kept for an older version can answer.
"""

from typing import Any

from psycopg.types.json import Jsonb

from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.knowledge.models import Kind, Row, Version


async def record(tx: Tx, kind: Kind, *, count: int = 1, **details: Any) -> int:
    """
    Write an act down, and answer with the version that it made.

    The database names whoever acts, by the transaction's claims. Call it once, after the changes and before the audit
    log: the workspace's knowledge is locked from here until the transaction ends. Documents that the transaction
    brought or replaced become part of this version.

    details: ids and numbers; they outlive what was deleted, so nothing that people wrote.
    """
    return int(
        await tx.value(
            "select private.record_version(%(kind)s, %(count)s, %(details)s)",
            kind=kind.value,
            count=count,
            details=Jsonb(details),
        )
    )


async def current(tx: Tx) -> int:
    """The version of the knowledge, which every step of indexing raises too."""
    return int(
        await tx.value(
            "select version from knowledge where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id
        )
    )


async def page(tx: Tx, *, before: int | None, limit: int) -> list[Version]:
    """From new to old. before: a version."""
    rows = await tx.all(
        Row,
        """
        select version, kind, count, failed, actor_kind, actor_id, details, created_at
          from knowledge_versions
         where workspace_id = %(workspace_id)s
           and (%(before)s::bigint is null or version < %(before)s)
         order by version desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        before=before,
        limit=limit,
    )
    return [row.told() for row in rows]


async def get(tx: Tx, version: int) -> Version:
    """
    The act that made a version.

    Raises:
        NotFound: No act made it.
    """
    row = await tx.maybe(
        Row,
        """
        select version, kind, count, failed, actor_kind, actor_id, details, created_at
          from knowledge_versions
         where workspace_id = %(workspace_id)s
           and version = %(version)s
        """,
        workspace_id=tx.workspace_id,
        version=version,
    )
    if row is None:
        raise NotFound
    return row.told()

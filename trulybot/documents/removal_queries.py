"""The SQL of taking documents out for good."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from trulybot.documents import passage_queries
from trulybot.kit.db import Tx


async def lock(tx: Tx, document_ids: Sequence[UUID]) -> None:
    """Lock them all before anything else, so that nobody waits in a ring, and no answer keeps a text of them."""
    await tx.run(
        """
        select from documents
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
         order by id
           for update
        """,
        workspace_id=tx.workspace_id,
        ids=list(document_ids),
    )


async def remove(tx: Tx, document_ids: Sequence[UUID]) -> dict[UUID, int]:
    """
    Delete documents with their passages and earlier contents. Answers with the version of the knowledge that brought
    each that there was.
    """
    now = await tx.all(
        _Removed,
        """
        delete from documents
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
        returning id, added_version, passages, terms
        """,
        workspace_id=tx.workspace_id,
        ids=list(document_ids),
    )
    before = await tx.all(
        _Kept,
        """
        delete from document_versions
         where workspace_id = %(workspace_id)s
           and document = any (%(ids)s)
        returning document as id, added_version
        """,
        workspace_id=tx.workspace_id,
        ids=list(document_ids),
    )
    if now:
        await passage_queries.count(
            tx, passages=-sum(row.passages for row in now), terms=-sum(row.terms for row in now)
        )
    brought = defaultdict[UUID, list[int]](list)
    for row in [*before, *now]:
        brought[row.id] += [row.added_version] if row.added_version is not None else []
    return {id: min(known, default=0) for id, known in brought.items()}


@dataclass(frozen=True)
class _Kept:
    id: UUID
    added_version: int | None


@dataclass(frozen=True)
class _Removed(_Kept):
    passages: int
    terms: int


async def unneeded_files(tx: Tx, file_keys: Sequence[str]) -> list[str]:
    """Those that no document has, nor had in a version that may come back."""
    return [
        row.key
        for row in await tx.all(
            _Key,
            """
            select key
              from unnest(%(keys)s::text[]) key
            except
            (select file_key from documents where workspace_id = %(workspace_id)s and file_key = any (%(keys)s)
              union all
             select file_key from document_versions where workspace_id = %(workspace_id)s and file_key = any (%(keys)s))
            """,
            workspace_id=tx.workspace_id,
            keys=list(file_keys),
        )
    ]


@dataclass(frozen=True)
class _Key:
    key: str

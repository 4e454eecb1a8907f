"""
Bring documents and curated answers back to how they stood at an earlier version of the knowledge.

What was replaced since is put back, what was taken out is brought back, what came since is taken out. Restored texts go
through the ordinary pipeline, and what they replace goes on answering until they are read. A restoration is an act like
any other, so it can itself be undone. What somebody deleted for good does not come back, and what the publish gate
holds is left alone: it has never answered.
"""

from dataclasses import dataclass
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.documents import passage_queries
from trulybot.history import answers
from trulybot.history.models import AnswerChange, Change, NothingToRestore, Restoration, Step
from trulybot.kit.db import Tx
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind

SHOWN = 200  # documents and answers named in a preview; of more, the numbers tell


async def preview(tx: Tx, version: int) -> Restoration:
    """
    What a restoration would do now.

    Raises:
        NotFound: No act made this version.
    """
    await versions.get(tx, version)
    planned, of_answers = await _plan(tx, version), await answers.plan(tx, version)
    return _told(version, planned, of_answers, await _deleted_since(tx, version))


async def restore(tx: Tx, version: int, *, by: Who) -> Restoration:
    """
    Do it.

    Raises:
        NotFound: No act made this version.
        NothingToRestore: Everything stands as it did, or cannot come back.
        AnswersFull: More curated answers would come back than the workspace may have.
    """
    await versions.get(tx, version)
    plan, of_answers = await _plan(tx, version), await answers.plan(tx, version)
    told = _told(version, plan, of_answers, await _deleted_since(tx, version))
    if not told.concerned:
        raise NothingToRestore
    # Before anything comes back, what holds its name or its content must be out.
    await _take_out(tx, [row.document for row in plan if row.step == "taken_out"])
    await _put_back(tx, [row.kept for row in plan if row.step == "put_back"])
    await _bring_back(tx, [row.kept for row in plan if row.step == "brought_back"])
    await answers.restore(tx, of_answers)
    await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{tx.workspace_id}")
    await versions.record(tx, Kind.RESTORED, count=told.concerned, to=version)
    await audit.record(tx, Action.KNOWLEDGE_RESTORED, by=by, version=version, count=told.concerned)
    return told


def _told(version: int, plan: "list[_Planned]", of_answers: list[answers.Planned], deleted: int) -> Restoration:
    steps = [row.step for row in plan] + [row.step for row in of_answers]
    return Restoration(
        version=version,
        put_back=steps.count("put_back"),
        brought_back=steps.count("brought_back"),
        taken_out=steps.count("taken_out"),
        stays=steps.count("stays"),
        deleted=deleted,
        documents=[Change(row.document, row.title, row.step) for row in plan[:SHOWN]],
        answers=[AnswerChange(row.answer, row.title, row.step) for row in of_answers[:SHOWN]],
    )


@dataclass(frozen=True)
class _Planned:
    """kept: the earlier content, where there is one."""

    document: UUID
    kept: UUID | None
    title: str
    step: Step


async def _plan(tx: Tx, version: int) -> list[_Planned]:
    """Every document that stands otherwise than it did at that version."""
    return await tx.all(
        _Planned,
        """
        with earlier as (
            select distinct on (v.document) v.id, v.document, v.title, v.content_hash
              from document_versions v
             where v.workspace_id = %(workspace_id)s
               and v.from_version <= %(version)s
               and v.until_version > %(version)s
             order by v.document, v.from_version desc
        ), later as (
            select d.id, d.title, d.content_hash, d.status, d.added_version
              from documents d
             where d.workspace_id = %(workspace_id)s
               and d.content_version > %(version)s
               and not d.held
        )
        select coalesce(l.id, e.document) as document, e.id as kept, coalesce(e.title, l.title) as title,
               case when l.id is null then 'brought_back'
                    when e.id is not null then 'put_back'
                    when l.added_version > %(version)s then 'taken_out'
                    else 'stays' end as step
          from later l
          full join earlier e on e.document = l.id
         where l.content_hash is distinct from e.content_hash
            or l.status = 'failed'
         order by title, document
        """,
        workspace_id=tx.workspace_id,
        version=version,
    )


async def _deleted_since(tx: Tx, version: int) -> int:
    return int(
        await tx.value(
            """
            select coalesce(sum(count), 0)
              from knowledge_versions
             where workspace_id = %(workspace_id)s
               and version > %(version)s
               and kind = %(kind)s
               and (details ->> 'added')::bigint <= %(version)s
            """,
            workspace_id=tx.workspace_id,
            version=version,
            kind=Kind.DOCUMENTS_DELETED.value,
        )
    )


async def _take_out(tx: Tx, ids: list[UUID]) -> None:
    taken = await tx.all(_Taken, "select id, passages, terms from private.take_out(%(ids)s)", ids=ids)
    if taken:
        passages, terms = sum(row.passages for row in taken), sum(row.terms for row in taken)
        await passage_queries.count(tx, passages=-passages, terms=-terms)


@dataclass(frozen=True)
class _Taken:
    id: UUID
    passages: int
    terms: int


async def _put_back(tx: Tx, kept: list[UUID | None]) -> None:
    """The trigger keeps what they hold now; their passages stay until the earlier content is read."""
    await tx.run(
        """
        update documents d
           set title = v.title, url = v.url, language = v.language, source = v.source, content = v.content,
               content_hash = v.content_hash, file_key = v.file_key, media_type = v.media_type, bytes = v.bytes,
               status = 'queued', error_code = null, error_message = null, indexed = false, attempts = 0,
               retry_at = null, updated_at = now()
          from document_versions v
         where d.workspace_id = %(workspace_id)s
           and v.workspace_id = d.workspace_id
           and v.document = d.id
           and v.id = any (%(kept)s)
        """,
        workspace_id=tx.workspace_id,
        kept=kept,
    )


async def _bring_back(tx: Tx, kept: list[UUID | None]) -> None:
    """Under their old ids, so that what once cited them leads to them again."""
    await tx.run(
        """
        insert into documents
               (id, external_id, title, url, language, source, content, content_hash, file_key, media_type, bytes,
                created_by, created_at)
        select v.document, v.external_id, v.title, v.url, v.language, v.source, v.content, v.content_hash, v.file_key,
               v.media_type, v.bytes, v.created_by, v.created_at
          from document_versions v
         where v.workspace_id = %(workspace_id)s
           and v.id = any (%(kept)s)
            on conflict do nothing
        """,
        workspace_id=tx.workspace_id,
        kept=kept,
    )

"""
The deletion receipt: a job looks whether anything is left of what was deleted, and asks the old questions again.

The receipt holds ids and numbers. Its digest stands in the audit log, whose entries are sealed by one another, so a
receipt that was changed afterwards shows.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.answers.answering import Answering
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.documents import removal_queries
from trulybot.documents.files import Files
from trulybot.history import leftovers, replaying
from trulybot.kit.db import Database, Tx
from trulybot.kit.openapi import example
from trulybot.kit.security import SecurityEvent, note
from trulybot.llm.embeddings import Embedder
from trulybot.workspaces.identity import JobOwner

QUESTIONS = 10  # asked again, the newest first: quoted without a model, so they cost a tenth of a second each


@dataclass(frozen=True)
class QuestionAgain:
    """
    A past question whose answer used what was deleted. uses_deleted: whether it still does, which it must not.

    question: null when its conversation is gone. answer: now; null when what it said was deleted in its turn.
    """

    message_id: UUID
    question: str | None
    answer: str | None
    answered: bool
    source: str
    uses_deleted: bool


_SIGNED = {
    "id": "019a6e0c-9e01-7c12-8d03-2f7c4d6e0a10",
    "documents": ["019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04"],
    "passages": 12,
    "files": 1,
    "deleted_at": "2026-11-22T09:00:00+00:00",
    "places_looked_into": 61,
    "tables_not_read": ["api_keys"],
    "kept_on_purpose": {"audit_log": "who deleted what and when, by ids"},
    "left": [],
    "questions": [],
}


@example(
    {
        "id": "019a6e0c-9e01-7c12-8d03-2f7c4d6e0a10",
        "state": "clean",
        "documents": ["019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04"],
        "left": [],
        "questions": [
            {
                "message_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
                "question": "How long do I have to return something?",
                "answer": "I don’t know that.",
                "answered": False,
                "source": "none",
                "uses_deleted": False,
            }
        ],
        "receipt": _SIGNED,
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "is_intact": True,
        "created_at": "2026-11-22T09:00:00Z",
        "proved_at": "2026-11-22T09:00:02Z",
    }
)
@dataclass(frozen=True)
class Receipt:
    """
    The proof of a deletion. state: pending until it was looked for; left when something was found.

    left: the places where. receipt: what was found, as it was signed. digest: the SHA-256 of its canonical JSON (keys
    in order, no spaces, UTF-8), which the audit log repeats. is_intact: whether both still agree.
    """

    id: UUID
    state: Literal["pending", "clean", "left"]
    documents: list[UUID]
    left: list[str]
    questions: list[QuestionAgain]
    receipt: dict[str, Any] | None
    digest: str | None
    is_intact: bool | None
    created_at: datetime
    proved_at: datetime | None


async def prove(db: Database, files: Files, embedder: Embedder, job: JobOwner, receipt_id: UUID) -> None:
    """Finish a deletion, look whether it is complete, and write the receipt. Running twice changes nothing."""
    async with db.workspace(job) as tx:
        deleted = await tx.maybe(_Deleted, _DELETED, workspace_id=tx.workspace_id, id=receipt_id)
        if deleted is None:
            return
        await leftovers.forget_golden(tx, deleted.documents)
        await _forget_answers(tx, deleted.documents)
        unneeded = await removal_queries.unneeded_files(tx, deleted.file_keys)
    await _blank_citations(db, job, deleted.documents)
    for key in unneeded:
        await asyncio.to_thread(files.forget, key)

    found = await _look(db, files, job, deleted)
    said = await _ask_again(db, embedder, job, deleted.passages)
    receipt = _receipt(deleted, found, said)
    digest = digest_of(receipt)
    async with db.workspace(job) as tx:
        await tx.run(
            """
            update deletion_receipts
               set state = %(state)s, receipt = %(receipt)s, digest = %(digest)s, said = %(said)s, proved_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(id)s
            """,
            workspace_id=tx.workspace_id,
            id=receipt_id,
            state="left" if found.left else "clean",
            receipt=Jsonb(receipt),
            digest=digest,
            said=Jsonb({str(turn_id): answer.answer for turn_id, answer in said}),
        )
        await audit.record(tx, Action.DELETION_PROVED, by=None, subject=receipt_id, digest=digest, left=len(found.left))
    if found.left:
        note(SecurityEvent.DELETION_INCOMPLETE, workspace_id=job.workspace_id, receipt=receipt_id, place=found.left[0])


def digest_of(receipt: dict[str, Any]) -> str:
    """SHA-256 of its canonical JSON: keys in order, no spaces, UTF-8."""
    canonical = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Receipt]:
    """From new to old."""
    rows = await tx.all(
        _Row,
        _ROWS
        + """
           and (%(at)s::timestamptz is null or (r.created_at, r.id) < (%(at)s, %(id)s::uuid))
         order by r.created_at desc, r.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )
    return [row.told() for row in rows]


async def get(tx: Tx, receipt_id: UUID) -> Receipt:
    """
    A receipt, checked against its digest.

    Raises:
        NotFound: There is none with this id.
    """
    row = await tx.one(_Row, _ROWS + " and r.id = %(id)s", workspace_id=tx.workspace_id, id=receipt_id)
    return row.told()


async def _blank_citations(db: Database, job: JobOwner, gone: Sequence[UUID]) -> None:
    """In portions, each in its own time: a workspace may have answered a million questions."""
    after: UUID | None = UUID(int=0)
    while after is not None:
        async with db.workspace(job) as tx:
            after = await leftovers.blank_citations(tx, gone, after=after)


async def _look(db: Database, files: Files, job: JobOwner, deleted: "_Deleted") -> leftovers.Looked:
    names = [str(id) for id in deleted.documents]
    async with db.workspace(job) as tx:
        found = await leftovers.in_tables(tx, deleted.documents, deleted.passages)
    async with db.chore("jobs that name what was deleted") as tx:
        in_queue = await leftovers.in_queue(tx, names, but=job.job_id)
    keys = [key.rpartition("/")[2] for key in deleted.file_keys]
    in_files = await asyncio.to_thread(leftovers.in_files, files.path(str(job.workspace_id)), [*names, *keys])
    left = [*found.left, *(["queue"] if in_queue else []), *(f"file {name}" for name in in_files)]
    return leftovers.Looked(found.places, left, found.unread)


async def _ask_again(
    db: Database, embedder: Embedder, job: JobOwner, passages: Sequence[UUID]
) -> list[tuple[UUID, replaying.Said]]:
    """What the newest questions whose answers used it are answered now, by turn. Quoted: nobody is charged for it."""
    async with db.workspace(job) as tx:
        turns = await tx.all(
            _Asked,
            """
            select t.id, t.question
              from turn_snapshots s
              join turns t on t.workspace_id = s.workspace_id and t.id = s.turn_id
             where s.workspace_id = %(workspace_id)s
               and exists (select from unnest(s.passages) one
                            where (one in (select unnest(%(passages)s::uuid[]))) is true)
             order by s.created_at desc
             limit %(limit)s
            """,
            workspace_id=tx.workspace_id,
            passages=list(passages),
            limit=QUESTIONS,
        )
    answering = Answering(embedder, None)
    return [(turn.id, await replaying.again(db, answering, job, turn.id, turn.question)) for turn in turns]


@dataclass(frozen=True)
class _Asked:
    id: UUID
    question: str


def _receipt(
    deleted: "_Deleted", found: leftovers.Looked, said: Sequence[tuple[UUID, replaying.Said]]
) -> dict[str, Any]:
    """What is signed: ids and numbers, and the SHA-256 of each answer."""
    gone = set(deleted.passages)
    return {
        "id": str(deleted.id),
        "documents": [str(id) for id in deleted.documents],
        "passages": len(deleted.passages),
        "files": len(deleted.file_keys),
        "deleted_at": deleted.created_at.astimezone(UTC).isoformat(),
        "places_looked_into": found.places,
        "tables_not_read": found.unread,
        "kept_on_purpose": leftovers.KEPT,
        "left": found.left,
        "questions": [
            {
                "message_id": str(turn_id),
                "answered": answer.answered,
                "source": answer.source,
                "answer_sha256": hashlib.sha256(answer.answer.encode()).hexdigest(),
                "documents": sorted({str(passage.document_id) for passage in answer.passages}),
                "uses_deleted": any(passage.passage_id in gone for passage in answer.passages),
            }
            for turn_id, answer in said
        ],
    }


async def _forget_answers(tx: Tx, gone: Sequence[UUID]) -> None:
    """What earlier receipts quote of documents that are deleted now. Their digests stand on the hashes alone."""
    await tx.run(
        """
        update deletion_receipts r
           set said = r.said - array(select q ->> 'message_id'
                                       from jsonb_array_elements(r.receipt -> 'questions') q
                                      where q -> 'documents' ?| %(gone)s)
         where r.workspace_id = %(workspace_id)s
           and r.said <> '{}'
        """,
        workspace_id=tx.workspace_id,
        gone=[str(id) for id in gone],
    )


_DELETED: LiteralString = """
    select id, documents, passages, file_keys, created_at
      from deletion_receipts
     where workspace_id = %(workspace_id)s
       and id = %(id)s
       and state = 'pending'
"""
# The question is the visitor's: it is read where it stands, and goes from every receipt when the conversation goes.
_ROWS: LiteralString = """
    select r.id, r.state, r.documents, r.receipt, r.digest, r.said, r.created_at, r.proved_at,
           (select jsonb_object_agg(t.id, t.question)
              from jsonb_array_elements(r.receipt -> 'questions') q
              join turns t on t.workspace_id = r.workspace_id and t.id = (q ->> 'message_id')::uuid) as asked
      from deletion_receipts r
     where r.workspace_id = %(workspace_id)s
"""


@dataclass(frozen=True)
class _Deleted:
    id: UUID
    documents: list[UUID]
    passages: list[UUID]
    file_keys: list[str]
    created_at: datetime


@dataclass(frozen=True)
class _Row:
    id: UUID
    state: Literal["pending", "clean", "left"]
    documents: list[UUID]
    receipt: dict[str, Any] | None
    digest: str | None
    said: dict[str, str]
    created_at: datetime
    proved_at: datetime | None
    asked: dict[str, str] | None

    def told(self) -> Receipt:
        questions = [
            QuestionAgain(
                message_id=UUID(q["message_id"]),
                question=(self.asked or {}).get(q["message_id"]),
                answer=self.said.get(q["message_id"]),
                answered=q["answered"],
                source=q["source"],
                uses_deleted=q["uses_deleted"],
            )
            for q in (self.receipt or {}).get("questions", ())
        ]
        return Receipt(
            id=self.id,
            state=self.state,
            documents=self.documents,
            left=(self.receipt or {}).get("left", []),
            questions=questions,
            receipt=self.receipt,
            digest=self.digest,
            is_intact=None if self.receipt is None else digest_of(self.receipt) == self.digest,
            created_at=self.created_at,
            proved_at=self.proved_at,
        )

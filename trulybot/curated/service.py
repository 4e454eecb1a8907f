"""Keep what the owner answers in their own words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.curated import queries
from trulybot.curated.errors import AnswersFull
from trulybot.curated.forms import ALTERNATIVES, ANSWER_CHARACTERS, QUESTION_CHARACTERS, AnswerChange, NewAnswer
from trulybot.curated.models import CuratedAnswer, phrasings
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.ids import uuid7
from trulybot.kit.text import one_line, storable
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable

ANSWERS = 10_000  # of a workspace: a team that writes more has documents, and its questions are found in them
AT_ONCE = 32  # phrasings embedded in one go: a quarter of a second, so that a change can be tried right away
Entry = tuple[str, Sequence[str], str]  # question, alternatives, answer


async def add(tx: Tx, form: NewAnswer, *, by: Who) -> CuratedAnswer:
    """
    Keep an answer. It is found by its wording at once, and by meaning when its phrasings are embedded.

    Raises:
        AnswersFull: The workspace has as many as it may.
    """
    new = queries.New(
        id=uuid7(),
        question=form.question,
        answer=form.answer,
        phrasings=phrasings(form.question, form.alternatives, form.answer),
        enabled=form.enabled,
        language=form.language,
    )
    await queries.add(tx, [new], None)
    await _settle(tx)
    await versions.record(tx, Kind.ANSWERS_CHANGED)
    await audit.record(tx, Action.ANSWER_ADDED, by=by, subject=new.id, count=1)
    return await queries.get(tx, new.id)


async def add_many(tx: Tx, entries: Sequence[Entry], *, by: Who | None = None, document_id: UUID | None = None) -> int:
    """
    Keep many answers, and say how many there were. Entries without a question or an answer are passed over.

    document_id: the file they were read from. They take the place of what it held before, and go when it goes.

    Raises:
        AnswersFull: The workspace would have more than it may.
    """
    new = [
        queries.New(id=uuid7(), question=question, answer=answer, phrasings=phrasings(question, alternatives, answer))
        for question, alternatives, answer in map(_cleaned, entries)
        if question and answer
    ]
    await queries.add(tx, new, document_id)
    if document_id is not None:
        await queries.remove_of(tx, document_id, but=[one.id for one in new])
    await _settle(tx)
    if by is not None:
        await versions.record(tx, Kind.ANSWERS_CHANGED, count=len(new))
        await audit.record(tx, Action.ANSWER_ADDED, by=by, subject=document_id, count=len(new))
    return len(new)


async def change(tx: Tx, answer_id: UUID, form: AnswerChange, *, by: Who) -> CuratedAnswer:
    """
    Change what was sent of an answer; two changes at once follow each other.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    before = await queries.hold(tx, answer_id)
    sent = form.model_dump(exclude_unset=True)
    given = {name: value for name, value in sent.items() if value is not None or name == "language"}
    after = replace(before, **given)
    await queries.change(tx, after)
    asked = phrasings(after.question, after.alternatives, after.answer)
    if asked != phrasings(before.question, before.alternatives, before.answer):
        await queries.rephrase(tx, answer_id, asked)
    await _settle(tx)
    await versions.record(tx, Kind.ANSWERS_CHANGED)
    await audit.record(tx, Action.ANSWER_CHANGED, by=by, subject=answer_id, changed=", ".join(sorted(given)))
    return await queries.get(tx, answer_id)


async def remove(tx: Tx, answer_id: UUID, *, by: Who) -> None:
    """
    Take an answer out, with its phrasings and their vectors.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if not await queries.remove(tx, answer_id):
        raise NotFound
    await versions.record(tx, Kind.ANSWERS_DELETED)
    await audit.record(tx, Action.ANSWER_REMOVED, by=by, subject=answer_id)


async def get(tx: Tx, answer_id: UUID) -> CuratedAnswer:
    return await queries.get(tx, answer_id)


async def page(
    tx: Tx, *, words: str | None = None, before: tuple[datetime | None, UUID | None] = (None, None), limit: int
) -> list[CuratedAnswer]:
    return await queries.page(tx, words=words, before=before, limit=limit)


async def count(tx: Tx) -> int:
    return await queries.count(tx)


async def embed_now(db: Database, embedder: Embedder, who: Identity, answer_id: UUID) -> None:
    """Embed what one change brought, so that it can be tried right away; what it leaves, the job does."""
    try:
        await embed_some(db, embedder, who, answer_id)
    except EmbeddingsUnavailable:
        return


async def embed_some(db: Database, embedder: Embedder, who: Identity, answer_id: UUID | None = None) -> bool:
    """
    Embed some phrasings that wait, of one answer or of all. Answers with whether there were any.

    Raises:
        EmbeddingsUnavailable: Come again; until then they are found by their words.
    """
    async with db.workspace(who) as tx:
        waiting = await queries.unembedded(tx, embedder.model, AT_ONCE, answer_id)
    if not waiting:
        return False
    together = [one for one in waiting if one.place < 0]
    vectors = dict(
        zip([one.id for one in together], await embedder.embed_passages([one.text for one in together]), strict=True)
    )
    # A phrasing is a question, and is compared with questions. One after the other: visitors' go between.
    for one in waiting:
        if one.place >= 0:
            vectors[one.id] = await embedder.embed_question(one.text)
    async with db.workspace(who) as tx:
        await queries.embed(tx, vectors, embedder.model)
    return True


async def _settle(tx: Tx) -> None:
    """The knowledge is another now, and what has no vector waits for one."""
    # The row of the knowledge is locked from here on, so that two at once cannot both pass the limit.
    await queries.changed(tx)
    if await queries.count(tx) > ANSWERS:
        raise AnswersFull(limit=ANSWERS)
    await tx.enqueue("curated.embed", lock=f"curated:{tx.workspace_id}")


def _cleaned(entry: Entry) -> tuple[str, list[str], str]:
    question, alternatives, answer = entry
    lines = [one_line(line)[:QUESTION_CHARACTERS] for line in alternatives[:ALTERNATIVES]]
    return (
        one_line(question)[:QUESTION_CHARACTERS],
        list(filter(None, lines)),
        storable(answer).strip()[:ANSWER_CHARACTERS],
    )

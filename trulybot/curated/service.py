"""Keep what the owner answers in their own words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.curated import held, queries
from trulybot.curated.errors import AnswersFull
from trulybot.curated.forms import ALTERNATIVES, ANSWER_CHARACTERS, QUESTION_CHARACTERS, AnswerChange, NewAnswer
from trulybot.curated.models import CuratedAnswer, phrasings
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.text import one_line, storable
from trulybot.knowledge import versions
from trulybot.knowledge.gate import is_gated
from trulybot.knowledge.models import Kind
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable

ANSWERS = 10_000  # of a workspace: a team that writes more has documents, and its questions are found in them
AT_ONCE = 32  # phrasings embedded in one go: a quarter of a second, so that a change can be tried right away
Entry = tuple[str, Sequence[str], str]  # question, alternatives, answer


async def add(tx: Tx, form: NewAnswer, *, by: Who) -> CuratedAnswer:
    """
    Keep an answer. It is found by its wording at once, and by meaning when its phrasings are embedded. While there is a
    publish gate it is held back.

    Raises:
        AnswersFull: The workspace has as many as it may.
    """
    holds = await is_gated(tx)
    new = queries.New(
        id=uuid7(),
        question=form.question,
        answer=form.answer,
        phrasings=phrasings(form.question, form.alternatives, form.answer),
        enabled=form.enabled,
        language=form.language,
        held=holds,
    )
    await queries.add(tx, [new])
    await settle(tx)
    if holds:
        await audit.record(tx, Action.ANSWER_HELD, by=by, subject=new.id)
    else:
        await versions.record(tx, Kind.ANSWERS_CHANGED, answer=str(new.id))
        await audit.record(tx, Action.ANSWER_ADDED, by=by, subject=new.id, count=1)
    return await queries.get(tx, new.id)


async def take_from(tx: Tx, document_id: UUID, entries: Sequence[Entry]) -> None:
    """
    Keep the answers of a file. They take the place of what it held before, and go when it goes.

    Entries without a question or an answer are passed over.

    Raises:
        AnswersFull: The workspace would have more than it may.
    """
    new = [
        queries.New(
            id=uuid7(),
            question=question,
            answer=answer,
            phrasings=phrasings(question, alternatives, answer),
            document_id=document_id,
        )
        for question, alternatives, answer in map(_cleaned, entries)
        if question and answer
    ]
    await queries.add(tx, new)
    await queries.remove_of(tx, document_id, but=[one.id for one in new])
    await settle(tx)


async def change(tx: Tx, answer_id: UUID, form: AnswerChange, *, by: Who) -> CuratedAnswer:
    """
    Change what was sent of an answer; two changes at once follow each other. While there is a publish gate, one that
    answers stays as it is, and what is answered with is the change beside it.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    before = await queries.lock(tx, answer_id)
    if not before.held and await is_gated(tx):
        before = await held.beside(tx, before)
    sent = form.model_dump(exclude_unset=True)
    given = {name: value for name, value in sent.items() if value is not None or name == "language"}
    after = replace(before, **given)
    asked = phrasings(after.question, after.alternatives, after.answer)
    await queries.change(tx, after)  # the database keeps what it said, with its phrasings, which change after it
    if (after.answer, asked) != (before.answer, phrasings(before.question, before.alternatives, before.answer)):
        await queries.rephrase(tx, {before.id: asked})
    await settle(tx)
    if before.held:
        await audit.record(tx, Action.ANSWER_HELD, by=by, subject=answer_id)
        return await held.drop_if_same(tx, await queries.get(tx, before.id))
    await versions.record(tx, Kind.ANSWERS_CHANGED, answer=str(answer_id))
    await audit.record(tx, Action.ANSWER_CHANGED, by=by, subject=answer_id, changed=", ".join(sorted(given)))
    return await queries.get(tx, answer_id)


async def remove(tx: Tx, answer_id: UUID, *, by: Who) -> None:
    """
    Take an answer out, with its phrasings and their vectors. While there is a publish gate that is held back, except of
    what is held itself.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    answer = await queries.lock(tx, answer_id)
    if not answer.held and await is_gated(tx):
        await held.remove(tx, answer)
        await settle(tx)
        await audit.record(tx, Action.ANSWER_HELD, by=by, subject=answer_id)
        return
    if answer.held:
        await queries.remove(tx, answer_id)
    else:
        await queries.take_out(tx, [answer_id])
        await versions.record(tx, Kind.ANSWERS_DELETED, answer=str(answer_id))
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
        waiting = await queries.unembedded(tx, embedder.model, AT_ONCE, answer_id, english=embedder.english is not None)
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
    english: dict[UUID, list[float]] = {}
    if embedder.english is not None:
        ids, texts = [one.id for one in waiting], [one.text for one in waiting]
        english = dict(zip(ids, await embedder.english.embed_passages(texts), strict=True))
    async with db.workspace(who) as tx:
        await queries.embed(tx, vectors, embedder.model, english)
    return True


async def settle(tx: Tx) -> None:
    """
    The knowledge is another now, and what has no vector waits for one.

    Raises:
        AnswersFull: The workspace has more answers than it may.
    """
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

"""A past answer with the passages of its day, beside what would be answered now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from trulybot.answers.answering import Answering, Question
from trulybot.answers.models import Answer, Exchange
from trulybot.answers.ranking import Ranked
from trulybot.bots import queries as bots
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.openapi import example

SNAPSHOTS_KEPT = timedelta(days=90)  # as long as the documents' earlier contents; who asks later asks the transcript
TURNS_REMEMBERED = 10  # as many as the conversation remembered when it was asked
DIGITS = 4


@dataclass(frozen=True)
class PassageRead:
    """
    A passage that an answer was made from. score, meaning, words: the ranking's figures; null where none was kept.

    state: whether the other answer read the same text of the same document. text: empty when the document was deleted
    since; nothing of it is kept then.
    """

    passage_id: UUID
    document_id: UUID | None
    title: str
    url: str | None
    text: str
    score: float | None
    meaning: float | None
    words: float | None
    state: Literal["same", "only_here", "deleted"] = "only_here"


@dataclass(frozen=True)
class OwnAnswer:
    """
    The curated answer that was told. question: as it is asked for now; null when it was removed since.

    state: whether the other answer told the same one in the same words.
    """

    answer_id: UUID
    question: str | None
    state: Literal["same", "only_here", "removed"]


@dataclass(frozen=True)
class Said:
    """
    knowledge_version, bot_version: what it was answered by; null for what was answered without looking up.

    curated: the owner's own answer, when that was told; null of one told before it was noted which.
    """

    answer: str
    answered: bool
    source: str
    confidence: float
    knowledge_version: int | None
    bot_version: int | None
    passages: list[PassageRead]
    curated: OwnAnswer | None = None


_PASSAGE = {
    "passage_id": "019a6e0c-8c4d-7f3a-8e21-6b7c1d0a5e05",
    "document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
    "title": "Returns",
    "url": "https://shop.example/returns",
    "text": "You may return anything within 30 days, unused and in its box.",
    "score": 0.81,
    "meaning": 0.86,
    "words": 0.74,
    "state": "only_here",
}
_SAID = {
    "answer": "You may return anything within 30 days, unused and in its box.",
    "answered": True,
    "source": "documents",
    "confidence": 0.93,
    "knowledge_version": 42,
    "bot_version": 0,
    "passages": [_PASSAGE],
    "curated": None,
}


@example(
    {
        "message_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
        "question": "How long do I have to return something?",
        "asked_at": "2026-11-22T09:00:00Z",
        "then": _SAID,
        "now": {**_SAID, "answer": "You may return anything within 14 days.", "knowledge_version": 57},
        "changed": True,
    }
)
@dataclass(frozen=True)
class Replay:
    """changed: whether the visitor would be told something else now."""

    message_id: UUID
    question: str
    asked_at: datetime
    then: Said
    now: Said
    changed: bool


async def replay(db: Database, answering: Answering, who: Identity, turn_id: UUID) -> Replay:
    """
    Answer a past question again, without keeping it, and show both.

    Raises:
        NotFound: There is no such turn, or it was never answered.
    """
    async with db.workspace(who) as tx:
        turn = await tx.maybe(_Turn, TURN, workspace_id=tx.workspace_id, turn_id=turn_id)
        if turn is None:
            raise NotFound
        then = replace(_then(turn, await _read(tx, turn_id)), curated=await _own(tx, turn.curated_answer))
    now = await again(db, answering, who, turn_id, turn.question)
    return Replay(turn_id, turn.question, turn.created_at, *_compared(then, now), changed=then.answer != now.answer)


async def _own(tx: Tx, answer_id: UUID | None) -> OwnAnswer | None:
    if answer_id is None:
        return None
    question: str | None = await tx.value(
        "select question from curated_answers where workspace_id = %(workspace_id)s and id = %(answer_id)s",
        workspace_id=tx.workspace_id,
        answer_id=answer_id,
    )
    return OwnAnswer(answer_id, question, "removed" if question is None else "only_here")


async def again(db: Database, answering: Answering, who: Identity, turn_id: UUID, text: str) -> Said:
    """What a question of a past turn would be answered now. Nothing of it is kept."""
    async with db.workspace(who) as tx:
        history = await _history(tx, turn_id)
        bot = await bots.settings(tx)
    asked = await answering.ask(text)
    question = Question(text, locale=None, asked_by="replay", asked=asked, history=history, bot=bot)
    answer: Answer | None = None
    async for part in answering.answer(db, who, question):
        if isinstance(part, Answer):
            answer = part
    assert answer is not None  # noqa: S101  (answering ends with one)
    async with db.workspace(who) as tx:
        curated = await _own(tx, question.trace.curated_answer)
    return Said(
        answer.text,
        answer.answered,
        answer.source,
        answer.confidence,
        question.trace.knowledge_version,
        bot.version if question.trace.knowledge_version is not None else None,
        [_now(passage) for passage in question.trace.passages],
        curated,
    )


def _now(passage: Ranked) -> PassageRead:
    return PassageRead(
        passage.passage_id,
        passage.document_id,
        passage.title,
        passage.candidate.url,
        passage.text,
        round(passage.score, DIGITS),
        round(passage.meaning, DIGITS) if passage.meaning is not None else None,
        round(passage.words, DIGITS),
    )


TURN = """
    select t.question, t.answer, t.created_at, s.knowledge_version, s.bot_version, s.curated_answer
      from turns t
      left join turn_snapshots s on s.workspace_id = t.workspace_id and s.turn_id = t.id
     where t.workspace_id = %(workspace_id)s
       and t.id = %(turn_id)s
       and t.answer is not null
"""


@dataclass(frozen=True)
class _Turn:
    question: str
    answer: dict[str, Any]
    created_at: datetime
    knowledge_version: int | None
    bot_version: int | None
    curated_answer: UUID | None


def _then(turn: _Turn, read: Sequence[PassageRead]) -> Said:
    """read: empty for an answer of before snapshots were kept; its citations are all that is known of it then."""
    cited = [
        PassageRead(
            UUID(c["passage_id"]), UUID(c["document_id"]), c["title"], c["url"], c["text"], c["score"], None, None
        )
        for c in turn.answer["citations"]
    ]
    return Said(
        turn.answer["answer"],
        turn.answer["answered"],
        turn.answer["source"],
        turn.answer["confidence"],
        turn.knowledge_version,
        turn.bot_version,
        list(read) or cited,
    )


async def _read(tx: Tx, turn_id: UUID) -> list[PassageRead]:
    return await tx.all(
        PassageRead,
        """
        select r.id as passage_id, p.document as document_id, coalesce(p.title, '') as title, p.url,
               coalesce(p.text, '') as text, round(r.score::numeric, 4)::float8 as score,
               round(r.meaning::numeric, 4)::float8 as meaning, round(r.words::numeric, 4)::float8 as words
          from turn_snapshots s
         cross join unnest(s.passages, s.scores, s.meanings, s.words)
                    with ordinality as r (id, score, meaning, words, place)
          left join passages_read p on p.workspace_id = s.workspace_id and p.id = r.id
         where s.workspace_id = %(workspace_id)s
           and s.turn_id = %(turn_id)s
         order by r.place
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
    )


async def _history(tx: Tx, turn_id: UUID) -> list[Exchange]:
    """The turns of the conversation before one of them, oldest first."""
    turns = await tx.all(
        Exchange,
        """
        select t.question, t.answer ->> 'answer' as answer
          from turns t
          join turns this on this.workspace_id = t.workspace_id and this.conversation_id = t.conversation_id
         where t.workspace_id = %(workspace_id)s
           and this.id = %(turn_id)s
           and (t.created_at, t.id) < (this.created_at, this.id)
         order by t.created_at desc, t.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        limit=TURNS_REMEMBERED,
    )
    return turns[::-1]


def _compared(then: Said, now: Said) -> tuple[Said, Said]:
    """Both, with what they have in common marked. A document that was read anew has new passages, so texts decide."""
    return _marked(then, now), _marked(now, then)


def _marked(one: Said, other: Said) -> Said:
    there = {(passage.document_id, passage.text) for passage in other.passages}
    marked = []
    for passage in one.passages:
        if not passage.text:
            marked.append(replace(passage, state="deleted"))
        else:
            same = (passage.document_id, passage.text) in there
            marked.append(replace(passage, state="same" if same else "only_here"))
    curated = one.curated
    if curated is not None and other.curated is not None and one.answer == other.answer:
        same = curated.answer_id == other.curated.answer_id
        curated = replace(curated, state="same" if same else curated.state)
    return replace(one, passages=marked, curated=curated)

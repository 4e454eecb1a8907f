"""The SQL of golden questions, and of the real ones that they are made of."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.evaluation.sets.models import Before, GoldenQuestion, Offer, Origin, Run
from trulybot.kit.db import Tx

_QUESTIONS: LiteralString = """
    select q.id, q.set_id, q.question, q.history, q.answers, q.document_ids, q.must_refuse, q.language, q.origin,
           q.turn_id, q.created_at
      from golden_questions q
     where q.workspace_id = %(workspace_id)s
"""


async def set_of(tx: Tx, question_id: UUID) -> UUID | None:
    """The set that a question is in."""
    found: UUID | None = await tx.value(
        "select set_id from golden_questions where workspace_id = %(workspace_id)s and id = %(question_id)s",
        workspace_id=tx.workspace_id,
        question_id=question_id,
    )
    return found


async def add_questions(tx: Tx, questions: Sequence[GoldenQuestion]) -> int:
    """Keep questions; one that was made from the same turn as another of its set is left out."""
    return await tx.run(
        """
        insert into golden_questions
               (id, set_id, question, history, answers, document_ids, must_refuse, language, origin, turn_id)
        select n.id, n.set_id, n.question, n.history,
               array(select jsonb_array_elements_text(n.answers)),
               array(select jsonb_array_elements_text(n.document_ids)::uuid),
               n.must_refuse, n.language, n.origin, n.turn_id
          from jsonb_to_recordset(%(questions)s)
               as n (id uuid, set_id uuid, question text, history jsonb, answers jsonb, document_ids jsonb,
                     must_refuse boolean, language text, origin text, turn_id uuid)
            on conflict do nothing
        """,
        questions=Jsonb(
            [
                {
                    **asdict(one),
                    "id": str(one.id),
                    "set_id": str(one.set_id),
                    "document_ids": [str(id) for id in one.document_ids],
                    "turn_id": str(one.turn_id) if one.turn_id else None,
                    "created_at": None,
                }
                for one in questions
            ]
        ),
    )


async def questions(tx: Tx, set_id: UUID, before: Before, limit: int) -> list[GoldenQuestion]:
    return await tx.all(
        GoldenQuestion,
        _QUESTIONS
        + """
           and set_id = %(set_id)s
           and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s, %(id)s))
         order by created_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        set_id=set_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )


async def expect(
    tx: Tx, question_id: UUID, *, answers: Sequence[str], document_ids: Sequence[UUID], must_refuse: bool
) -> GoldenQuestion:
    return await tx.one(
        GoldenQuestion,
        """
        update golden_questions
           set answers = %(answers)s, document_ids = %(document_ids)s, must_refuse = %(must_refuse)s
         where workspace_id = %(workspace_id)s
           and id = %(question_id)s
        returning id, set_id, question, history, answers, document_ids, must_refuse, language, origin, turn_id,
                  created_at
        """,
        workspace_id=tx.workspace_id,
        question_id=question_id,
        answers=list(answers),
        document_ids=list(document_ids),
        must_refuse=must_refuse,
    )


async def remove_question(tx: Tx, question_id: UUID) -> bool:
    return bool(
        await tx.run(
            "delete from golden_questions where workspace_id = %(workspace_id)s and id = %(question_id)s",
            workspace_id=tx.workspace_id,
            question_id=question_id,
        )
    )


async def unasked(tx: Tx, one: Run) -> list[GoldenQuestion]:
    """The questions that a run has still to ask, oldest first."""
    return await tx.all(
        GoldenQuestion,
        _QUESTIONS
        + """
           and set_id = %(set_id)s
           and not exists (select from golden_results r
                            where r.workspace_id = q.workspace_id and r.run_id = %(run_id)s and r.question_id = q.id)
         order by created_at, id
        """,
        workspace_id=tx.workspace_id,
        set_id=one.set_id,
        run_id=one.id,
    )


@dataclass(frozen=True)
class RealTurn:
    """A question that was really asked. before: the turns of its conversation before it, oldest first."""

    id: UUID
    question: str
    answer: dict[str, Any] | None
    rating: str | None
    before: list[dict[str, str | None]]

    @property
    def answered(self) -> bool:
        return bool(self.answer and self.answer["answered"])

    @property
    def origin(self) -> Origin:
        if not self.answered:
            return "miss"
        return "thumbs_down" if self.rating == "down" else "question"


async def turns(tx: Tx, turn_ids: Sequence[UUID], *, remembered: int) -> list[RealTurn]:
    return await tx.all(
        RealTurn,
        """
        select t.id, t.question, t.answer, f.rating,
               (select coalesce(jsonb_agg(jsonb_build_object('question', b.question, 'answer', b.answer)
                                          order by b.created_at, b.id), '[]')
                  from (select e.id, e.question, e.answer ->> 'answer' as answer, e.created_at
                          from turns e
                         where e.workspace_id = t.workspace_id
                           and e.conversation_id = t.conversation_id
                           and (e.created_at, e.id) < (t.created_at, t.id)
                         order by e.created_at desc, e.id desc
                         limit %(remembered)s) b) as before
          from turns t
          left join feedback f on f.workspace_id = t.workspace_id and f.turn_id = t.id
         where t.workspace_id = %(workspace_id)s
           and t.id = any (%(turn_ids)s)
        """,
        workspace_id=tx.workspace_id,
        turn_ids=list(turn_ids),
        remembered=remembered,
    )


async def offers(tx: Tx, set_id: UUID, before: Before, limit: int) -> list[Offer]:
    """What was not answered, or disliked, and is not in the set yet; from new to old."""
    return await tx.all(
        Offer,
        """
        select t.id as message_id, t.question, t.answer ->> 'answer' as answer, f.comment, t.created_at,
               case when f.rating = 'down' then 'thumbs_down' else 'miss' end as origin
          from turns t
          left join feedback f on f.workspace_id = t.workspace_id and f.turn_id = t.id
         where t.workspace_id = %(workspace_id)s
           and t.answer is not null
           and (f.rating = 'down' or t.answer ->> 'answered' = 'false')
           and not exists (select from golden_questions q
                            where q.workspace_id = t.workspace_id and q.set_id = %(set_id)s and q.turn_id = t.id)
           and (%(at)s::timestamptz is null or (t.created_at, t.id) < (%(at)s, %(id)s))
         order by t.created_at desc, t.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        set_id=set_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )

"""The golden sets' SQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.answers.lookup import View
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.sets.errors import RunInProgress
from trulybot.evaluation.sets.models import GoldenQuestion, GoldenSet, Offer, Origin, Run
from trulybot.kit.db import Tx

Before = tuple[datetime | None, UUID | None]


async def add_set(tx: Tx, set_id: UUID, name: str, created_by: UUID | None) -> bool:
    """False when there is one of this name."""
    return bool(
        await tx.run(
            """
            insert into golden_sets (id, name, created_by)
            values (%(id)s, %(name)s, %(created_by)s)
                on conflict (workspace_id, name) do nothing
            """,
            id=set_id,
            name=name,
            created_by=created_by,
        )
    )


async def get_set(tx: Tx, set_id: UUID) -> GoldenSet:
    return await tx.one(
        GoldenSet,
        """
        select s.id, s.name, s.created_at,
               (select count(*) from golden_questions q
                 where q.workspace_id = s.workspace_id and q.set_id = s.id)::int as questions
          from golden_sets s
         where s.workspace_id = %(workspace_id)s
           and s.id = %(set_id)s
        """,
        workspace_id=tx.workspace_id,
        set_id=set_id,
    )


async def sets(tx: Tx, before: Before, limit: int) -> list[GoldenSet]:
    return await tx.all(
        GoldenSet,
        """
        select s.id, s.name, s.created_at,
               (select count(*) from golden_questions q
                 where q.workspace_id = s.workspace_id and q.set_id = s.id)::int as questions
          from golden_sets s
         where s.workspace_id = %(workspace_id)s
           and (%(at)s::timestamptz is null or (s.created_at, s.id) < (%(at)s, %(id)s))
         order by s.created_at desc, s.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )


async def remove_set(tx: Tx, set_id: UUID) -> bool:
    return bool(
        await tx.run(
            "delete from golden_sets where workspace_id = %(workspace_id)s and id = %(set_id)s",
            workspace_id=tx.workspace_id,
            set_id=set_id,
        )
    )


async def set_of(tx: Tx, question_id: UUID) -> UUID | None:
    """The set that a question is in."""
    found: UUID | None = await tx.value(
        "select set_id from golden_questions where workspace_id = %(workspace_id)s and id = %(question_id)s",
        workspace_id=tx.workspace_id,
        question_id=question_id,
    )
    return found


async def is_of_the_gate(tx: Tx, set_id: UUID) -> bool:
    return bool(
        await tx.value(
            """
            select exists (select from publish_gates where workspace_id = %(workspace_id)s and set_id = %(set_id)s)
            """,
            workspace_id=tx.workspace_id,
            set_id=set_id,
        )
    )


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
        """
        select id, set_id, question, history, answers, document_ids, must_refuse, language, origin, turn_id, created_at
          from golden_questions
         where workspace_id = %(workspace_id)s
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


async def begin_run(
    tx: Tx,
    run_id: UUID,
    set_id: UUID,
    view: View,
    questions: int,
    created_by: UUID | None,
    *,
    beside: UUID | None = None,
) -> None:
    """
    beside: the run of what answers, to compare a run of what is held with.

    Raises:
        RunInProgress: Somebody has begun one at the same time.
    """
    begun = await tx.run(
        """
        insert into golden_runs (id, set_id, view, questions, created_by, beside)
        values (%(id)s, %(set_id)s, %(view)s, %(questions)s, %(created_by)s, %(beside)s)
            on conflict do nothing
        """,
        id=run_id,
        set_id=set_id,
        view=view,
        questions=questions,
        created_by=created_by,
        beside=beside,
    )
    if not begun:
        raise RunInProgress


async def is_asking(tx: Tx) -> bool:
    """Whether a run of the workspace has not ended yet. One of which nothing was heard for an hour ends here."""
    await tx.run("select private.end_silent_runs()")
    return bool(
        await tx.value(
            """
            select exists (select from golden_runs
                            where workspace_id = %(workspace_id)s and ended_at is null)
            """,
            workspace_id=tx.workspace_id,
        )
    )


async def run(tx: Tx, run_id: UUID) -> Run | None:
    return await tx.maybe(
        Run,
        """
        select id, set_id, view, status, questions, asked, figures, created_at, ended_at
          from golden_runs
         where workspace_id = %(workspace_id)s
           and id = %(run_id)s
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
    )


async def runs(tx: Tx, set_id: UUID, before: Before, limit: int) -> list[Run]:
    return await tx.all(
        Run,
        """
        select id, set_id, view, status, questions, asked, figures, created_at, ended_at
          from golden_runs
         where workspace_id = %(workspace_id)s
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


async def run_before(tx: Tx, one: Run) -> Run | None:
    """The last finished run of the same set over what visitors were answered from."""
    return await tx.maybe(
        Run,
        """
        select id, set_id, view, status, questions, asked, figures, created_at, ended_at
          from golden_runs
         where workspace_id = %(workspace_id)s
           and set_id = %(set_id)s
           and view = 'live'
           and status = 'done'
           and (created_at, id) < (%(at)s, %(id)s)
         order by created_at desc, id desc
         limit 1
        """,
        workspace_id=tx.workspace_id,
        set_id=one.set_id,
        at=one.created_at,
        id=one.id,
    )


@dataclass(frozen=True)
class _Kept:
    outcome: dict[str, Any]


async def results(tx: Tx, run_id: UUID) -> list[dict[str, Any]]:
    rows = await tx.all(
        _Kept,
        """
        select outcome
          from golden_results
         where workspace_id = %(workspace_id)s
           and run_id = %(run_id)s
         order by question_id
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
    )
    return [row.outcome for row in rows]


async def unasked(tx: Tx, one: Run) -> list[GoldenQuestion]:
    """The questions that a run has still to ask, oldest first."""
    return await tx.all(
        GoldenQuestion,
        """
        select id, set_id, question, history, answers, document_ids, must_refuse, language, origin, turn_id, created_at
          from golden_questions q
         where workspace_id = %(workspace_id)s
           and set_id = %(set_id)s
           and not exists (select from golden_results r
                            where r.workspace_id = q.workspace_id and r.run_id = %(run_id)s and r.question_id = q.id)
         order by created_at, id
        """,
        workspace_id=tx.workspace_id,
        set_id=one.set_id,
        run_id=one.id,
    )


async def count_try(tx: Tx, run_id: UUID, question_id: UUID) -> int | None:
    """Note that a question is about to be asked. How often it has been in a row; None when the run is over."""
    tries: int | None = await tx.value(
        """
        update golden_runs
           set tries = case when trying = %(question_id)s then tries + 1 else 1 end, trying = %(question_id)s,
               status = 'running', heard_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(run_id)s
           and ended_at is null
        returning tries
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
        question_id=question_id,
    )
    return tries


async def forget_tries(tx: Tx, run_id: UUID) -> None:
    """It was not the question that failed."""
    await tx.run(
        "update golden_runs set tries = 0 where workspace_id = %(workspace_id)s and id = %(run_id)s",
        workspace_id=tx.workspace_id,
        run_id=run_id,
    )


async def keep_result(tx: Tx, run_id: UUID, question_id: UUID, outcome: Outcome) -> None:
    """A question that was taken out meanwhile, or a run that was, is nothing to keep."""
    await tx.run(
        """
        with kept as (
            insert into golden_results (run_id, question_id, outcome)
            select r.id, q.id, %(outcome)s
              from golden_runs r
              join golden_questions q on q.workspace_id = r.workspace_id and q.set_id = r.set_id
             where r.workspace_id = %(workspace_id)s
               and r.id = %(run_id)s
               and q.id = %(question_id)s
                on conflict do nothing
            returning run_id
        )
        update golden_runs r
           set asked = asked + 1
          from kept
         where r.workspace_id = %(workspace_id)s
           and r.id = kept.run_id
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
        question_id=question_id,
        outcome=Jsonb(asdict(outcome)),
    )


async def end_run(tx: Tx, run_id: UUID, figures: dict[str, Any]) -> None:
    await tx.run(
        """
        update golden_runs
           set status = 'done', questions = asked, figures = %(figures)s, ended_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(run_id)s
           and ended_at is null
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
        figures=Jsonb(figures),
    )

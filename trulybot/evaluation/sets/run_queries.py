"""The SQL of runs: which there are, what is to be asked, and how it went."""

from dataclasses import asdict, dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.answers.lookup import View
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.sets.errors import RunInProgress
from trulybot.evaluation.sets.models import Before, Run
from trulybot.kit.db import Tx

_RUNS: LiteralString = """
    select id, set_id, view, status, questions, asked, figures, created_at, ended_at
      from golden_runs
     where workspace_id = %(workspace_id)s
"""


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
        _RUNS
        + """
           and id = %(run_id)s
        """,
        workspace_id=tx.workspace_id,
        run_id=run_id,
    )


async def runs(tx: Tx, set_id: UUID, before: Before, limit: int) -> list[Run]:
    return await tx.all(
        Run,
        _RUNS
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


async def run_before(tx: Tx, one: Run) -> Run | None:
    """The last finished run of the same set over what visitors were answered from."""
    return await tx.maybe(
        Run,
        _RUNS
        + """
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

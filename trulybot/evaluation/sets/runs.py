"""A run: the worker asks each question of a golden set as a visitor would, and keeps how it went."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from trulybot.answers import following, search
from trulybot.answers.answering import Answering, Question
from trulybot.answers.lookup import View
from trulybot.answers.models import Answer, Exchange
from trulybot.bots import held as held_bots
from trulybot.bots import queries as bots
from trulybot.documents import held
from trulybot.evaluation.asking import LOOKED_AT
from trulybot.evaluation.figures import figures
from trulybot.evaluation.golden import Golden
from trulybot.evaluation.judging import Outcome, judge, not_asked
from trulybot.evaluation.sets import question_queries, run_queries
from trulybot.evaluation.sets.models import GoldenQuestion, Run
from trulybot.evaluation.sets.service import OUTCOMES
from trulybot.kit.db import Database, Identity
from trulybot.kit.log import get_logger
from trulybot.llm.embeddings import EmbeddingsUnavailable

log = get_logger()

TURN_SECONDS = 20.0  # of one run, before the worker looks at the other workspaces' again
TRIES = 3  # of a question that raises, or ends us; then it has failed and the run goes on


async def ask(db: Database, answering: Answering, job: Identity, run_id: UUID) -> bool:
    """
    Ask what a run has not asked yet, for one turn, and say what it came to. Answers with whether something is left.

    No transaction is open while a model talks.
    """
    until = time.monotonic() + TURN_SECONDS
    async with db.workspace(job) as tx:
        run = await run_queries.run(tx, run_id)
        waiting = await question_queries.unasked(tx, run) if run is not None and run.ended_at is None else []
        replacing = await held.replacing(tx) if run is not None and run.view == "candidate" else {}
    if run is None or run.ended_at is not None:
        return False
    for question in waiting:
        if time.monotonic() >= until:
            return True
        async with db.workspace(job) as tx:
            tries = await run_queries.count_try(tx, run_id, question.id)
        if tries is None:
            return False
        outcome = await _try(db, answering, job, run, _as_replaced(question, replacing).golden(), tries)
        if outcome is None:
            return True
        async with db.workspace(job) as tx:
            await run_queries.keep_result(tx, run_id, question.id, outcome)
            await tx.publish("golden_run", run_id)
    async with db.workspace(job) as tx:
        outcomes = OUTCOMES.validate_python(await run_queries.results(tx, run_id))
        await run_queries.end_run(tx, run_id, _rounded(outcomes))
        await tx.publish("golden_run", run_id)
    return False


async def _try(
    db: Database, answering: Answering, job: Identity, run: Run, golden: Golden, tries: int
) -> Outcome | None:
    """How a question went; None when it failed and is to be tried again, at another turn."""
    if tries > TRIES:  # the last one ended the worker
        return not_asked(golden)
    try:
        return await _ask(db, answering, job, golden, run.view)
    except EmbeddingsUnavailable:
        async with db.workspace(job) as tx:
            await run_queries.forget_tries(tx, run.id)
        raise
    except Exception:
        log.error("golden_question.failed", run_id=str(run.id), question_id=golden.id, tries=tries, exc_info=True)
        return not_asked(golden) if tries >= TRIES else None


async def _ask(db: Database, answering: Answering, job: Identity, golden: Golden, view: View) -> Outcome:
    began = time.perf_counter()
    asked = await answering.ask(golden.text)
    async with db.workspace(job) as tx:
        bot = await held_bots.candidate(tx) if view == "candidate" else await bots.settings(tx)
    question = Question(
        golden.text,
        locale=golden.language or None,
        asked_by="golden set",
        asked=asked,
        history=_history(golden),
        bot=bot,
        view=view,
    )
    answer: Answer | None = None
    async for part in answering.answer(db, job, question):
        if isinstance(part, Answer):
            answer = part
    assert answer is not None  # noqa: S101  (answering ends with one)
    took = (time.perf_counter() - began) * 1000
    understood = await following.understood(answering.embedder, asked, following.said_in(question.history))
    async with db.workspace(job) as tx:
        found = await search.search(tx, understood, view=view)
    documents = dict.fromkeys(str(passage.candidate.document_id) for passage in found.passages[:LOOKED_AT])
    return judge(golden, list(documents), _reply(answer), "document_id", took)


def _as_replaced(question: GoldenQuestion, replacing: Mapping[UUID, UUID]) -> GoldenQuestion:
    """A held document may be cited for the one that it would replace."""
    by_live = {live: held_id for held_id, live in replacing.items()}
    return replace(question, document_ids=[by_live.get(id, id) for id in question.document_ids])


def _reply(answer: Answer) -> dict[str, Any]:
    """As `POST /api/chat` would say it."""
    return {
        "answer": answer.text,
        "answered": answer.answered,
        "source": answer.source,
        "confidence": answer.confidence,
        "citations": [{"document_id": str(one.document_id), "text": one.text} for one in answer.citations],
        "usage": {"cost_usd": answer.usage.cost_usd},
    }


def _history(golden: Golden) -> list[Exchange]:
    """Turns of two people as questions, each with what was said to it."""
    exchanges: list[Exchange] = []
    for role, text in golden.history:
        if role == "user":
            exchanges.append(Exchange(text, None))
        elif exchanges:
            last = exchanges.pop()
            exchanges.append(Exchange(last.question, f"{last.answer} {text}" if last.answer else text))
    return exchanges


def _rounded(outcomes: list[Outcome]) -> dict[str, Any]:
    """What could not be asked is not right, and has no part in the other figures."""
    asked = [one for one in outcomes if not one.failed]
    found = {name: round(value, 4) for name, value in figures(asked).items() if value is not None}
    right = sum(one.right for one in outcomes)
    if asked:
        found["right"] = round(right / len(outcomes), 4)
    return {**found, "right_questions": right}

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
from trulybot.evaluation.judging import Outcome, judge
from trulybot.evaluation.sets import queries
from trulybot.evaluation.sets.models import GoldenQuestion
from trulybot.evaluation.sets.service import OUTCOMES
from trulybot.kit.db import Database, Identity


async def ask(db: Database, answering: Answering, job: Identity, run_id: UUID) -> None:
    """Ask what a run has not asked yet, and say what it came to. No transaction is open while a model talks."""
    async with db.workspace(job) as tx:
        run = await queries.run(tx, run_id)
        waiting = await queries.unasked(tx, run) if run is not None and run.ended_at is None else []
        replacing = await held.replacing(tx) if run is not None and run.view == "candidate" else {}
    if run is None or run.ended_at is not None:
        return
    for question in waiting:
        outcome = await _ask(db, answering, job, _as_replaced(question, replacing).golden(), run.view)
        async with db.workspace(job) as tx:
            await queries.keep_result(tx, run_id, question.id, outcome)
            await tx.publish("golden_run", run_id)
    async with db.workspace(job) as tx:
        outcomes = OUTCOMES.validate_python(await queries.results(tx, run_id))
        await queries.end_run(tx, run_id, _rounded(outcomes))
        await tx.publish("golden_run", run_id)


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
    found = {name: round(value, 4) for name, value in figures(outcomes).items() if value is not None}
    return {**found, "right_questions": sum(one.right for one in outcomes)}

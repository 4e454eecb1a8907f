"""Make golden sets of what people really ask, and have them asked again."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from pydantic import TypeAdapter

from trulybot.answers.lookup import View
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.conversations.feedback import NoMessage
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.sets import files, queries, question_queries, run_queries
from trulybot.evaluation.sets.errors import GateNeedsIt, NameTaken, NothingToAsk, RunInProgress, SetFull
from trulybot.evaluation.sets.forms import Expected, NewQuestion, NewQuestions, Promoted
from trulybot.evaluation.sets.models import GoldenQuestion, GoldenSet, Origin, Run, RunInFull, Turned
from trulybot.evaluation.sets.question_queries import RealTurn
from trulybot.kit.db import Tx
from trulybot.kit.errors import InvalidInput, NotFound
from trulybot.kit.ids import uuid7
from trulybot.workspaces.access import NotPermitted, Scope, allows
from trulybot.workspaces.identity import Actor, Member

MOST_QUESTIONS = 1000  # a run of so many takes a minute without a model, an hour and some dollars with one
TURNS_REMEMBERED = 5  # of the conversation before a question: what a follow-up is about was said just before

OUTCOMES = TypeAdapter(list[Outcome])


async def make(tx: Tx, name: str, *, by: Actor) -> GoldenSet:
    """
    Raises:
        NameTaken: There is one of this name.
    """
    set_id = uuid7()
    if not await queries.add_set(tx, set_id, name, by.user_id if isinstance(by, Member) else None):
        raise NameTaken
    await audit.record(tx, Action.GOLDEN_SET_MADE, by=by, subject=set_id)
    return await queries.get_set(tx, set_id)


async def remove(tx: Tx, set_id: UUID, *, by: Actor) -> None:
    """
    Raises:
        NotFound: There is no such set.
        GateNeedsIt: The publish gate asks it.
    """
    if await queries.is_of_the_gate(tx, set_id):
        raise GateNeedsIt
    if not await queries.remove_set(tx, set_id):
        raise NotFound
    await audit.record(tx, Action.GOLDEN_SET_REMOVED, by=by, subject=set_id)


async def add(tx: Tx, set_id: UUID, form: NewQuestions, *, by: Actor) -> GoldenSet:
    """
    Put questions into a set: written ones, real ones, and those of a file. Answers with the set as it is then.

    Raises:
        NotFound: There is no such set.
        NoMessage: One of the messages was never asked here.
        SetFull: They are too many.
        NotPermitted: The publish gate asks this set, and they may not change the gate.
        InvalidInput: There is nothing in it, or the file cannot be read.
    """
    before = await queries.get_set(tx, set_id)
    await _check_may_change(tx, set_id, by)
    new = [_written(set_id, one, "written") for one in form.questions]
    new += await _promoted(tx, set_id, form.messages)
    if form.file is not None:
        new += [_written(set_id, one, "file") for one in files.read(form.file)]
    if not new:
        raise InvalidInput(details=[{"field": "", "message": "send questions, messages or a file"}])
    if before.questions + len(new) > MOST_QUESTIONS:
        raise SetFull(most=MOST_QUESTIONS)
    count = await question_queries.add_questions(tx, new)
    await audit.record(tx, Action.GOLDEN_QUESTIONS_ADDED, by=by, subject=set_id, count=count)
    return await queries.get_set(tx, set_id)


async def expect(tx: Tx, question_id: UUID, form: Expected, *, by: Actor) -> GoldenQuestion:
    """Say what the right answer to a question is."""
    await _check_may_change(tx, await question_queries.set_of(tx, question_id), by)
    changed = await question_queries.expect(
        tx, question_id, answers=form.answers, document_ids=form.document_ids, must_refuse=form.must_refuse
    )
    await audit.record(tx, Action.GOLDEN_QUESTION_CHANGED, by=by, subject=question_id)
    return changed


async def remove_question(tx: Tx, question_id: UUID, *, by: Actor) -> None:
    await _check_may_change(tx, await question_queries.set_of(tx, question_id), by)
    if not await question_queries.remove_question(tx, question_id):
        raise NotFound
    await audit.record(tx, Action.GOLDEN_QUESTION_REMOVED, by=by, subject=question_id)


async def _check_may_change(tx: Tx, set_id: UUID | None, by: Actor) -> None:
    """What the publish gate asks is the gate's, and whoever may not change that may not change it either."""
    scope: Scope = "widget:write"
    if set_id is not None and not allows(by, scope) and await queries.is_of_the_gate(tx, set_id):
        raise NotPermitted(scope=scope)


async def begin_run(tx: Tx, set_id: UUID, view: View, *, by: Actor) -> Run:
    """
    Have the worker ask a set.

    Raises:
        NothingToAsk: It holds no question.
        RunInProgress: The workspace is being asked already.
    """
    asked = await queries.get_set(tx, set_id)
    if not asked.questions:
        raise NothingToAsk
    if await run_queries.is_asking(tx):
        raise RunInProgress
    run_id = uuid7()
    created_by = by.user_id if isinstance(by, Member) else None
    await run_queries.begin_run(tx, run_id, set_id, view, asked.questions, created_by)
    await tx.enqueue("evaluation.ask", queue="evaluation", lock=f"golden:{run_id}", run_id=run_id)
    await audit.record(tx, Action.GOLDEN_SET_ASKED, by=by, subject=set_id)
    return await get_run(tx, run_id)


async def get_run(tx: Tx, run_id: UUID) -> Run:
    found = await run_queries.run(tx, run_id)
    if found is None:
        raise NotFound
    return found


async def run_in_full(tx: Tx, run_id: UUID) -> RunInFull:
    """A run with how each question went, beside the run before it."""
    one = await get_run(tx, run_id)
    results = OUTCOMES.validate_python(await run_queries.results(tx, run_id))
    before = await run_queries.run_before(tx, one)
    earlier = OUTCOMES.validate_python(await run_queries.results(tx, before.id)) if before else []
    return RunInFull(
        **asdict(one),
        before=before,
        turned=turned(earlier, results) if before else None,
        results=sorted(results, key=lambda outcome: (outcome.right, -outcome.confidence)),
    )


def turned(before: Sequence[Outcome], after: Sequence[Outcome]) -> Turned:
    was = {one.id: one.right for one in before}
    return Turned(
        right=[one.id for one in after if one.right and was.get(one.id) is False],
        wrong=[one.id for one in after if not one.right and was.get(one.id)],
    )


async def _promoted(tx: Tx, set_id: UUID, messages: Sequence[Promoted]) -> list[GoldenQuestion]:
    if not messages:
        return []
    found = {
        turn.id: turn
        for turn in await question_queries.turns(tx, [one.message_id for one in messages], remembered=TURNS_REMEMBERED)
    }
    if any(one.message_id not in found for one in messages):
        raise NoMessage
    return [_real(set_id, found[one.message_id], one.expected) for one in messages]


def _real(set_id: UUID, turn: RealTurn, expected: Expected | None) -> GoldenQuestion:
    """What was answered and not disliked is taken to rest on the right documents."""
    if expected is None and turn.origin == "question" and turn.answer is not None:
        expected = Expected(document_ids=list({UUID(one["document_id"]) for one in turn.answer["citations"]}))
    history = [
        {"role": role, "text": text}
        for earlier in turn.before
        for role, text in (("user", earlier["question"]), ("assistant", earlier["answer"]))
        if text
    ]
    return _question(set_id, turn.question, expected or Expected(), turn.origin, history=history, turn_id=turn.id)


def _written(set_id: UUID, form: NewQuestion, origin: Origin) -> GoldenQuestion:
    history = [one.model_dump() for one in form.history]
    return _question(set_id, form.question, form, origin, history=history, language=form.language)


def _question(
    set_id: UUID,
    text: str,
    expected: Expected,
    origin: Origin,
    *,
    history: list[dict[str, str]],
    language: str | None = None,
    turn_id: UUID | None = None,
) -> GoldenQuestion:
    return GoldenQuestion(
        id=uuid7(),
        set_id=set_id,
        question=text,
        history=history,
        answers=list(expected.answers),
        document_ids=list(expected.document_ids),
        must_refuse=expected.must_refuse,
        language=language,
        origin=origin,
        turn_id=turn_id,
        created_at=datetime.now(UTC),
    )

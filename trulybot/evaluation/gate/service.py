"""
Hold back what changes the answers, ask a golden set of it, and let it through when that goes well.

Documents and pages are taken in and read as ever, but beside those that answer; so are curated answers and a change of
the bot. Once everything is read the set is asked twice: of what answers now, and of what would. Enough must be right,
and nothing that was right may turn wrong. Deletions of documents are never held: what somebody wants gone goes. Nor is
money.
"""

from typing import Any
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.evaluation.gate import holding as held
from trulybot.evaluation.gate import queries
from trulybot.evaluation.gate.errors import NoGate, NothingHeld, StillHeld
from trulybot.evaluation.gate.holding import Holding, holding
from trulybot.evaluation.gate.models import Gate, GateForm, Passed, Setting, State, Verdict
from trulybot.evaluation.sets import queries as sets
from trulybot.evaluation.sets import run_queries
from trulybot.evaluation.sets.errors import NothingToAsk, RunInProgress
from trulybot.evaluation.sets.models import Run
from trulybot.evaluation.sets.service import OUTCOMES, turned
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.workspaces.identity import Actor


async def show(tx: Tx) -> Gate:
    """
    Raises:
        NoGate: Changes go live at once.
    """
    setting = await _setting(tx)
    now = await holding(tx)
    live = await run_queries.run(tx, setting.live_run_id) if setting.live_run_id else None
    candidate = await run_queries.run(tx, setting.candidate_run_id) if setting.candidate_run_id else None
    verdict = await _verdict(tx, setting, live, candidate)
    return Gate(
        set_id=setting.set_id,
        minimum=round(setting.minimum, 4),
        state=_state(now, candidate, verdict),
        ready=now.ready,
        waiting=now.waiting,
        failed=now.failed,
        answers=now.answers,
        bot=now.bot_revision is not None,
        changed_at=now.changed_at,
        live=live,
        candidate=candidate,
        verdict=verdict,
    )


async def put_up(tx: Tx, form: GateForm, *, by: Actor) -> Gate:
    """
    Hold changes from now on, by this set.

    Raises:
        NotFound: There is no such set.
        NothingToAsk: It holds no question.
    """
    if not (await sets.get_set(tx, form.set_id)).questions:
        raise NothingToAsk
    await queries.put_up(tx, form.set_id, form.minimum)
    await audit.record(tx, Action.GATE_CHANGED, by=by, subject=form.set_id)
    return await show(tx)


async def take_down(tx: Tx, *, by: Actor) -> None:
    """
    Let changes go live at once from now on.

    Raises:
        StillHeld: Something waits; it is published or withdrawn first.
    """
    await _setting(tx)
    if (await holding(tx)).anything:
        raise StillHeld
    await queries.take_down(tx)
    await audit.record(tx, Action.GATE_REMOVED, by=by)


async def begin(tx: Tx, *, by: Actor) -> Gate:
    """
    Try what is held now.

    Raises:
        NothingHeld: There is nothing that could be tried.
        RunInProgress: A set is being asked already.
    """
    setting, now = await _setting(tx), await holding(tx)
    if not now.can_be_tried:
        raise NothingHeld
    if await run_queries.is_asking(tx):
        raise RunInProgress
    await _begin(tx, setting, now)
    await audit.record(tx, Action.GOLDEN_SET_ASKED, by=by, subject=setting.set_id)
    return await show(tx)


async def begin_when_ready(tx: Tx) -> None:
    """Try what is held once all of it is read, and again when it changed since; the worker's, after it has read."""
    setting = await queries.setting(tx)
    if setting is None:
        return
    now = await holding(tx)
    if not now.can_be_tried or not now.is_complete or await run_queries.is_asking(tx):
        return
    tried = await run_queries.run(tx, setting.candidate_run_id) if setting.candidate_run_id else None
    if tried is None or (now.changed_at is not None and tried.created_at < now.changed_at):
        await _begin(tx, setting, now)


async def decide(tx: Tx, candidate_run_id: UUID, bot_revision: UUID | None) -> bool:
    """Publish what was tried, if it passed and is still what was tried. Answers with whether."""
    setting, now = await queries.setting(tx), await holding(tx)
    if setting is None or setting.candidate_run_id != candidate_run_id:
        return False
    live = await run_queries.run(tx, setting.live_run_id) if setting.live_run_id else None
    candidate = await run_queries.run(tx, candidate_run_id)
    verdict = await _verdict(tx, setting, live, candidate)
    if candidate is None or verdict is None or not verdict.passed or not now.is_complete:
        return False
    if now.changed_at is None or now.changed_at > candidate.created_at or now.bot_revision != bot_revision:
        return False
    await _record(tx, "passed", await held.publish(tx), by=None, subject=candidate_run_id)
    return True


async def publish(tx: Tx, *, by: Actor) -> Passed:
    """
    Let what is held answer, whatever the set says.

    Raises:
        NothingHeld: Nothing of it is ready.
    """
    await _setting(tx)
    passed = await held.publish(tx)
    if not passed.anything:
        raise NothingHeld
    await _record(tx, "published", passed, by=by)
    return passed


async def withdraw(tx: Tx, *, by: Actor) -> Passed:
    """
    Give up what is held.

    Raises:
        NothingHeld: Nothing is.
    """
    await _setting(tx)
    passed = await held.withdraw(tx)
    if not passed.anything:
        raise NothingHeld
    await _record(tx, "withdrawn", passed, by=by)
    return passed


async def _record(tx: Tx, how: str, passed: Passed, *, by: Actor | None, subject: UUID | None = None) -> None:
    for held_action, count in (
        (f"held.{how}", passed.documents),
        (f"held.answers_{how}", passed.answers),
    ):
        if count:
            await audit.record(tx, Action(held_action), by=by, subject=subject, count=count)
    if passed.bot:
        await audit.record(tx, Action(f"held.bot_{how}"), by=by, subject=subject)


async def _setting(tx: Tx) -> Setting:
    setting = await queries.setting(tx)
    if setting is None:
        raise NoGate
    return setting


async def _begin(tx: Tx, setting: Setting, now: Holding) -> None:
    live, candidate = uuid7(), uuid7()
    questions = (await sets.get_set(tx, setting.set_id)).questions
    await run_queries.begin_run(tx, live, setting.set_id, "live", questions, None)
    await run_queries.begin_run(tx, candidate, setting.set_id, "candidate", questions, None, beside=live)
    ids = {"live_run_id": live, "candidate_run_id": candidate, **_tried(now)}
    await tx.enqueue("evaluation.try", queue="evaluation", lock=f"golden:{candidate}", **ids)


def _tried(now: Holding) -> dict[str, Any]:
    return {"bot_revision": now.bot_revision} if now.bot_revision is not None else {}


async def _verdict(tx: Tx, setting: Setting, live: Run | None, candidate: Run | None) -> Verdict | None:
    if live is None or candidate is None or candidate.status != "done":
        return None
    before = OUTCOMES.validate_python(await run_queries.results(tx, live.id))
    after = OUTCOMES.validate_python(await run_queries.results(tx, candidate.id))
    right = sum(one.right for one in after) / len(after) if after else 0.0
    wrong = turned(before, after).wrong
    return Verdict(round(right, 4), wrong, not wrong and bool(after) and right >= setting.minimum)


def _state(now: Holding, candidate: Run | None, verdict: Verdict | None) -> State:
    if not now.anything:
        return "open"
    if candidate is not None and candidate.ended_at is None:
        return "trying"
    if not now.is_complete:
        return "reading"
    tried = candidate is not None and now.changed_at is not None and candidate.created_at >= now.changed_at
    return "refused" if tried and verdict is not None else "waiting"

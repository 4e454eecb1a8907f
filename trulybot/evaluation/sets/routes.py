"""Golden sets over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from trulybot.conversations.feedback import NoMessage
from trulybot.evaluation.sets import queries, question_queries, run_queries, service
from trulybot.evaluation.sets.errors import GateNeedsIt, NameTaken, NothingToAsk, RunInProgress, SetFull
from trulybot.evaluation.sets.forms import Expected, NewQuestions, NewSet
from trulybot.evaluation.sets.models import GoldenQuestion, GoldenSet, Offer, Run, RunInFull
from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.kit.openapi import errors
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["quality"])

Reader = Annotated[Actor, may("documents:read")]
Writer = Annotated[Actor, may("documents:write")]


@router.get("/golden-sets")
async def sets(who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None) -> Listed[GoldenSet]:
    """The sets of questions whose right answers are known, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await queries.sets(tx, place(cursor_), limit + 1), limit)


@router.post("/golden-sets", status_code=201, responses=errors(NameTaken))
async def make(form: NewSet, who: Writer, db: Db) -> GoldenSet:
    """Make a golden set, still without a question."""
    async with db.workspace(who) as tx:
        return await service.make(tx, form.name, by=who)


@router.get("/golden-sets/{set_id}")
async def one_set(set_id: UUID, who: Reader, db: Db) -> GoldenSet:
    """One golden set."""
    async with db.workspace(who) as tx:
        return await queries.get_set(tx, set_id)


@router.delete("/golden-sets/{set_id}", status_code=204, responses=errors(GateNeedsIt))
async def remove(set_id: UUID, who: Writer, db: Db) -> None:
    """Remove a golden set with its questions and runs."""
    async with db.workspace(who) as tx:
        await service.remove(tx, set_id, by=who)


@router.get("/golden-sets/{set_id}/questions")
async def questions(
    set_id: UUID, who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[GoldenQuestion]:
    """A set's questions, from new to old."""
    async with db.workspace(who) as tx:
        await queries.get_set(tx, set_id)
        return paged(await question_queries.questions(tx, set_id, place(cursor_), limit + 1), limit)


@router.post("/golden-sets/{set_id}/questions", status_code=201, responses=errors(NoMessage, SetFull))
async def add(set_id: UUID, form: NewQuestions, who: Writer, db: Db) -> GoldenSet:
    """Add questions: written ones, ones that were really asked (by their `message_id`), and those of a file's text."""
    async with db.workspace(who) as tx:
        return await service.add(tx, set_id, form, by=who)


@router.get("/golden-sets/{set_id}/offers")
async def offers(set_id: UUID, who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None) -> Listed[Offer]:
    """Real questions that went unanswered or whose answer was disliked, and that the set does not hold yet."""
    async with db.workspace(who) as tx:
        await queries.get_set(tx, set_id)
        return paged(await question_queries.offers(tx, set_id, place(cursor_), limit + 1), limit)


@router.patch("/golden-questions/{question_id}")
async def expect(question_id: UUID, form: Expected, who: Writer, db: Db) -> GoldenQuestion:
    """Say what the right answer to a golden question is."""
    async with db.workspace(who) as tx:
        return await service.expect(tx, question_id, form, by=who)


@router.delete("/golden-questions/{question_id}", status_code=204)
async def remove_question(question_id: UUID, who: Writer, db: Db) -> None:
    """Take a question out of its set, with how it went."""
    async with db.workspace(who) as tx:
        await service.remove_question(tx, question_id, by=who)


@router.get("/golden-sets/{set_id}/runs")
async def runs(set_id: UUID, who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None) -> Listed[Run]:
    """When the set was asked and what came of it, from new to old."""
    async with db.workspace(who) as tx:
        await queries.get_set(tx, set_id)
        return paged(await run_queries.runs(tx, set_id, place(cursor_), limit + 1), limit)


@router.post("/golden-sets/{set_id}/runs", status_code=202, responses=errors(NothingToAsk, RunInProgress))
async def begin_run(set_id: UUID, who: Writer, db: Db) -> Run:
    """Have the whole set asked by the worker; ask for the run until its status is `done`."""
    async with db.workspace(who) as tx:
        return await service.begin_run(tx, set_id, "live", by=who)


@router.get("/golden-runs/{run_id}")
async def one_run(run_id: UUID, who: Reader, db: Db) -> RunInFull:
    """A run: its figures, how each question went, worst first, and the run before it."""
    async with db.workspace(who) as tx:
        return await service.run_in_full(tx, run_id)

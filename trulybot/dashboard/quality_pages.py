"""The pages about quality: golden sets, how they went, and the gate that asks them before a change goes live."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from trulybot.dashboard import plots
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.evaluation.figures import ANSWERING, CONFIDENCE, FINDING
from trulybot.evaluation.gate import service as gate
from trulybot.evaluation.gate.errors import NoGate
from trulybot.evaluation.gate.models import GateForm
from trulybot.evaluation.sets import queries, question_queries, run_queries, service
from trulybot.evaluation.sets.forms import Expected, NewQuestion, NewQuestions, NewSet, Promoted
from trulybot.evaluation.sets.models import Run
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import AppError, InvalidInput
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

PATH = "/dashboard/quality"
SHOWN = 50  # of sets, questions and offers; further ones are read by the API
FIRST = (None, None)
TELLING = {measure.name: measure.title for measure in (*ANSWERING, *FINDING, *CONFIDENCE)}

router = APIRouter(prefix="/dashboard", include_in_schema=False)

Text = Annotated[str, Form()]
Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Keeper = Annotated[Member, member("widget:write")]


@router.get("/quality")
async def show(request: Request, who: Reader, db: Db) -> Response:
    return await _overview(request, who, db)


@router.post("/quality/sets")
async def make(request: Request, who: Writer, db: Db, name: Text = "") -> Response:
    try:
        form = NewSet(name=name)
        async with db.workspace(who) as tx:
            made = await service.make(tx, form.name, by=who)
    except ValidationError:
        return await _overview(request, who, db, status=400, name=name, error="Give it a name of up to 200 characters.")
    except AppError as error:
        return await _overview(request, who, db, status=error.status, name=name, error=error.message)
    return RedirectResponse(f"{PATH}/{made.id}", status_code=303)


@router.post("/quality/gate")
async def put_up(
    request: Request, who: Keeper, db: Db, set_id: Annotated[UUID, Form()], percent: Annotated[int, Form(ge=0, le=100)]
) -> Response:
    try:
        async with db.workspace(who) as tx:
            await gate.put_up(tx, GateForm(set_id=set_id, minimum=percent / 100), by=who)
    except AppError as error:
        return await _overview(request, who, db, status=error.status, gate_error=error.message)
    return RedirectResponse(f"{PATH}#gate", status_code=303)


@router.post("/quality/gate/{act}")
async def at_the_gate(request: Request, act: str, who: Keeper, db: Db) -> Response:
    acts = {"removal": gate.take_down, "runs": gate.begin, "publication": gate.publish, "withdrawal": gate.withdraw}
    try:
        async with db.workspace(who) as tx:
            if act in acts:
                await acts[act](tx, by=who)
    except AppError as error:
        return await _overview(request, who, db, status=error.status, gate_error=error.message)
    return RedirectResponse(f"{PATH}#gate", status_code=303)


@router.get("/quality/{set_id}")
async def show_set(request: Request, set_id: UUID, who: Reader, db: Db) -> Response:
    return await _set(request, who, db, set_id)


@router.post("/quality/{set_id}/questions")
async def add(
    request: Request, set_id: UUID, who: Writer, db: Db, question: Text = "", answer: Text = "", refuse: Text = ""
) -> Response:
    try:
        written = NewQuestion(question=question, **_expected(answer, refuse).model_dump())
        async with db.workspace(who) as tx:
            await service.add(tx, set_id, NewQuestions(questions=[written]), by=who)
    except ValidationError:
        return await _set(request, who, db, set_id, status=400, error="Write the question, up to 8,000 characters.")
    except AppError as error:
        return await _set(request, who, db, set_id, status=error.status, error=error.message)
    return RedirectResponse(f"{PATH}/{set_id}#questions", status_code=303)


@router.post("/quality/{set_id}/files")
async def add_file(request: Request, set_id: UUID, who: Writer, db: Db, file: UploadFile) -> Response:
    try:
        form = NewQuestions(file=(await file.read()).decode("utf-8"))
        async with db.workspace(who) as tx:
            await service.add(tx, set_id, form, by=who)
    except InvalidInput as error:
        said = "; ".join(f"{one['field']}: {one['message']}" for one in error.details or [])
        return await _set(request, who, db, set_id, status=400, file_error=said)
    except (UnicodeDecodeError, ValidationError):
        return await _set(request, who, db, set_id, status=400, file_error="The file is no text, or over a megabyte.")
    except AppError as error:
        return await _set(request, who, db, set_id, status=error.status, file_error=error.message)
    return RedirectResponse(f"{PATH}/{set_id}#questions", status_code=303)


@router.post("/quality/{set_id}/offers/{message_id}")
async def keep_offer(
    request: Request, set_id: UUID, message_id: UUID, who: Writer, db: Db, answer: Text = "", refuse: Text = ""
) -> Response:
    try:
        kept = Promoted(message_id=message_id, expected=_expected(answer, refuse))
        async with db.workspace(who) as tx:
            await service.add(tx, set_id, NewQuestions(messages=[kept]), by=who)
    except AppError as error:
        return await _set(request, who, db, set_id, status=error.status, error=error.message)
    return RedirectResponse(f"{PATH}/{set_id}#offers", status_code=303)


@router.post("/quality/{set_id}/runs")
async def begin(request: Request, set_id: UUID, who: Writer, db: Db) -> Response:
    try:
        async with db.workspace(who) as tx:
            await service.begin_run(tx, set_id, "live", by=who)
    except AppError as error:
        return await _set(request, who, db, set_id, status=error.status, error=error.message)
    return RedirectResponse(f"{PATH}/{set_id}", status_code=303)


@router.post("/quality/{set_id}/removal")
async def remove(request: Request, set_id: UUID, who: Writer, db: Db) -> Response:
    try:
        async with db.workspace(who) as tx:
            await service.remove(tx, set_id, by=who)
    except AppError as error:
        return await _overview(request, who, db, status=error.status, error=error.message)
    return RedirectResponse(PATH, status_code=303)


@router.post("/quality/{set_id}/questions/{question_id}/removal")
async def remove_question(set_id: UUID, question_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await service.remove_question(tx, question_id, by=who)
    return RedirectResponse(f"{PATH}/{set_id}#questions", status_code=303)


async def _overview(request: Request, who: Member, db: Database, *, status: int = 200, **form: Any) -> Response:
    async with db.workspace(who) as tx:
        context: dict[str, Any] = await frame(tx, who, PATH)
        found = await queries.sets(tx, FIRST, SHOWN)
        last = {one.id: await _last(tx, one.id) for one in found}
        standing = await _gate(tx)
    context |= {"sets": found, "last": last, "gate": standing}
    context |= {"may_write": allows(who, "documents:write"), "may_keep": allows(who, "widget:write")}
    empty = {"name": "", "error": None, "gate_error": None}
    return render(request, "quality.html", status=status, **context, form={**empty, **form})


async def _last(tx: Tx, set_id: UUID) -> Run | None:
    """The last run of what visitors are answered from."""
    return next((run for run in await run_queries.runs(tx, set_id, FIRST, SHOWN) if run.view == "live"), None)


async def _gate(tx: Tx) -> Any:
    """The gate with the questions that the last try got wrong, or None."""
    try:
        standing = await gate.show(tx)
    except NoGate:
        return None
    wrong = []
    if standing.verdict is not None and standing.candidate is not None:
        run = await service.run_in_full(tx, standing.candidate.id)
        wrong = [one for one in run.results if one.id in set(standing.verdict.wrong)]
    return {"now": standing, "wrong": wrong}


async def _set(
    request: Request, who: Member, db: Database, set_id: UUID, *, status: int = 200, **form: Any
) -> Response:
    async with db.workspace(who) as tx:
        context: dict[str, Any] = await frame(tx, who, PATH)
        one = await queries.get_set(tx, set_id)
        runs = [run for run in await run_queries.runs(tx, set_id, FIRST, SHOWN) if run.view == "live"]
        done = next((run for run in runs if run.status == "done"), None)
        last = await service.run_in_full(tx, done.id) if done else None
        context |= {
            "questions": await question_queries.questions(tx, set_id, FIRST, SHOWN),
            "offers": await question_queries.offers(tx, set_id, FIRST, 10),
        }
    context |= {"set": one, "last": last, "asking": next((run for run in runs if run.ended_at is None), None)}
    context |= {"measures": TELLING, "width": plots.WIDTH, "height": plots.HEIGHT, "trend": plots.trend(runs)}
    context |= {"bars": plots.calibration(last.results) if last else [], "may_write": allows(who, "documents:write")}
    context["worst"] = [result for result in last.results if not result.right][:10] if last else []
    empty = {"error": None, "file_error": None}
    return render(request, "quality_set.html", status=status, **context, form={**empty, **form})


def _expected(answer: str, refuse: str) -> Expected:
    said = [one.strip() for one in answer.split("|") if one.strip()]
    return Expected(must_refuse=True) if refuse else Expected(answers=said)

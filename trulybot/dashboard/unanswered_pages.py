"""The pages of what nobody could answer: the list, and one group with its draft."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from trulybot.curated import service as curated
from trulybot.curated.errors import AnswersFull
from trulybot.curated.forms import ANSWER_CHARACTERS
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.evaluation.sets import queries as golden_sets
from trulybot.kit.db import Database
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.unanswered import queries, service
from trulybot.unanswered.forms import Approval
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

HERE = "/dashboard/unanswered"
SHOWN = 100
SETS_SHOWN = 5  # that a question can be kept in from here; most workspaces have one

router = APIRouter(prefix=HERE, include_in_schema=False)

Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Text = Annotated[str, Form()]


@router.get("")
async def show(request: Request, who: Reader, db: Db) -> Response:
    """What was asked most stands first."""
    async with db.workspace(who) as tx:
        around = await frame(tx, who, HERE)
        groups = await service.most_asked(tx, SHOWN)
    return render(request, "unanswered.html", **around, groups=groups)


@router.get("/{group_id}")
async def one(request: Request, group_id: UUID, who: Reader, db: Db) -> Response:
    return await _one(request, who, db, group_id)


@router.post("/{group_id}/approval")
async def approve(
    request: Request, group_id: UUID, who: Writer, db: Db, question: Text = "", answer: Text = ""
) -> Response:
    """Keep the answer, ask the questions again, and show which are told it now."""
    typed = {"question": question, "answer": answer}
    try:
        form = Approval(question=question or None, answer=answer)
        async with db.workspace(who) as tx:
            kept, asked = await service.approve(tx, group_id, form, by=who)
    except ValidationError:
        error = f"Write an answer of up to {ANSWER_CHARACTERS} characters."
        return await _one(request, who, db, group_id, status=400, form={**typed, "error": error})
    except AnswersFull as error:
        return await _one(request, who, db, group_id, status=error.status, form={**typed, "error": error.message})
    await curated.embed_now(db, request.app.state.embedder, who, kept.id)
    tested = await service.ask_again(db, request.app.state.answering, who, kept, asked)
    async with db.workspace(who) as tx:
        around = await frame(tx, who, HERE)
    return render(request, "unanswered_approved.html", status=201, **around, answer=kept, tested=tested)


@router.post("/{group_id}/dismissal")
async def dismiss(group_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await service.dismiss(tx, group_id, by=who)
    return RedirectResponse(HERE, status_code=303)


async def _one(
    request: Request, who: Member, db: Database, group_id: UUID, *, status: int = 200, **shown: Any
) -> Response:
    group = await service.in_full(db, request.app.state.answering, who, group_id)
    async with db.workspace(who) as tx:
        around = await frame(tx, who, HERE)
        sets = await golden_sets.sets(tx, (None, None), SETS_SHOWN)
        turn_id = await queries.newest_turn(tx, group_id)
    form = {"question": group.question, "answer": group.draft.text, "error": None}
    context = {
        "group": group,
        "sets": sets,
        "turn_id": turn_id,
        "may_write": allows(who, "documents:write"),
        "form": form,
    }
    return render(request, "unanswered_group.html", status=status, **{**around, **context, **shown})

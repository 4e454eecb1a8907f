"""The page of what the knowledge says twice and differently, and of what is over."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from trulybot.conflicts import queries
from trulybot.conflicts.routes import dismissed
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

HERE = "/dashboard/conflicts"
SHOWN = 100
KINDS = {
    "money": "Two amounts",
    "percentage": "Two shares",
    "duration": "Two durations",
    "date": "Two dates",
    "time": "Two times",
    "number": "Two numbers",
    "permission": "Yes and no",
}

router = APIRouter(prefix=HERE, include_in_schema=False)


@router.get("")
async def show(request: Request, who: Annotated[Member, member("documents:read")], db: Db) -> Response:
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
        found = await queries.page(tx, before=(None, None), limit=SHOWN)
    return render(
        request,
        "conflicts.html",
        **context,
        conflicts=[{**vars(one), "label": KINDS.get(one.kind, "Differs")} for one in found if one.other],
        stale=[one for one in found if not one.other],
        may_dismiss=allows(who, "documents:write"),
    )


@router.post("/{conflict_id}/dismissal")
async def dismiss(conflict_id: UUID, who: Annotated[Member, member("documents:write")], db: Db) -> Response:
    async with db.workspace(who) as tx:
        await dismissed(tx, conflict_id, by=who)
    return RedirectResponse(HERE, status_code=303)

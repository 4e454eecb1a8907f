"""The page of the workspace itself: its name, how sure its bot has to be, one's other workspaces, its end."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from trulybot.bots import service as bots
from trulybot.bots.forms import BotChange
from trulybot.bots.models import Caution
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.text import one_line
from trulybot.workspaces import deletion, queries, service, team
from trulybot.workspaces.access import SignedIn
from trulybot.workspaces.identity import Everywhere, Member

NAME_CHARACTERS = 200

router = APIRouter(prefix="/dashboard", include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/settings")
async def show(request: Request, who: Annotated[Member, member("workspace:read")], db: Db) -> Response:
    return await _page(request, who, db)


@router.post("/settings/name")
async def rename(
    request: Request, who: Annotated[Member, member("workspace:write")], db: Db, name: Text = ""
) -> Response:
    wanted = one_line(name)
    if not wanted or len(wanted) > NAME_CHARACTERS:
        error = f"Give it a name of up to {NAME_CHARACTERS} characters."
        return await _page(request, who, db, status=400, name=name, error=error)
    async with db.workspace(who) as tx:
        await service.rename(tx, wanted, by=who)
    return await _page(request, who, db, saved=True)


@router.post("/settings/caution")
async def be_careful(
    request: Request, who: Annotated[Member, member("workspace:write")], db: Db, caution: Annotated[Caution, Form()]
) -> Response:
    async with db.workspace(who) as tx:
        await bots.change(tx, BotChange(caution=caution), by=who)
    return await _page(request, who, db, careful=True)


@router.post("/settings/deletion")
async def delete(
    request: Request, who: Annotated[Member, member("workspace:write")], db: Db, ending: Text = ""
) -> Response:
    try:
        async with db.workspace(who) as tx:
            await deletion.plan_workspace(tx, ending, by=who, site=team.site(request))
    except AppError as error:
        return await _page(request, who, db, status=error.status, ending=ending, ending_error=error.message)
    return RedirectResponse("/dashboard/settings#deletion", status_code=303)


@router.post("/settings/deletion/cancellation")
async def keep(who: Annotated[Member, member("workspace:write")], db: Db) -> Response:
    async with db.workspace(who) as tx:
        await deletion.keep_workspace(tx, by=who)
    return RedirectResponse("/dashboard/settings", status_code=303)


@router.post("/workspaces/{workspace_id}/entry")
async def enter(workspace_id: UUID, who: SignedIn, db: Db) -> Response:
    """Open another of one's workspaces."""
    async with db.system("enter a workspace") as tx:
        await service.enter(tx, who.user_id, workspace_id)
    return RedirectResponse("/dashboard", status_code=303)


async def _page(request: Request, who: Member, db: Database, *, status: int = 200, **form: Any) -> Response:
    async with db.workspace(Everywhere(who)) as tx:
        everywhere = await queries.workspaces_of(tx, who.user_id)
    async with db.workspace(who) as tx:
        context: dict[str, Any] = await frame(tx, who, "/dashboard/settings")
        bot = await bots.bot(tx) if who.role == "owner" else None
        planned = await deletion.of_workspace(tx) if who.role == "owner" else None
    context |= {"workspaces": everywhere, "is_owner": who.role == "owner", "deletion": None}
    context |= (
        {"caution": bots.as_changed(bot).caution, "live": bot.caution} if bot else {"caution": None, "live": None}
    )
    if planned is not None:
        removes = {_said(name, count): count for name, count in asdict(planned.removes).items()}
        context["deletion"] = {"removes": removes, "due_at": planned.due_at}
    empty = {"name": context["workspace"].name, "error": None, "saved": False, "careful": False}
    empty |= {"ending": "", "ending_error": None}
    return render(request, "settings.html", status=status, **context, form={**empty, **form})


def _said(name: str, count: int) -> str:
    """How a count of these is spoken of: "1 API key", "3 leads"."""
    words = name.replace("api_keys", "API keys")
    return words.removesuffix("s") if count == 1 else words

"""The pages about people and programs: the team, the API keys."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, NotFound
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.text import one_line
from trulybot.workspaces import invitations, members, service, team
from trulybot.workspaces.access import KEY_SCOPES
from trulybot.workspaces.identity import Member
from trulybot.workspaces.limits import INVITED

# What a role may hand out, the most powerful first. The database holds to the same.
HANDED_OUT = {"owner": ("owner", "admin", "agent", "viewer"), "admin": ("admin", "agent", "viewer")}

SCOPES_SAID = {
    "chat": "Ask the bot",
    "search": "Look passages up",
    "documents:read": "List documents",
    "documents:write": "Add and delete documents",
    "leads:read": "Read leads",
}

router = APIRouter(prefix="/dashboard", include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/team")
async def show_team(request: Request, who: Annotated[Member, member("members:read")], db: Db) -> Response:
    return await _team(request, who, db)


@router.post("/team/invitations")
async def invite(
    request: Request, who: Annotated[Member, member("members:write")], db: Db, email: Text = "", role: Text = "agent"
) -> Response:
    typed = {"email": email, "role": role, "error": None}
    if role not in HANDED_OUT["owner"]:
        raise NotFound
    try:
        await request.app.state.limiter.take(INVITED, email.strip())
        async with db.workspace(who) as tx:
            invited = await team.invite(tx, email.strip(), role, by=who, site=team.site(request))  # type: ignore[arg-type]
    except AppError as error:
        return await _team(request, who, db, status=error.status, form={**typed, "error": error.message})
    return await _team(request, who, db, status=201, invited=invited)


@router.post("/team/invitations/{invitation_id}/withdrawal")
async def withdraw(invitation_id: UUID, who: Annotated[Member, member("members:write")], db: Db) -> Response:
    async with db.workspace(who) as tx:
        await team.withdraw(tx, invitation_id, by=who)
    return RedirectResponse("/dashboard/team", status_code=303)


@router.post("/team/members/{user_id}/role")
async def change_role(
    request: Request, user_id: UUID, who: Annotated[Member, member("members:write")], db: Db, role: Text = ""
) -> Response:
    if role not in HANDED_OUT["owner"]:
        raise NotFound
    try:
        async with db.workspace(who) as tx:
            await team.change_role(tx, user_id, role, by=who)  # type: ignore[arg-type]
    except AppError as error:
        return await _team(request, who, db, status=error.status, error=error.message)
    return RedirectResponse("/dashboard/team", status_code=303)


@router.post("/team/members/{user_id}/removal")
async def remove(request: Request, user_id: UUID, who: Annotated[Member, member("workspace:read")], db: Db) -> Response:
    try:
        async with db.workspace(who) as tx:
            await team.remove(tx, user_id, by=who)
    except AppError as error:
        return await _team(request, who, db, status=error.status, error=error.message)
    return RedirectResponse("/dashboard" if user_id == who.user_id else "/dashboard/team", status_code=303)


@router.get("/keys")
async def show_keys(request: Request, who: Annotated[Member, member("keys:write")], db: Db) -> Response:
    return await _keys(request, who, db)


@router.post("/keys")
async def make_key(
    request: Request,
    who: Annotated[Member, member("keys:write")],
    db: Db,
    name: Text = "",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:
    wanted = [scope for scope in KEY_SCOPES if scope in (scopes or [])]
    typed = {"name": name, "scopes": wanted, "error": None}
    if not one_line(name) or not wanted:
        error = "Say what it is for." if not one_line(name) else "Let it do at least one thing."
        return await _keys(request, who, db, status=400, form={**typed, "error": error})
    async with db.workspace(who) as tx:
        made = await service.make_key(tx, one_line(name)[:100], wanted, by=who)
    return await _keys(request, who, db, status=201, made=made)


@router.post("/keys/{key_id}/removal")
async def remove_key(key_id: UUID, who: Annotated[Member, member("keys:write")], db: Db) -> Response:
    async with db.workspace(who) as tx:
        await service.remove_key(tx, key_id, by=who)
    return RedirectResponse("/dashboard/keys", status_code=303)


async def _team(request: Request, who: Member, db: Database, *, status: int = 200, **shown: Any) -> Response:
    async with db.workspace(who) as tx:
        context: dict[str, Any] = {
            **await frame(tx, who, "/dashboard/team"),
            "members": await members.members(tx),
            "invitations": await invitations.pending(tx),
        }
    roles = HANDED_OUT.get(who.role, ())
    context |= {"own_id": who.user_id, "may_manage": bool(roles), "roles": roles, "invited": None, "error": None}
    context |= {"form": {"email": "", "role": "agent", "error": None}}
    return render(request, "team.html", status=status, **{**context, **shown})


async def _keys(request: Request, who: Member, db: Database, *, status: int = 200, **shown: Any) -> Response:
    async with db.workspace(who) as tx:
        context: dict[str, Any] = {**await frame(tx, who, "/dashboard/keys"), "keys": await service.keys(tx)}
    context |= {
        "made": None,
        "scopes": [{"name": scope, "text": SCOPES_SAID[scope]} for scope in KEY_SCOPES],
        "form": {"name": "", "scopes": ["chat"], "error": None},
    }
    return render(request, "keys.html", status=status, **{**context, **shown})

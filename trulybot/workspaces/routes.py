"""The person's profile, the workspace's keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import Listed
from trulybot.workspaces import queries, service
from trulybot.workspaces.access import NotPermitted, may
from trulybot.workspaces.forms import KeyRequest, ProfileChange
from trulybot.workspaces.identity import Actor, Everywhere, Member
from trulybot.workspaces.models import ApiKey, NewApiKey, ProfilePage, Workspace

router = APIRouter(prefix="/api", tags=["workspaces"], route_class=Repeatable)


@router.get("/user/profile")
async def profile(who: Annotated[Actor, may("workspace:read")], db: Db) -> ProfilePage:
    """You, your workspace, your plan and what you used of it this month."""
    return await _profile(_person(who), db)


@router.patch("/user/profile")
async def change_profile(form: ProfileChange, who: Annotated[Actor, may("workspace:read")], db: Db) -> ProfilePage:
    """Change your name, your language, or, as the owner, the workspace's name."""
    member = _person(who)
    if form.workspace_name is not None and member.role != "owner":
        raise NotPermitted(scope="workspace:write")
    async with db.workspace(member) as tx:
        if form.name is not None or form.locale is not None:
            await service.change_profile(tx, form.name, form.locale, by=member)
        if form.workspace_name is not None:
            await service.rename(tx, form.workspace_name, by=member)
    return await _profile(member, db)


@router.get("/workspaces")
async def workspaces(who: Annotated[Actor, may("workspace:read")], db: Db) -> Listed[Workspace]:
    """Every workspace you are a member of, the last used first."""
    async with db.workspace(Everywhere(_person(who))) as tx:
        return Listed(items=await queries.workspaces_of(tx, _person(who).user_id))


@router.get("/api-keys")
async def keys(who: Annotated[Actor, may("keys:write")], db: Db) -> Listed[ApiKey]:
    """The workspace's keys, each without its secret."""
    async with db.workspace(who) as tx:
        return Listed(items=await service.keys(tx))


@router.post("/api-keys", status_code=201)
async def make_key(form: KeyRequest, who: Annotated[Actor, may("keys:write")], db: Db) -> NewApiKey:
    """Make a key for a program. This answer is the only one that shows it."""
    async with db.workspace(who) as tx:
        return await service.make_key(tx, form.name, form.scopes, by=_person(who))


@router.delete("/api-keys/{key_id}", status_code=204)
async def remove_key(key_id: UUID, who: Annotated[Actor, may("keys:write")], db: Db) -> None:
    """Remove a key: whatever uses it is refused at once."""
    async with db.workspace(who) as tx:
        await service.remove_key(tx, key_id, by=who)


async def _profile(member: Member, db: Db) -> ProfilePage:
    async with db.workspace(Everywhere(member)) as tx:
        everywhere = await queries.workspaces_of(tx, member.user_id)
    async with db.workspace(member) as tx:
        return await service.profile(tx, member, everywhere)


def _person(who: Actor) -> Member:
    """Keys and visitors have no profile; the scopes keep them out, and this says so to the type checker."""
    if not isinstance(who, Member):
        raise NotPermitted(scope="workspace:read")
    return who

"""Members, invitations, further workspaces."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import Listed
from trulybot.kit.openapi import errors
from trulybot.workspaces import invitations, members, service, team
from trulybot.workspaces.access import NotPermitted, SignedIn, may
from trulybot.workspaces.errors import AlreadyMember, InvitationOfAnother, InvitationOver, LastOwner, RoleTooHigh
from trulybot.workspaces.forms import Acceptance, InvitationRequest, NewWorkspace, RoleChange
from trulybot.workspaces.identity import Actor, Member
from trulybot.workspaces.invitations import Invitation, NewInvitation
from trulybot.workspaces.limits import INVITED
from trulybot.workspaces.members import TeamMember
from trulybot.workspaces.models import Workspace

router = APIRouter(prefix="/api/workspaces", tags=["workspaces"], route_class=Repeatable)


@router.post("", status_code=201)
async def found(form: NewWorkspace, who: SignedIn, db: Db) -> Workspace:
    """Begin a further workspace, with yourself as its owner. It is the one you are in from now on."""
    return await service.found_another(db, who, form.name)


@router.get("/members")
async def list_members(who: Annotated[Actor, may("members:read")], db: Db) -> Listed[TeamMember]:
    """Everybody who belongs to the workspace."""
    async with db.workspace(who) as tx:
        return Listed(items=await members.members(tx))


@router.patch("/members/{user_id}", responses=errors(RoleTooHigh, LastOwner))
async def change_role(
    user_id: UUID, form: RoleChange, who: Annotated[Actor, may("members:write")], db: Db
) -> TeamMember:
    """Give a member another role."""
    async with db.workspace(who) as tx:
        return await team.change_role(tx, user_id, form.role, by=person(who))


@router.delete("/members/{user_id}", status_code=204, responses=errors(RoleTooHigh, LastOwner))
async def remove_member(user_id: UUID, who: Annotated[Actor, may("workspace:read")], db: Db) -> None:
    """Remove a member, or leave by removing yourself. What they may do ends at once; API keys they made end too."""
    async with db.workspace(who) as tx:
        await team.remove(tx, user_id, by=person(who))


@router.get("/invitations")
async def list_invitations(who: Annotated[Actor, may("members:read")], db: Db) -> Listed[Invitation]:
    """Invitations that nobody has accepted yet."""
    async with db.workspace(who) as tx:
        return Listed(items=await invitations.pending(tx))


# Nobody becomes a member without saying yes, so that making one begins as an invitation too.
@router.post("/members", status_code=201, responses=errors(RoleTooHigh, AlreadyMember))
@router.post("/invitations", status_code=201, responses=errors(RoleTooHigh, AlreadyMember))
async def invite(
    request: Request, form: InvitationRequest, who: Annotated[Actor, may("members:write")], db: Db
) -> NewInvitation:
    """Invite somebody by mail. They belong once they have signed in with that address and said yes."""
    await request.app.state.limiter.take(INVITED, form.email)
    async with db.workspace(who) as tx:
        return await team.invite(tx, form.email, form.role, by=person(who), site=team.site(request))


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw(invitation_id: UUID, who: Annotated[Actor, may("members:write")], db: Db) -> None:
    """Withdraw an invitation: its link leads nowhere any more."""
    async with db.workspace(who) as tx:
        await team.withdraw(tx, invitation_id, by=person(who))


@router.post("/invitations/acceptance", status_code=201, responses=errors(InvitationOver, InvitationOfAnother))
async def accept(form: Acceptance, who: SignedIn, db: Db) -> Workspace:
    """Accept an invitation that was sent to your address. Its workspace is the one you are in from now on."""
    return await team.accept(db, who, form.token)


def person(who: Actor) -> Member:
    """Keys and visitors have no team; the scopes keep them out, and this says so to the type checker."""
    if not isinstance(who, Member):
        raise NotPermitted(scope="members:write")
    return who

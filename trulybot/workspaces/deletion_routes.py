"""The end of a workspace, and of an account."""

from typing import Annotated

from fastapi import APIRouter, Request

from trulybot.kit.http import Db
from trulybot.kit.openapi import errors
from trulybot.workspaces import deletion, team
from trulybot.workspaces.access import SignedIn, may
from trulybot.workspaces.deletion import AccountDeletion, WorkspaceDeletion
from trulybot.workspaces.errors import NotConfirmed, OwnsAlone, RoleTooHigh
from trulybot.workspaces.forms import AccountEnd, WorkspaceEnd
from trulybot.workspaces.identity import Actor
from trulybot.workspaces.team_routes import person

router = APIRouter(prefix="/api", tags=["workspaces"])


@router.get("/workspaces/deletion")
async def workspace_deletion(who: Annotated[Actor, may("workspace:write")], db: Db) -> WorkspaceDeletion:
    """What deleting the workspace would remove, and when it will be, if that is planned."""
    async with db.workspace(who) as tx:
        return await deletion.of_workspace(tx)


@router.post("/workspaces/deletion", status_code=202, responses=errors(NotConfirmed, RoleTooHigh))
async def delete_workspace(
    request: Request, form: WorkspaceEnd, who: Annotated[Actor, may("workspace:write")], db: Db
) -> WorkspaceDeletion:
    """Delete the workspace with everything in it, two weeks from now. Its bot greets no new visitor from now on."""
    async with db.workspace(who) as tx:
        return await deletion.plan_workspace(tx, form.name, by=person(who), site=team.site(request))


@router.delete("/workspaces/deletion", status_code=204, responses=errors(RoleTooHigh))
async def keep_workspace(who: Annotated[Actor, may("workspace:write")], db: Db) -> None:
    """Keep the workspace after all."""
    async with db.workspace(who) as tx:
        await deletion.keep_workspace(tx, by=person(who))


@router.get("/user/deletion")
async def account_deletion(who: SignedIn, db: Db) -> AccountDeletion:
    """What deleting your account would remove with it, and when it will be, if that is planned."""
    async with db.system("what an account takes along") as tx:
        return await deletion.of_account(tx, who.user_id)


@router.post("/user/deletion", status_code=202, responses=errors(NotConfirmed, OwnsAlone))
async def delete_account(request: Request, form: AccountEnd, who: SignedIn, db: Db) -> AccountDeletion:
    """Delete your account two weeks from now, with the workspaces in which you are alone."""
    return await deletion.plan_account(db, request.app.state.accounts, who, form.password, site=team.site(request))


@router.delete("/user/deletion", status_code=204)
async def keep_account(who: SignedIn, db: Db) -> None:
    """Keep your account after all."""
    async with db.system("keep an account") as tx:
        await deletion.keep_account(tx, who)

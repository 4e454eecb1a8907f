"""Pages for somebody who may belong to no workspace: an invitation, the end of their account."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, Unauthenticated
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.text import one_line
from trulybot.workspaces import deletion, invitations, service, team
from trulybot.workspaces.access import SignedIn
from trulybot.workspaces.errors import InvitationOver
from trulybot.workspaces.identity import signed_in

router = APIRouter(include_in_schema=False)


@router.get("/invitations/{token}")
async def show_invitation(request: Request, token: str, db: Db) -> Response:
    return await _invitation(request, token, db)


@router.post("/invitations/{token}")
async def accept(request: Request, token: str, who: SignedIn, db: Db) -> Response:
    try:
        await team.accept(db, who, token)
    except InvitationOver:
        return await _invitation(request, token, db)
    except AppError as error:
        return await _invitation(request, token, db, error)
    return RedirectResponse("/dashboard", status_code=303)


@router.get("/begin")
async def show_beginning(request: Request, who: SignedIn) -> Response:
    """For somebody who belongs to no workspace, or not any more."""
    return render(request, "begin.html", email=who.email, links=[], here="/begin", error=None)


@router.post("/begin")
async def begin(request: Request, who: SignedIn, db: Db, name: Annotated[str, Form()] = "") -> Response:
    """A further workspace, or the first after having left every other."""
    if not one_line(name):
        error = "Give it a name."
        return render(request, "begin.html", status=400, email=who.email, links=[], here="/begin", error=error)
    await service.found_another(db, who, one_line(name))
    return RedirectResponse("/dashboard", status_code=303)


@router.get("/account/deletion")
async def show_deletion(request: Request, who: SignedIn, db: Db) -> Response:
    async with db.system("what an account takes along") as tx:
        planned = await deletion.of_account(tx, who.user_id)
    return _deletion(request, who.email, planned)


@router.post("/account/deletion")
async def delete(request: Request, who: SignedIn, db: Db, password: Annotated[str, Form()] = "") -> Response:
    try:
        planned = await deletion.plan_account(db, request.app.state.accounts, who, password, site=team.site(request))
    except AppError as error:
        async with db.system("what an account takes along") as tx:
            planned = await deletion.of_account(tx, who.user_id)
        return _deletion(request, who.email, planned, error)
    return _deletion(request, who.email, planned)


@router.post("/account/deletion/cancellation")
async def keep(who: SignedIn, db: Db) -> Response:
    async with db.system("keep an account") as tx:
        await deletion.keep_account(tx, who)
    return RedirectResponse("/account", status_code=303)


async def _invitation(request: Request, token: str, db: Database, error: AppError | None = None) -> Response:
    try:
        who = (await signed_in(request)).email
    except Unauthenticated:
        who = None
    try:
        async with db.system("show an invitation") as tx:
            offer = await invitations.offer(tx, token)
    except InvitationOver as over:
        return render(request, "invitation.html", status=over.status, offer=None, token=token, email=who, error=None)
    said = error.message if error else None
    status = error.status if error else 200
    return render(request, "invitation.html", status=status, offer=offer, token=token, email=who, error=said)


def _deletion(
    request: Request, email: str, planned: deletion.AccountDeletion, error: AppError | None = None
) -> Response:
    context: dict[str, Any] = {"email": email, "links": [], "here": "/account", "deletion": planned}
    status = error.status if error else 200
    return render(request, "account_deletion.html", status=status, error=error.message if error else None, **context)

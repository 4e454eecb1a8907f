"""The page between the password and the dashboard, for whoever has a second factor."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from trulybot.accounts import sessions
from trulybot.accounts.config import Config
from trulybot.accounts.cookies import keep_session, own_path, session_cookie
from trulybot.accounts.factors import recovery, service
from trulybot.accounts.factors.errors import CodeRefused
from trulybot.accounts.models import Person
from trulybot.kit.csrf import same_origin
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.limits import LimitReached
from trulybot.kit.pages import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SAID = {
    CodeRefused: "This code is not right, or was used already. Wait for the next one.",
    LimitReached: "Too many wrong codes. Wait a quarter of an hour.",
}


@router.get("/sign-in/second-factor", name="second_factor")
async def show(request: Request, accounts: Config, db: Db, next: str = "") -> Response:
    person = await _half_way(request, accounts, db)
    if person is None:
        return RedirectResponse("/sign-in", 303)
    if not person.needs_second_factor:
        return RedirectResponse(own_path(next), 303)
    return render(request, "second_factor.html", next=next, error=None)


@router.post("/sign-in/second-factor", dependencies=[Depends(same_origin)])
async def verify(
    request: Request,
    accounts: Config,
    db: Db,
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    person = await _half_way(request, accounts, db)
    if person is None:
        return RedirectResponse("/sign-in", 303)
    try:
        recovery_code = recovery.digits_of(code)
        if recovery_code is not None:
            secret = await recovery.use(db, accounts, person, recovery_code)
        else:
            secret = (await service.verify_in_browser(db, accounts, person, code)).secret
    except AppError as error:
        said = SAID.get(type(error), error.message)
        return render(request, "second_factor.html", status=error.status, next=next, error=said)
    return keep_session(RedirectResponse(own_path(next), 303), request, secret)


async def _half_way(request: Request, accounts: Config, db: Database) -> Person | None:
    async with db.system("who is this") as tx:
        return await sessions.person_by_cookie(tx, accounts, session_cookie(request) or "")

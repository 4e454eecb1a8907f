"""Sign-up, sign-in and sign-out for people at a browser, by a cookie."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from trulybot.accounts import cookies, lockout, service, sessions, signing_up
from trulybot.accounts.config import Config, accounts
from trulybot.accounts.devices import MARKS_COOKIES, From
from trulybot.accounts.errors import (
    EmailNotConfirmed,
    GuessablePassword,
    InvalidCredentials,
    InvalidEmail,
    InvalidPassword,
    UserAlreadyExists,
    WeakPassword,
)
from trulybot.accounts.forms import SignUp, read_email
from trulybot.accounts.one_time import pages as one_time_pages
from trulybot.accounts.providers import pages as provider_pages
from trulybot.accounts.supabase import signing_in as supabase
from trulybot.accounts.supabase.project import CodeNeeded
from trulybot.kit.csrf import same_origin
from trulybot.kit.edge import refuse_if_filled
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.text import one_line

REMEMBERED_SECONDS = 400 * 86_400  # the longest that browsers keep a cookie

# Beside which field of the form an error is shown.
FIELDS: Mapping[type[AppError], str] = {
    InvalidEmail: "email",
    UserAlreadyExists: "email",
    InvalidPassword: "password",
    WeakPassword: "password",
    GuessablePassword: "password",
    CodeNeeded: "code",
}

# What a program reads is fixed by a contract; a person is told in words of ours.
SAID: Mapping[type[AppError], str] = {
    InvalidCredentials: "The email or the password is not right.",
    EmailNotConfirmed: "Confirm your email first, by the link in the mail that we sent you.",
}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(one_time_pages.router)

Field = Annotated[str, Form()]


@router.get("/sign-in", name="sign_in")
async def show_sign_in(request: Request, next: str = "", refused: str = "") -> Response:
    return _page(request, "sign_in.html", form={"next": next}, notice=provider_pages.said(refused))


@router.post("/sign-in", dependencies=[Depends(same_origin)])
async def sign_in(
    request: Request,
    accounts: Config,
    db: Db,
    device: From,
    email: Field = "",
    password: Field = "",
    code: Field = "",
    next: Field = "",
) -> Response:
    # Whatever session this browser had ends here: a secret from before signing in is never one from after it.
    replaces = cookies.session_cookie(request)
    try:
        if accounts.supabase is None:
            secret = await service.sign_in_browser(
                db, accounts, email.strip(), password, replaces=replaces, device=device
            )
        else:
            secret = await supabase.sign_in_browser(
                db,
                accounts,
                accounts.supabase,
                email=email.strip(),
                password=password,
                code=code.strip(),
                replaces=replaces,
                device=device,
            )
    except AppError as error:
        return _page(request, "sign_in.html", form={"email": email, "next": next}, error=error)
    response = cookies.signed_in(request, secret, next)
    _remember(response, request, lockout.marks(accounts, email.strip(), device.marks))
    return response


@router.get("/sign-up", name="sign_up")
async def show_sign_up(request: Request, next: str = "") -> Response:
    return _page(request, "sign_up.html", form={"next": next})


@router.post("/sign-up", dependencies=[Depends(same_origin)])
async def sign_up(
    request: Request,
    accounts: Config,
    db: Db,
    device: From,
    email: Field = "",
    password: Field = "",
    workspace_name: Field = "",
    next: Field = "",
    homepage: Field = "",
) -> Response:
    name = one_line(workspace_name)
    try:
        refuse_if_filled(homepage)
        form = SignUp(email=read_email(email.strip()), password=password, data={"workspace_name": name} if name else {})
        secret = await signing_up.sign_up_in_browser(
            db, accounts, form, replaces=cookies.session_cookie(request), device=device
        )
    except EmailNotConfirmed:
        return render(request, "mail_sent.html", email=email.strip())
    except AppError as error:
        typed = {"email": email, "workspace_name": workspace_name, "next": next}
        return _page(request, "sign_up.html", form=typed, error=error)
    response = cookies.signed_in(request, secret, next)
    _remember(response, request, lockout.marks(accounts, email.strip(), device.marks))
    return response


@router.post("/sign-out", name="sign_out", dependencies=[Depends(same_origin)])
async def sign_out(request: Request, accounts: Config, db: Db) -> Response:
    secret = cookies.session_cookie(request)
    if secret is not None:
        async with db.system("sign out") as tx:
            await sessions.end_browser_session(tx, accounts, secret)
    return cookies.signed_out(request)


def _page(
    request: Request, template: str, *, form: Mapping[str, str], error: AppError | None = None, notice: str = ""
) -> Response:
    """notice: what happened before the page was opened."""
    errors = {FIELDS.get(type(error), "general"): SAID.get(type(error), error.message)} if error else {}
    response = render(
        request,
        template,
        status=error.status if error else 200,
        form=form,
        errors=errors if error or not notice else {"general": notice},
        providers=accounts(request).providers.values(),
        is_supabase=accounts(request).supabase is not None,
        password_min_length=accounts(request).password_min_length,
    )
    response.headers.update(error.headers if error else {})
    return response


def _remember(response: Response, request: Request, marks: str) -> None:
    """So that whoever guesses this person's password from elsewhere cannot keep them out of here."""
    name = MARKS_COOKIES[0 if cookies.is_secure(request) else 1]
    cookies.keep(response, request, name, marks, seconds=REMEMBERED_SECONDS)


router.include_router(provider_pages.router)

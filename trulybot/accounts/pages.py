"""Sign-up, sign-in and sign-out for people at a browser, by a cookie."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from trulybot.accounts import service, sessions
from trulybot.accounts.config import Config, accounts
from trulybot.accounts.errors import (
    InvalidCredentials,
    InvalidEmail,
    InvalidPassword,
    UserAlreadyExists,
    WeakPassword,
)
from trulybot.accounts.forms import SignUp, read_email
from trulybot.accounts.session_queries import LIFETIME
from trulybot.kit.csrf import same_origin
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.text import one_line

HOME = "/dashboard"

# A path of ours. Browsers read a backslash as a slash and drop tabs and line ends, so `/\t/evil.com` is another site.
OWN_PATH = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")

# Beside which field of the form an error is shown.
FIELDS: Mapping[type[AppError], str] = {
    InvalidEmail: "email",
    UserAlreadyExists: "email",
    InvalidPassword: "password",
    WeakPassword: "password",
}

# What a program reads is fixed by a contract; a person is told in words of ours.
SAID: Mapping[type[AppError], str] = {InvalidCredentials: "The email or the password is not right."}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Field = Annotated[str, Form()]


def session_cookie(request: Request) -> str | None:
    """The secret that this browser's session lives by."""
    return request.cookies.get(_cookie_name(_is_secure(request)))


def own_path(next: str) -> str:
    """Where to go after signing in; the dashboard when `next` would lead to another site."""
    return next if OWN_PATH.fullmatch(next) else HOME


@router.get("/sign-in", name="sign_in")
async def show_sign_in(request: Request, next: str = "") -> Response:
    return _page(request, "sign_in.html", form={"next": next})


@router.post("/sign-in", dependencies=[Depends(same_origin)])
async def sign_in(
    request: Request, accounts: Config, db: Db, email: Field = "", password: Field = "", next: Field = ""
) -> Response:
    try:
        # Whatever session this browser had ends here: a secret from before signing in is never one from after it.
        secret = await service.sign_in_browser(db, accounts, email.strip(), password, replaces=session_cookie(request))
    except AppError as error:
        return _page(request, "sign_in.html", form={"email": email, "next": next}, error=error)
    return _signed_in(request, secret, next)


@router.get("/sign-up", name="sign_up")
async def show_sign_up(request: Request, next: str = "") -> Response:
    return _page(request, "sign_up.html", form={"next": next})


@router.post("/sign-up", dependencies=[Depends(same_origin)])
async def sign_up(
    request: Request,
    accounts: Config,
    db: Db,
    email: Field = "",
    password: Field = "",
    workspace_name: Field = "",
    next: Field = "",
) -> Response:
    name = one_line(workspace_name)
    try:
        form = SignUp(email=read_email(email.strip()), password=password, data={"workspace_name": name} if name else {})
        secret = await service.sign_up_in_browser(db, accounts, form, replaces=session_cookie(request))
    except AppError as error:
        typed = {"email": email, "workspace_name": workspace_name, "next": next}
        return _page(request, "sign_up.html", form=typed, error=error)
    return _signed_in(request, secret, next)


@router.post("/sign-out", name="sign_out", dependencies=[Depends(same_origin)])
async def sign_out(request: Request, accounts: Config, db: Db) -> Response:
    secret = session_cookie(request)
    if secret is not None:
        async with db.system("sign out") as tx:
            await sessions.end_browser_session(tx, accounts, secret)
    response = RedirectResponse("/sign-in", 303)
    secure = _is_secure(request)
    response.delete_cookie(_cookie_name(secure), path="/", secure=secure, httponly=True, samesite="lax")
    return response


def _page(request: Request, template: str, *, form: Mapping[str, str], error: AppError | None = None) -> Response:
    errors = {FIELDS.get(type(error), "general"): SAID.get(type(error), error.message)} if error else {}
    return render(
        request,
        template,
        status=error.status if error else 200,
        form=form,
        errors=errors,
        password_min_length=accounts(request).password_min_length,
    )


def _signed_in(request: Request, secret: str, next: str) -> Response:
    secure = _is_secure(request)
    response = RedirectResponse(own_path(next), 303)
    response.set_cookie(
        _cookie_name(secure),
        secret,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response


def _is_secure(request: Request) -> bool:
    return accounts(request).secure_cookies or request.scope["scheme"] == "https"


def _cookie_name(secure: bool) -> str:
    """Browsers keep a __Host- cookie only over https, from this very host and for every path of it."""
    return "__Host-trulybot" if secure else "trulybot"

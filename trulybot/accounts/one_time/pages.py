"""
Pages that our mails lead to, and the one that asks for such a mail.

Opening one spends nothing: mail scanners follow every link. The button does.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from trulybot.accounts import cookies
from trulybot.accounts.config import Config, accounts
from trulybot.accounts.devices import From
from trulybot.accounts.errors import (
    InvalidEmail,
    InvalidPassword,
    UserBanned,
    ValidationFailed,
    WeakPassword,
)
from trulybot.accounts.one_time import resetting, service, verification
from trulybot.accounts.one_time.errors import CodeExpired, LinkExpired
from trulybot.accounts.one_time.sending import Way
from trulybot.kit.csrf import same_origin
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.limits import LimitReached
from trulybot.kit.pages import render

RESET = "/reset-password"
CONFIRM = "/confirm-email"

USED_UP = "This link has been used or is too old. Ask for a new one."

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Field = Annotated[str, Form()]


@router.get("/forgot-password", name="forgot_password")
async def show_forgot_password(request: Request) -> Response:
    return render(request, "forgot_password.html", email="", errors={})


@router.post("/forgot-password", dependencies=[Depends(same_origin)])
async def forgot_password(request: Request, accounts: Config, db: Db, email: Field = "") -> Response:
    try:
        await service.recover(db, accounts, email.strip(), Way("", page=RESET))
    except InvalidEmail as error:
        return _with_errors(request, "forgot_password.html", error, "email", email=email)
    except LimitReached as error:
        return _with_errors(request, "forgot_password.html", error, "general", email=email)
    return render(request, "mail_sent.html", email=email.strip())


@router.get(RESET, name="reset_password")
async def show_reset_password(request: Request, token: str = "") -> Response:
    return _reset_page(request, token)


@router.post(RESET, dependencies=[Depends(same_origin)])
async def reset_password(
    request: Request, accounts: Config, db: Db, device: From, token: Field = "", password: Field = ""
) -> Response:
    try:
        secret = await resetting.reset_password(
            db, accounts, token, password, replaces=cookies.session_cookie(request), device=device
        )
    except (WeakPassword, InvalidPassword) as error:
        return _reset_page(request, token, error, {"password": error.message})
    except (LinkExpired, CodeExpired, UserBanned) as error:
        return _reset_page(request, token, error, {"general": USED_UP})
    return cookies.signed_in(request, secret, "")


@router.get(CONFIRM, name="confirm_email")
async def show_confirm_email(request: Request, token: str = "", type: str = "signup") -> Response:
    return render(request, "confirm_email.html", token=token, type=type, errors={}, is_halfway=False)


@router.post(CONFIRM, dependencies=[Depends(same_origin)])
async def confirm_email(
    request: Request, accounts: Config, db: Db, device: From, token: Field = "", type: Field = "signup"
) -> Response:
    try:
        secret = await verification.in_browser(
            db, accounts, type, token, replaces=cookies.session_cookie(request), device=device
        )
    except (LinkExpired, CodeExpired, UserBanned, ValidationFailed) as error:
        errors = {"general": USED_UP}
        shown = {"token": "", "type": type, "errors": errors, "is_halfway": False}
        return render(request, "confirm_email.html", status=error.status, **shown)
    if secret is None:
        return render(request, "confirm_email.html", token="", type=type, errors={}, is_halfway=True)
    return cookies.signed_in(request, secret, "")


def _reset_page(
    request: Request, token: str, error: AppError | None = None, errors: dict[str, str] | None = None
) -> Response:
    return render(
        request,
        "reset_password.html",
        status=error.status if error else 200,
        token=token,
        errors=errors or {},
        password_min_length=accounts(request).password_min_length,
    )


def _with_errors(request: Request, template: str, error: AppError, field: str, **typed: str) -> Response:
    response = render(request, template, status=error.status, errors={field: error.message}, **typed)
    response.headers.update(error.headers)
    return response

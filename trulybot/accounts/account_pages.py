"""A person's own page: how they sign in, their second factors, and where they are signed in."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from trulybot.accounts import changing, devices, session_queries, sessions
from trulybot.accounts import service as signing
from trulybot.accounts.config import Accounts, Config
from trulybot.accounts.cookies import keep_session, session_cookie
from trulybot.accounts.errors import (
    CurrentPasswordInvalid,
    CurrentPasswordRequired,
    EmailExists,
    GuessablePassword,
    InvalidEmail,
    InvalidPassword,
    ReauthenticationNeeded,
    SamePassword,
    SecondFactorRequired,
    WeakPassword,
)
from trulybot.accounts.factors import codes, recovery, service
from trulybot.accounts.factors import queries as factor_queries
from trulybot.accounts.factors.errors import CodeRefused, FactorNameTaken
from trulybot.accounts.factors.pages import SAID
from trulybot.accounts.forms import UserChange
from trulybot.accounts.models import Person
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.csrf import same_origin
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, NotFound, Unauthenticated
from trulybot.kit.http import Db
from trulybot.kit.limits import LimitReached
from trulybot.kit.pages import render

ACCOUNT = "/account"

# Beside which field of which form an error is shown.
EMAIL_FIELDS: Mapping[type[AppError], str] = {
    CurrentPasswordInvalid: "email_password",
    CurrentPasswordRequired: "email_password",
    EmailExists: "new_email",
    InvalidEmail: "new_email",
}
PASSWORD_FIELDS: Mapping[type[AppError], str] = {
    CurrentPasswordInvalid: "current_password",
    CurrentPasswordRequired: "current_password",
    ReauthenticationNeeded: "current_password",
    InvalidPassword: "new_password",
    SamePassword: "new_password",
    WeakPassword: "new_password",
    GuessablePassword: "new_password",
}
# What a program reads is fixed by a contract; a person is told in words of ours.
WORDS: Mapping[type[AppError], str] = {
    CurrentPasswordInvalid: "This is not your password.",
    CurrentPasswordRequired: "Enter your present password.",
    ReauthenticationNeeded: "Enter your present password.",
    FactorNameTaken: "You have an app of this name already.",
    **SAID,
}


class StaleSession(AppError):
    """You signed in more than a day ago. Sign out and in again to change this."""

    status, code = 403, "session_not_fresh"


async def _person(request: Request, accounts: Config, db: Db) -> Person:
    """
    Raises:
        Unauthenticated, SecondFactorRequired: Nobody is signed in, or only half.
    """
    async with db.system("who is this") as tx:
        person = await sessions.person_by_cookie(tx, accounts, session_cookie(request) or "")
    if person is None:
        raise Unauthenticated
    if person.needs_second_factor:
        raise SecondFactorRequired
    return person


Who = Annotated[Person, Depends(_person)]
Field = Annotated[str, Form()]

router = APIRouter(
    prefix=ACCOUNT,
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(same_origin)],
)


@router.get("", name="account")
async def show(request: Request, who: Who, db: Db, saved: str = "") -> Response:
    return await _page(request, who, db, saved=saved)


@router.post("/email")
async def change_email(
    request: Request, who: Who, accounts: Config, db: Db, new_email: Field = "", email_password: Field = ""
) -> Response:
    form = UserChange(email=new_email.strip(), current_password=email_password)
    try:
        await _require_password(db, who, email_password)
        account = await changing.change_user(db, accounts, _claims(who), form)
    except AppError as error:
        return await _refused(request, who, db, error, EMAIL_FIELDS, {"new_email": new_email})
    waits = account.user.email != new_email.strip().lower()
    return _back("email-waits" if waits else "email")


@router.post("/password")
async def change_password(
    request: Request, who: Who, accounts: Config, db: Db, current_password: Field = "", new_password: Field = ""
) -> Response:
    form = UserChange(password=new_password, current_password=current_password)
    try:
        await _require_password(db, who, current_password)
        if not new_password:
            raise WeakPassword(length=accounts.password_min_length)
        await changing.change_user(db, accounts, _claims(who), form)
    except AppError as error:
        return await _refused(request, who, db, error, PASSWORD_FIELDS)
    return _back("password")


@router.post("/second-factors")
async def begin_factor(request: Request, who: Who, accounts: Config, db: Db, factor_name: Field = "") -> Response:
    try:
        await _require_fresh(db, who)
        begun = await service.enrol(db, accounts, who, name=factor_name, anew=True)
    except AppError as error:
        return await _refused(request, who, db, error, {FactorNameTaken: "factor_name"}, {"factor_name": factor_name})
    return RedirectResponse(f"{ACCOUNT}/second-factors/{begun.factor.id}", 303)


@router.get("/second-factors/{factor_id}")
async def show_factor(request: Request, factor_id: UUID, who: Who, accounts: Config, db: Db) -> Response:
    return await _setting_up(request, factor_id, who, accounts, db)


@router.post("/second-factors/{factor_id}")
async def finish_factor(
    request: Request, factor_id: UUID, who: Who, accounts: Config, db: Db, code: Field = ""
) -> Response:
    """The first factor comes with recovery codes, which are shown on the page that answers, and never again."""
    try:
        raised = await service.verify_in_browser(db, accounts, who, code, factor_id=factor_id)
    except (CodeRefused, LimitReached) as error:
        return await _setting_up(request, factor_id, who, accounts, db, error=error)
    if not raised.is_first:
        return keep_session(_back("factor"), request, raised.secret)
    async with db.system("make recovery codes") as tx:
        made = await recovery.renew(tx, accounts, who)
    return keep_session(_codes(request, who, made), request, raised.secret)


@router.post("/second-factors/{factor_id}/removal")
async def remove_factor(request: Request, factor_id: UUID, who: Who, db: Db) -> Response:
    try:
        await _require_fresh(db, who)
        async with db.system("remove a second factor") as tx:
            await service.remove(tx, who, factor_id)
    except AppError as error:
        return await _refused(request, who, db, error, {})
    return _back("factor-removed")


@router.post("/recovery-codes")
async def renew_codes(request: Request, who: Who, accounts: Config, db: Db) -> Response:
    if not who.has_factor:
        raise NotFound
    try:
        await _require_fresh(db, who)
    except AppError as error:
        return await _refused(request, who, db, error, {})
    async with db.system("make recovery codes") as tx:
        made = await recovery.renew(tx, accounts, who)
    return _codes(request, who, made)


@router.post("/sessions/{session_id}/end")
async def end_session(session_id: UUID, who: Who, db: Db) -> Response:
    async with db.system("end a session") as tx:
        await signing.end_session(tx, who, session_id)
    return _back("session")


@router.post("/other-sessions/end")
async def end_other_sessions(who: Who, db: Db) -> Response:
    async with db.system("end sessions") as tx:
        await signing.sign_out(tx, who, signing.Scope.OTHERS)
    return _back("session")


async def _page(
    request: Request,
    who: Person,
    db: Database,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    saved: str = "",
) -> Response:
    async with db.system("show an account") as tx:
        account = await sessions.account(tx, who.user_id)
        shown: dict[str, Any] = {
            "has_password": (await session_queries.secret(tx, who)).password_hash is not None,
            "codes_left": await factor_queries.recovery_codes_left(tx, who.user_id),
            "sessions": await session_queries.open_of(tx, who),
        }
    return render(
        request,
        "account.html",
        status=status,
        here=ACCOUNT,
        links=[],
        email=account.user.email,
        new_email=account.user.new_email,
        identities=account.identities,
        factors=[factor for factor in account.factors if factor.is_verified],
        device=devices.spoken,
        password_min_length=request.app.state.accounts.password_min_length,
        errors=errors or {},
        form=form or {},
        saved=saved,
        **shown,
    )


async def _refused(
    request: Request,
    who: Person,
    db: Database,
    error: AppError,
    fields: Mapping[type[AppError], str],
    form: Mapping[str, str] | None = None,
) -> Response:
    said = {fields.get(type(error), "general"): WORDS.get(type(error), error.message)}
    return await _page(request, who, db, status=error.status, errors=said, form=form)


async def _setting_up(
    request: Request, factor_id: UUID, who: Person, accounts: Accounts, db: Database, error: AppError | None = None
) -> Response:
    begun = await service.enrolment(db, accounts, who, factor_id)
    return render(
        request,
        "set_up_factor.html",
        status=error.status if error else 200,
        here=ACCOUNT,
        links=[],
        email=who.email,
        factor=begun.factor,
        picture=Markup(codes.qr_code(begun.uri)),  # noqa: S704  (our own drawing of it)
        seed=begun.seed,
        error=WORDS.get(type(error), error.message) if error else None,
    )


def _codes(request: Request, who: Person, made: list[str]) -> Response:
    return render(request, "recovery_codes.html", here=ACCOUNT, links=[], email=who.email, codes=made)


def _back(saved: str) -> RedirectResponse:
    return RedirectResponse(f"{ACCOUNT}?saved={saved}", 303)


async def _require_password(db: Database, who: Person, password: str) -> None:
    """On this page the present password is always asked for, by whoever has one: a freshly left computer is enough."""
    async with db.system("read user") as tx:
        secret = await session_queries.secret(tx, who)
    if secret.password_hash is not None and not password:
        raise CurrentPasswordRequired


async def _require_fresh(db: Database, who: Person) -> None:
    async with db.system("read user") as tx:
        secret = await session_queries.secret(tx, who)
    if not secret.is_fresh:
        raise StaleSession


def _claims(who: Person) -> AccessClaims:
    """What an access token of this very session would say."""
    return AccessClaims(who.user_id, who.session_id, who.email, 0, who.aal)

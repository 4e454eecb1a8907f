"""Codes and links over HTTP: asking for them, and being let in by them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse

from trulybot.accounts import redirects
from trulybot.accounts.asking import SIGNED_OUT, UNREAD, Claims, errors
from trulybot.accounts.config import Accounts, Config
from trulybot.accounts.devices import From
from trulybot.accounts.errors import InvalidEmail, PhoneDisabled, TooManyRequests, UserBanned, ValidationFailed
from trulybot.accounts.models import Grant
from trulybot.accounts.one_time import codes, service, verification
from trulybot.accounts.one_time.errors import CodeExpired, LinkExpired, SmsNotSent
from trulybot.accounts.one_time.flows import read_challenge
from trulybot.accounts.one_time.forms import MagicLink, OneTime, Recovery, Resend, Verification
from trulybot.accounts.one_time.sending import Way
from trulybot.accounts.one_time.service import Newcomer
from trulybot.accounts.one_time.verification import Code, Halfway
from trulybot.accounts.wire import Empty, SessionBody, session_body
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db

HALFWAY = "Confirmation link accepted. Please proceed to confirm link sent to the other email"

# How OAuth 2 names what a status says. Source: GoTrue.
OAUTH_ERRORS = {400: "invalid_request", 401: "unauthorized_client", 403: "access_denied", 429: "access_denied"}

# Marks an answer in a fragment as ours. Source: GoTrue.
MARK = {"sb": ""}

router = APIRouter()


async def redirect_to(request: Request, redirect_to: str = "") -> str:
    """Where the caller wants the link in the mail to lead; whether it may is for `Accounts.place`."""
    return redirect_to or request.headers.get("redirect_to", "")


Destination = Annotated[str, Depends(redirect_to)]

MAIL = (*UNREAD, ValidationFailed, InvalidEmail, TooManyRequests)
PHONE = (PhoneDisabled, SmsNotSent)


@router.post("/recover", responses=errors(*MAIL))
async def recover(form: Recovery, accounts: Config, db: Db, destination: Destination) -> Empty:
    """Mail a link and a code to whoever forgot the password. The answer is the same for an address nobody has."""
    await service.recover(db, accounts, form.email, _way(accounts, destination, form))
    return {}


@router.post("/magiclink", responses=errors(*MAIL))
async def magic_link(form: MagicLink, accounts: Config, db: Db, destination: Destination) -> Empty:
    """Mail a link and a code that sign in, or up."""
    newcomer = Newcomer(True, form.data or {})
    await service.mail_magic_link(db, accounts, form.email, newcomer, _way(accounts, destination, form))
    return {}


@router.post("/otp", responses=errors(*MAIL, *PHONE))
async def one_time_password(form: OneTime, accounts: Config, db: Db, destination: Destination) -> Empty:
    """
    Send a code that signs in, or up unless `create_user` is false. The answer is the same for an address nobody has.
    """
    if bool(form.email) == bool(form.phone):
        raise ValidationFailed(
            reason="Only an email address or phone number should be provided"
            if form.email
            else "One of email or phone must be set"
        )
    newcomer = Newcomer(form.create_user is not False, form.data or {})
    if form.phone:
        _check_channel(form.channel)
        await service.text_code(db, accounts, form.phone, newcomer)
    else:
        await service.mail_magic_link(db, accounts, form.email, newcomer, _way(accounts, destination, form))
    return {}


@router.post("/resend", responses=errors(*MAIL, *PHONE))
async def resend(form: Resend, accounts: Config, db: Db, destination: Destination) -> Empty:
    """Send once more what has not been used. The answer is the same where there is nothing to send."""
    await service.send_again(db, accounts, form.type, form.email, form.phone, _way(accounts, destination, form))
    return {}


@router.get("/reauthenticate", responses=errors(ValidationFailed, *SIGNED_OUT, SmsNotSent, TooManyRequests))
async def reauthenticate(claims: Claims, accounts: Config, db: Db) -> Empty:
    """Send a nonce, which changes the password in a session that is a day old or more."""
    await service.reauthenticate(db, accounts, claims)
    return {}


@router.get(
    "/verify",
    status_code=303,
    response_class=RedirectResponse,
    responses={
        303: {"description": "To `redirect_to`, with a session or an error behind the #, or a code in the query."},
        **errors(ValidationFailed, TooManyRequests),
    },
)
async def follow_link(
    accounts: Config,
    db: Db,
    device: From,
    destination: Destination,
    token: str = "",
    type: str = "",
) -> RedirectResponse:
    """What the link in a mail leads to."""
    if not type:
        raise ValidationFailed(reason="Verify requires a verification type")
    if not token:
        raise ValidationFailed(reason="Verify requires a token or a token hash")
    verification.kinds_of(type)
    place, by_code = accounts.place(destination), token.startswith(codes.PKCE)
    try:
        ended = await verification.by_link(db, accounts, type, token, device)
    except (LinkExpired, CodeExpired, UserBanned) as error:
        return _led(_with_error(place, error, by_code=by_code))
    match ended:
        case Code(code):
            return _led(redirects.with_query(place, {"code": code}))
        case Halfway() if by_code:
            return _led(redirects.with_query(place, {"message": HALFWAY}))
        case Halfway():
            return _led(redirects.with_fragment(place, {"message": HALFWAY} | MARK))
        case Grant():
            return _led(redirects.with_fragment(place, _in_fragment(session_body(accounts, ended), type)))


@router.post("/verify", responses=errors(*UNREAD, ValidationFailed, CodeExpired, UserBanned, TooManyRequests))
async def verify(form: Verification, accounts: Config, db: Db, device: From) -> SessionBody | dict[str, str]:
    """Sign in by the code of a mail or a text message, or by what stands in a mail's link."""
    ended = await verification.by_form(db, accounts, form.checked(), device)
    if isinstance(ended, Halfway):
        return {"msg": HALFWAY, "code": "200"}
    return session_body(accounts, ended)


def _way(accounts: Accounts, destination: str, form: Recovery | OneTime | MagicLink | Resend) -> Way:
    challenge = read_challenge(form.code_challenge, form.code_challenge_method)
    return Way(accounts.place(destination), challenge=challenge)


def _check_channel(channel: str) -> None:
    if channel not in ("", "sms"):
        raise ValidationFailed(reason="Invalid channel, supported values are 'sms'")


def _led(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303)


def _in_fragment(session: SessionBody, type: str) -> dict[str, str]:
    names = ("access_token", "expires_at", "expires_in", "refresh_token", "token_type")
    return {name: str(session[name]) for name in names} | MARK | {"type": type}  # type: ignore[literal-required]


def _with_error(place: str, error: AppError, *, by_code: bool) -> str:
    said = {
        "error": OAUTH_ERRORS.get(error.status, "server_error"),
        "error_code": error.code,
        "error_description": error.message,
    }
    return redirects.with_fragment(redirects.with_query(place, said) if by_code else place, said | MARK)

"""The GoTrue API, mounted at /auth/v1 and at /api/auth. It knows bearer tokens and no cookies."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, Security

from trulybot import __version__
from trulybot.accounts import service, sessions
from trulybot.accounts.config import Config
from trulybot.accounts.errors import (
    AnonymousDisabled,
    BadJson,
    BadJwt,
    BannedAtSignIn,
    ConcurrentRefresh,
    CurrentPasswordInvalid,
    CurrentPasswordRequired,
    EmailExists,
    EmailNotConfirmed,
    EntityTooLarge,
    FeatureDisabled,
    FlowStateNotFound,
    InvalidCredentials,
    ManualLinkingDisabled,
    NoAuthorization,
    NotAdmin,
    PasskeysDisabled,
    PhoneDisabled,
    ProviderDisabled,
    RefreshTokenAlreadyUsed,
    RefreshTokenNotFound,
    SamePassword,
    SamlDisabled,
    SessionExpired,
    SessionNotFound,
    SignupDisabled,
    TooManyRequests,
    UnsupportedGrant,
    UserAlreadyExists,
    UserBanned,
    UserNotFound,
    ValidationFailed,
    WeakPassword,
)
from trulybot.accounts.forms import SignUp, TokenRequest, UserChange
from trulybot.accounts.keys import ALGORITHM
from trulybot.accounts.models import Grant
from trulybot.accounts.tokens import ACCESS_TOKEN, AccessClaims
from trulybot.accounts.wire import (
    ErrorBody,
    OlderErrorBody,
    SessionBody,
    UserBody,
    gotrue_example,
    session_body,
    user_body,
)
from trulybot.kit.errors import AppError, MethodNotAllowed
from trulybot.kit.http import Db
from trulybot.kit.openapi import Responses, described

BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)

ABOUT = "TrulyBot accounts, by the GoTrue API"

# GoTrue's list, so that a sign-in page made for it finds every name.
PROVIDERS = """
    anonymous_users apple azure bitbucket discord email facebook figma fly github gitlab google kakao keycloak
    linkedin linkedin_oidc notion phone slack slack_oidc spotify twitch twitter workos zoom
"""


def _errors(*kinds: type[AppError]) -> Responses:
    return described(kinds, ErrorBody | OlderErrorBody, gotrue_example)


OURS: Responses = {
    "5XX": {
        "model": ErrorBody | OlderErrorBody,
        "description": "Our fault, or the server is busy; never the caller's mistake.",
    }
}
# What every call that sends a body, and every call that needs a session, may be answered with.
UNREAD = (BadJson, EntityTooLarge)
SIGNED_OUT = (NoAuthorization, BadJwt, UserNotFound, UserBanned, SessionNotFound)
SIGN_UP = (ValidationFailed, AnonymousDisabled, PhoneDisabled, SignupDisabled, UserAlreadyExists, WeakPassword)
SIGN_IN = (ValidationFailed, InvalidCredentials, BannedAtSignIn, EmailNotConfirmed, PhoneDisabled, ProviderDisabled)
REFRESH = (RefreshTokenNotFound, RefreshTokenAlreadyUsed, SessionExpired, ConcurrentRefresh, FlowStateNotFound)
CHANGE = (ValidationFailed, CurrentPasswordRequired, CurrentPasswordInvalid, PhoneDisabled, NotAdmin, FeatureDisabled)
NEW_SECRET = (EmailExists, SamePassword, WeakPassword)

router = APIRouter(tags=["accounts"], responses=OURS)


async def access_claims(
    request: Request, accounts: Config, _described: Annotated[object, Security(ACCESS_TOKEN)]
) -> AccessClaims:
    """What the bearer token says; whether its session still stands is asked in the transaction that relies on it."""
    bearer = BEARER.fullmatch(request.headers.get("authorization", ""))
    if bearer is None:
        raise NoAuthorization
    return accounts.tokens.verify(bearer[1])


def _answers(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": example}}}}


Claims = Annotated[AccessClaims, Depends(access_claims)]


@router.post("/signup", responses=_errors(*UNREAD, *SIGN_UP, TooManyRequests))
async def sign_up(form: SignUp, accounts: Config, db: Db) -> SessionBody | UserBody:
    """Sign up with email and password: a session, or only the user where the email must be confirmed first."""
    made = await service.sign_up(db, accounts, form)
    # Who has not confirmed the email is shown no identities: a taken email's answer has none either.
    return session_body(accounts, made) if isinstance(made, Grant) else user_body(made, [])


@router.post("/token", responses=_errors(*UNREAD, *SIGN_IN, *REFRESH, TooManyRequests))
async def token(form: TokenRequest, accounts: Config, db: Db, grant_type: str = "") -> SessionBody:
    """Sign in (`grant_type=password`) or keep a session alive (`grant_type=refresh_token`)."""
    match grant_type:
        case "password":
            if form.email and form.phone:
                raise ValidationFailed(reason="Only an email address or phone number should be provided on login.")
            if form.phone:
                raise PhoneDisabled
            if not form.email:
                raise ValidationFailed(reason="missing email or phone")
            grant = await service.sign_in(db, accounts, form.email, form.password)
        case "refresh_token":
            if not form.refresh_token:
                raise ValidationFailed(reason="refresh_token required")
            grant = await service.refresh(db, accounts, form.refresh_token)
        case "pkce":
            if not form.auth_code or not form.code_verifier:
                raise ValidationFailed(reason="invalid request: both auth code and code verifier should be non-empty")
            raise FlowStateNotFound
        case "id_token":
            raise ProviderDisabled
        case _:
            raise UnsupportedGrant
    return session_body(accounts, grant)


@router.post("/logout", status_code=204, responses=_errors(ValidationFailed, *SIGNED_OUT))
async def sign_out(claims: Claims, db: Db, scope: str = "global") -> Response:
    """End this session (`local`), all of this person's (`global`), or all but this one (`others`)."""
    try:
        which = service.Scope(scope)
    except ValueError as error:
        raise ValidationFailed(reason="Unsupported logout scope: use global, local or others") from error
    async with db.system("sign out") as tx:
        await service.sign_out(tx, await sessions.live_person(tx, claims), which)
    return Response(status_code=204)


@router.get("/user", responses=_errors(*SIGNED_OUT))
async def read_user(claims: Claims, db: Db) -> UserBody:
    """The person whose token this is."""
    async with db.system("read user") as tx:
        person = await sessions.live_person(tx, claims)
        account = await sessions.account(tx, person.user_id)
    return user_body(account.user, account.identities)


@router.put("/user", responses=_errors(*UNREAD, *CHANGE, *SIGNED_OUT, *NEW_SECRET, TooManyRequests))
async def change_user(form: UserChange, claims: Claims, accounts: Config, db: Db) -> UserBody:
    """Change one's own data (merged; null removes a key), email or password."""
    account = await service.change_user(db, accounts, claims, form)
    return user_body(account.user, account.identities)


@router.get(
    "/settings",
    responses=_answers(
        {
            "external": {"email": True, "phone": False, "anonymous_users": False, "google": False},
            "disable_signup": False,
            "mailer_autoconfirm": True,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
            "passkeys_enabled": False,
        }
    ),
)
async def settings(accounts: Config) -> dict[str, Any]:
    """Which ways to sign in there are."""
    return {
        "external": {name: name == "email" for name in PROVIDERS.split()},
        "disable_signup": accounts.disable_signup,
        "mailer_autoconfirm": accounts.autoconfirm,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
        "passkeys_enabled": False,
    }


@router.get("/health", responses=_answers({"version": __version__, "name": "GoTrue", "description": ABOUT}))
async def health() -> dict[str, str]:
    """Alive. The name is the one that clients know this API by."""
    return {"version": __version__, "name": "GoTrue", "description": ABOUT}


@router.get(
    "/.well-known/jwks.json",
    responses=_answers(
        {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                    "alg": ALGORITHM,
                    "use": "sig",
                    "key_ops": ["verify"],
                    "kid": "first",
                }
            ]
        }
    ),
)
async def jwks(accounts: Config, response: Response) -> dict[str, list[dict[str, Any]]]:
    """The public keys that access tokens are checked with."""
    response.headers["Cache-Control"] = "public, max-age=600"
    return {"keys": accounts.tokens.keys.published()}


@router.get(
    "/.well-known/openid-configuration",
    responses=_answers(
        {
            "issuer": "https://bot.example.com/auth/v1",
            "jwks_uri": "https://bot.example.com/auth/v1/.well-known/jwks.json",
        }
    ),
)
async def openid_configuration(accounts: Config, response: Response) -> dict[str, Any]:
    """Where a program that checks our tokens finds what it needs."""
    response.headers["Cache-Control"] = "public, max-age=600"
    return {
        "issuer": accounts.issuer,
        "jwks_uri": f"{accounts.issuer}/.well-known/jwks.json",
        "token_endpoint": f"{accounts.issuer}/token",
        "userinfo_endpoint": f"{accounts.issuer}/user",
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["sub", "aud", "iss", "exp", "iat", "email", "phone", "role", "aal", "session_id"],
    }


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def not_here(rest: str) -> None:
    """What GoTrue has and we do not, in the codes by which clients know it."""
    if f"/{rest}" in _PATHS:
        raise MethodNotAllowed
    for prefix, error in _OFF.items():
        if rest.startswith(prefix):
            raise error
    raise FeatureDisabled


_PATHS = {getattr(route, "path", "") for route in router.routes}
_OFF = {"sso": SamlDisabled, "passkeys": PasskeysDisabled, "user/identities": ManualLinkingDisabled}

"""The GoTrue API, mounted at /auth/v1 and at /api/auth. It knows bearer tokens and no cookies."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import iter_route_contexts

from trulybot import __version__
from trulybot.accounts import changing, service, sessions, signing_up
from trulybot.accounts.admin import routes as admin
from trulybot.accounts.asking import OURS, SIGNED_OUT, UNREAD, Claims, bearer, errors
from trulybot.accounts.bearers import claims_of
from trulybot.accounts.config import Config
from trulybot.accounts.devices import From
from trulybot.accounts.errors import (
    AnonymousDisabled,
    BannedAtSignIn,
    ConcurrentRefresh,
    CurrentPasswordInvalid,
    CurrentPasswordRequired,
    EmailExists,
    EmailNotConfirmed,
    FeatureDisabled,
    FlowStateNotFound,
    InvalidCredentials,
    ManualLinkingDisabled,
    NotAdmin,
    PasskeysDisabled,
    PhoneDisabled,
    PhoneExists,
    PhoneNotConfirmed,
    ProviderDisabled,
    ReauthenticationNeeded,
    ReauthenticationNotValid,
    RefreshTokenAlreadyUsed,
    RefreshTokenNotFound,
    SamePassword,
    SamlDisabled,
    SessionExpired,
    SignupDisabled,
    TooManyRequests,
    UnsupportedGrant,
    UserAlreadyExists,
    UserBanned,
    ValidationFailed,
    WeakPassword,
)
from trulybot.accounts.factors import admin_routes as admin_factors
from trulybot.accounts.factors import routes as factors
from trulybot.accounts.forms import SignUp, TokenRequest, UserChange, read_phone
from trulybot.accounts.keys import ALGORITHM
from trulybot.accounts.models import Grant
from trulybot.accounts.one_time import routes as one_time
from trulybot.accounts.one_time import verification
from trulybot.accounts.one_time.errors import BadCodeVerifier, BarePassword, FlowStateExpired, SmsNotSent
from trulybot.accounts.one_time.routes import Destination
from trulybot.accounts.providers import routes as provider_routes
from trulybot.accounts.providers import service as providers
from trulybot.accounts.providers.errors import BadIdToken, UnexpectedAudience, UnsupportedProvider
from trulybot.accounts.wire import (
    SessionBody,
    UserBody,
    session_body,
    user_body,
)
from trulybot.kit.errors import MethodNotAllowed
from trulybot.kit.http import Db

ABOUT = "TrulyBot accounts, by the GoTrue API"

# GoTrue's list, so that a sign-in page made for it finds every name.
PROVIDERS = """
    anonymous_users apple azure bitbucket discord email facebook figma fly github gitlab google kakao keycloak
    linkedin linkedin_oidc notion phone slack slack_oidc spotify twitch twitter workos zoom
"""


SIGN_UP = (
    ValidationFailed,
    SmsNotSent,
    AnonymousDisabled,
    PhoneDisabled,
    SignupDisabled,
    UserAlreadyExists,
    WeakPassword,
)
SIGN_IN = (
    ValidationFailed,
    InvalidCredentials,
    BannedAtSignIn,
    EmailNotConfirmed,
    PhoneNotConfirmed,
    PhoneDisabled,
    ProviderDisabled,
)
ID_TOKEN = (BadIdToken, UnexpectedAudience, UnsupportedProvider, ManualLinkingDisabled)
REFRESH = (RefreshTokenNotFound, RefreshTokenAlreadyUsed, SessionExpired, ConcurrentRefresh)
EXCHANGE = (FlowStateNotFound, FlowStateExpired, BadCodeVerifier, UserBanned)
CHANGE = (
    ValidationFailed,
    CurrentPasswordRequired,
    CurrentPasswordInvalid,
    ReauthenticationNeeded,
    PhoneDisabled,
    NotAdmin,
)
NEW_SECRET = (EmailExists, PhoneExists, SamePassword, WeakPassword, BarePassword, ReauthenticationNotValid, SmsNotSent)

router = APIRouter(tags=["accounts"], responses=OURS)


def _answers(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": example}}}}


@router.post("/signup", responses=errors(*UNREAD, *SIGN_UP, TooManyRequests))
async def sign_up(
    form: SignUp, accounts: Config, db: Db, device: From, destination: Destination
) -> SessionBody | UserBody:
    """
    Sign up with email or phone and password, or with neither: a session, or only the user where the email or phone must
    be confirmed first.
    """
    made = await signing_up.sign_up(db, accounts, form, redirect_to=destination, device=device)
    # Who has not confirmed the email is shown no identities: a taken email's answer has none either.
    return session_body(accounts, made) if isinstance(made, Grant) else user_body(made, [])


@router.post("/token", responses=errors(*UNREAD, *SIGN_IN, *REFRESH, *EXCHANGE, *ID_TOKEN, TooManyRequests))
async def token(
    request: Request, form: TokenRequest, accounts: Config, db: Db, device: From, grant_type: str = ""
) -> SessionBody:
    """Sign in (`grant_type=password`) or keep a session alive (`grant_type=refresh_token`)."""
    match grant_type:
        case "password":
            if form.email and form.phone:
                raise ValidationFailed(reason="Only an email address or phone number should be provided on login.")
            if not form.email and not form.phone:
                raise ValidationFailed(reason="missing email or phone")
            if form.phone and not accounts.phones:
                raise PhoneDisabled
            login = form.email or read_phone(form.phone)
            grant = await service.sign_in(db, accounts, login, form.password, device=device)
        case "refresh_token":
            if not form.refresh_token:
                raise ValidationFailed(reason="refresh_token required")
            grant = await service.refresh(db, accounts, form.refresh_token)
        case "pkce":
            if not form.auth_code or not form.code_verifier:
                raise ValidationFailed(reason="invalid request: both auth code and code verifier should be non-empty")
            grant = await verification.by_authorization_code(db, accounts, form.auth_code, form.code_verifier, device)
            tokens = await providers.tokens_by_code(db, accounts, form.auth_code)
            return {**session_body(accounts, grant), **tokens.fields()}  # type: ignore[typeddict-item]
        case "id_token":
            adds_to = await claims_of(db, accounts, bearer(request)) if form.link_identity else None
            grant = await providers.by_id_token(db, accounts, form, adds_to, device)
        case _:
            raise UnsupportedGrant
    return session_body(accounts, grant)


@router.post("/logout", status_code=204, responses=errors(ValidationFailed, *SIGNED_OUT))
async def sign_out(claims: Claims, db: Db, scope: str = "global") -> Response:
    """End this session (`local`), all of this person's (`global`), or all but this one (`others`)."""
    try:
        which = service.Scope(scope)
    except ValueError as error:
        raise ValidationFailed(reason="Unsupported logout scope: use global, local or others") from error
    async with db.system("sign out") as tx:
        await service.sign_out(tx, await sessions.live_person(tx, claims), which)
    return Response(status_code=204)


@router.get("/user", responses=errors(*SIGNED_OUT))
async def read_user(claims: Claims, db: Db) -> UserBody:
    """The person whose token this is."""
    async with db.system("read user") as tx:
        person = await sessions.live_person(tx, claims)
        account = await sessions.account(tx, person.user_id)
    return user_body(account.user, account.identities, account.factors)


@router.put("/user", responses=errors(*UNREAD, *CHANGE, *SIGNED_OUT, *NEW_SECRET, TooManyRequests))
async def change_user(form: UserChange, claims: Claims, accounts: Config, db: Db, destination: Destination) -> UserBody:
    """Change one's own data (merged; null removes a key), email, phone or password."""
    account = await changing.change_user(db, accounts, claims, form, redirect_to=destination)
    return user_body(account.user, account.identities, account.factors)


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
        "external": {
            **dict.fromkeys(PROVIDERS.split(), False),
            **dict.fromkeys(accounts.providers, True),
            "email": True,
            "phone": accounts.phones,
            "anonymous_users": accounts.anonymous_users,
        },
        "disable_signup": accounts.disable_signup,
        "mailer_autoconfirm": accounts.autoconfirm,
        "phone_autoconfirm": accounts.sms_autoconfirm,
        "sms_provider": "hook" if accounts.texts else "",
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
        "id_token_signing_alg_values_supported": [accounts.tokens.keys.algorithm],
        "claims_supported": ["sub", "aud", "iss", "exp", "iat", "email", "phone", "role", "aal", "session_id"],
    }


router.include_router(factors.router)
router.include_router(one_time.router)
router.include_router(admin.router)
router.include_router(admin_factors.router)
router.include_router(provider_routes.router)


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def not_here(rest: str) -> None:
    """What GoTrue has and we do not, in the codes by which clients know it."""
    if f"/{rest}" in _PATHS:
        raise MethodNotAllowed
    for prefix, error in _OFF.items():
        if rest.startswith(prefix):
            raise error
    raise FeatureDisabled


# A story's routes stand in one entry of the list.
_PATHS = {one.path for one in iter_route_contexts(router.routes)}
_OFF = {"sso": SamlDisabled, "passkeys": PasskeysDisabled, "user/identities": ManualLinkingDisabled}

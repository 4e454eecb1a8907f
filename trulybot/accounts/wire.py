"""GoTrue's shapes: how people, sessions and errors look on the wire."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NotRequired

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import BadJson, WeakPassword
from trulybot.accounts.models import Factor, Grant, Identity, User
from trulybot.kit.errors import AppError, InvalidInput, UnsupportedType
from trulybot.kit.openapi import sentence

API_VERSION = "2024-01-01"
API_VERSION_HEADER = "X-Supabase-Api-Version"
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Codes of our other parts, as GoTrue would say them.
GOTRUE_CODES = {
    "body_too_large": "request_entity_too_large",
    "unauthenticated": "no_authorization",
    "not_found": "feature_disabled",
    "method_not_allowed": "feature_disabled",
    "unavailable": "request_timeout",
    "limit_reached": "over_request_rate_limit",
    "internal_error": "unexpected_failure",
}

EXAMPLE_USER: dict[str, Any] = {
    "id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11",
    "aud": "authenticated",
    "role": "authenticated",
    "email": "ana@example.com",
    "phone": "",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {"workspace_name": "Ana's Bakery"},
    "identities": [],
    "is_anonymous": False,
    "created_at": "2026-11-22T09:00:00.000000Z",
    "updated_at": "2026-11-22T09:00:00.000000Z",
}

_EXAMPLE_SESSION: dict[str, Any] = {
    "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Ii4uLiJ9.e30.c2ln",
    "token_type": "bearer",
    "expires_in": 3600,
    "expires_at": 1795341600,
    "refresh_token": "k3vq7b2mzt5ncx6wjd4hyap3grfe6u2s",
    "user": EXAMPLE_USER,
}


class IdentityBody(TypedDict):
    identity_id: str
    id: str
    user_id: str
    identity_data: dict[str, Any]
    provider: str
    last_sign_in_at: str | None
    created_at: str
    updated_at: str
    email: str


@with_config(
    ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f12",
                    "created_at": "2026-11-22T09:00:00.000000Z",
                    "updated_at": "2026-11-22T09:00:00.000000Z",
                    "status": "verified",
                    "friendly_name": "Phone",
                    "factor_type": "totp",
                }
            ]
        }
    )
)
class FactorBody(TypedDict):
    """phone: of a factor by text message, which ours never are."""

    id: str
    created_at: str
    updated_at: str
    status: str
    friendly_name: str
    factor_type: str
    phone: NotRequired[str]
    last_challenged_at: NotRequired[str]


@with_config(ConfigDict(json_schema_extra={"examples": [EXAMPLE_USER]}))
class UserBody(TypedDict):
    id: str
    aud: str
    role: str
    email: str
    phone: str
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    identities: list[IdentityBody]
    factors: NotRequired[list[FactorBody]]
    is_anonymous: bool
    created_at: str
    updated_at: str
    email_confirmed_at: NotRequired[str]
    phone_confirmed_at: NotRequired[str]
    confirmed_at: NotRequired[str]
    confirmation_sent_at: NotRequired[str]
    invited_at: NotRequired[str]
    recovery_sent_at: NotRequired[str]
    new_email: NotRequired[str]
    email_change_sent_at: NotRequired[str]
    new_phone: NotRequired[str]
    phone_change_sent_at: NotRequired[str]
    reauthentication_sent_at: NotRequired[str]
    last_sign_in_at: NotRequired[str]
    banned_until: NotRequired[str]
    deleted_at: NotRequired[str]


@with_config(ConfigDict(json_schema_extra={"examples": [_EXAMPLE_SESSION]}))
class SessionBody(TypedDict):
    access_token: str
    token_type: str
    expires_in: int
    expires_at: int
    refresh_token: str
    user: UserBody
    provider_token: NotRequired[str]
    provider_refresh_token: NotRequired[str]


@with_config(ConfigDict(json_schema_extra={"maxProperties": 0, "examples": [{}]}))
class Empty(TypedDict):
    """Nothing: it is done, or would be if there were anything to do."""


class WeakPasswordBody(TypedDict):
    message: str
    reasons: list[str]


@with_config(
    ConfigDict(
        json_schema_extra={"examples": [{"code": "invalid_credentials", "message": "Invalid login credentials"}]}
    )
)
class ErrorBody(TypedDict):
    code: str
    message: str
    weak_password: NotRequired[WeakPasswordBody]


class OlderErrorBody(TypedDict):
    """What a client gets that names no API version. code: the HTTP status."""

    code: int
    error_code: str
    msg: str
    weak_password: NotRequired[WeakPasswordBody]


def user_body(user: User, identities: list[Identity], factors: Sequence[Factor] = ()) -> UserBody:
    body: UserBody = {
        "id": str(user.id),
        "aud": "authenticated",
        "role": user.role,
        "email": user.email,
        "phone": user.phone,
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "identities": [_identity_body(identity) for identity in identities],
        "is_anonymous": user.is_anonymous,
        "created_at": _time(user.created_at),
        "updated_at": _time(user.updated_at),
    }
    if user.new_email:
        body["new_email"] = user.new_email
    if user.new_phone:
        body["new_phone"] = user.new_phone
    confirmed = [time for time in (user.email_confirmed_at, user.phone_confirmed_at) if time is not None]
    moments = {
        "email_confirmed_at": user.email_confirmed_at,
        "phone_confirmed_at": user.phone_confirmed_at,
        "confirmed_at": min(confirmed, default=None),
        "confirmation_sent_at": user.confirmation_sent_at,
        "invited_at": user.invited_at,
        "recovery_sent_at": user.recovery_sent_at,
        "email_change_sent_at": user.email_change_sent_at if user.new_email else None,
        "phone_change_sent_at": user.phone_change_sent_at if user.new_phone else None,
        "reauthentication_sent_at": user.reauthentication_sent_at,
        "last_sign_in_at": user.last_sign_in_at,
        "banned_until": user.banned_until,
        "deleted_at": user.deleted_at,
    }
    if factors:
        body["factors"] = [factor_body(factor) for factor in factors]
    return body | {name: _time(moment) for name, moment in moments.items() if moment is not None}  # type: ignore[return-value]


def session_body(accounts: Accounts, grant: Grant) -> SessionBody:
    user = grant.account.user
    issued = accounts.tokens.issue(user, grant.session)
    return {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "expires_at": issued.expires_at,
        "refresh_token": grant.refresh_token,
        "user": user_body(user, grant.account.identities, grant.account.factors),
    }


def factor_body(factor: Factor) -> FactorBody:
    body: FactorBody = {
        "id": str(factor.id),
        "created_at": _time(factor.created_at),
        "updated_at": _time(factor.updated_at),
        "status": factor.status,
        "friendly_name": factor.friendly_name,
        "factor_type": factor.factor_type,
    }
    if factor.last_challenged_at is not None:
        body["last_challenged_at"] = _time(factor.last_challenged_at)
    return body


def gotrue_error(request: Request, error: AppError) -> Response:
    """An error in the shape of the API version that the client speaks."""
    error = _unread_body(error)
    code = GOTRUE_CODES.get(error.code, error.code)
    headers = {**error.headers, "x-sb-error-code": code}
    body: dict[str, Any]
    if speaks_codes(request):
        body = {"code": code, "message": error.message}
        headers[API_VERSION_HEADER] = API_VERSION
    else:
        body = {"code": error.status, "error_code": code, "msg": error.message}
    if isinstance(error, WeakPassword):
        body["weak_password"] = {"message": error.message, "reasons": error.reasons}
    return JSONResponse(body, status_code=error.status, headers=headers)


def gotrue_example(kind: type[AppError]) -> ErrorBody:
    """What `gotrue_error` would answer, for `/openapi.json`."""
    return {"code": GOTRUE_CODES.get(kind.code, kind.code), "message": sentence(kind)}


def speaks_codes(request: Request) -> bool:
    """Versions are dates, so text compares as time does."""
    version = request.headers.get(API_VERSION_HEADER, "")
    return DATE.fullmatch(version) is not None and version >= API_VERSION


def _unread_body(error: AppError) -> AppError:
    """GoTrue calls a body `bad_json` when it is no JSON, or JSON of another shape; only then come its own checks."""
    return BadJson() if isinstance(error, InvalidInput | UnsupportedType) else error


def _identity_body(identity: Identity) -> IdentityBody:
    return {
        "identity_id": str(identity.id),
        "id": identity.provider_id,
        "user_id": str(identity.user_id),
        "identity_data": identity.identity_data,
        "provider": identity.provider,
        "last_sign_in_at": _time(identity.last_sign_in_at) if identity.last_sign_in_at else None,
        "created_at": _time(identity.created_at),
        "updated_at": _time(identity.updated_at),
        "email": str(identity.identity_data.get("email", "")),
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

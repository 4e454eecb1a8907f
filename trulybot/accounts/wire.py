"""GoTrue's shapes: how people, sessions and errors look on the wire."""

import re
from datetime import UTC, datetime
from typing import Any, NotRequired

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import BadJson, WeakPassword
from trulybot.accounts.models import Grant, Identity, User
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
    "internal_error": "unexpected_failure",
}

_EXAMPLE_USER: dict[str, Any] = {
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
    "user": _EXAMPLE_USER,
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


@with_config(ConfigDict(json_schema_extra={"examples": [_EXAMPLE_USER]}))
class UserBody(TypedDict):
    id: str
    aud: str
    role: str
    email: str
    phone: str
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    identities: list[IdentityBody]
    is_anonymous: bool
    created_at: str
    updated_at: str
    email_confirmed_at: NotRequired[str]
    phone_confirmed_at: NotRequired[str]
    confirmed_at: NotRequired[str]
    confirmation_sent_at: NotRequired[str]
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


def user_body(user: User, identities: list[Identity]) -> UserBody:
    body: UserBody = {
        "id": str(user.id),
        "aud": "authenticated",
        "role": "authenticated",
        "email": user.email,
        "phone": user.phone,
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "identities": [_identity_body(identity) for identity in identities],
        "is_anonymous": user.is_anonymous,
        "created_at": _time(user.created_at),
        "updated_at": _time(user.updated_at),
    }
    confirmed = [time for time in (user.email_confirmed_at, user.phone_confirmed_at) if time is not None]
    moments = {
        "email_confirmed_at": user.email_confirmed_at,
        "phone_confirmed_at": user.phone_confirmed_at,
        "confirmed_at": min(confirmed, default=None),
        "confirmation_sent_at": user.confirmation_sent_at,
        "last_sign_in_at": user.last_sign_in_at,
        "banned_until": user.banned_until,
        "deleted_at": user.deleted_at,
    }
    return body | {name: _time(moment) for name, moment in moments.items() if moment is not None}  # type: ignore[return-value]


def session_body(accounts: Accounts, grant: Grant) -> SessionBody:
    user = grant.account.user
    issued = accounts.tokens.issue(user, grant.session.id, signed_in_at=grant.session.created_at)
    return {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "expires_at": issued.expires_at,
        "refresh_token": grant.refresh_token,
        "user": user_body(user, grant.account.identities),
    }


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

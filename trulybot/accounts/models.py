"""A person as the database knows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Identity:
    id: UUID
    user_id: UUID
    provider: str
    provider_id: str
    identity_data: dict[str, Any]
    last_sign_in_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class User:
    """Email and phone are "" where there is none, as on the wire."""

    id: UUID
    email: str
    phone: str
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    is_anonymous: bool
    email_confirmed_at: datetime | None
    phone_confirmed_at: datetime | None
    confirmation_sent_at: datetime | None
    last_sign_in_at: datetime | None
    banned_until: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Credentials:
    """What a password is checked against, and what is only said once it is right."""

    user_id: UUID
    password_hash: str | None
    is_banned: bool
    is_confirmed: bool


@dataclass(frozen=True)
class Account:
    """A person with everyone who vouches for them."""

    user: User
    identities: list[Identity]


@dataclass(frozen=True)
class Session:
    id: UUID
    user_id: UUID
    refresh_counter: int
    created_at: datetime
    is_over: bool


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, by a session that is alive now."""

    user_id: UUID
    email: str
    session_id: UUID


@dataclass(frozen=True)
class Grant:
    """A session just opened or refreshed, and the token that refreshes it next."""

    account: Account
    session: Session
    refresh_token: str


@dataclass(frozen=True)
class Standing:
    """How the person of an access token stands with us now."""

    email: str
    is_banned: bool
    has_session: bool


@dataclass(frozen=True)
class Secret:
    """What a change of email or password is measured against."""

    password_hash: str | None
    is_fresh: bool


@dataclass(frozen=True)
class TokenPlace:
    """Whose refresh token it is, and which of them in their order."""

    session_id: UUID
    counter: int

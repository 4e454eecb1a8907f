"""A person as the database knows them."""

from dataclasses import dataclass, field
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
    role: str = "authenticated"
    invited_at: datetime | None = None
    recovery_sent_at: datetime | None = None
    reauthentication_sent_at: datetime | None = None
    new_email: str = ""
    email_change_sent_at: datetime | None = None
    new_phone: str = ""
    phone_change_sent_at: datetime | None = None

    @property
    def locale(self) -> str | None:
        """The language that the person chose, as they or their client wrote it."""
        locale = self.user_metadata.get("locale")
        return locale if isinstance(locale, str) and locale else None


@dataclass(frozen=True)
class NewUser:
    """Somebody who is to be kept. Email as `read_email` gives it, phone as `read_phone`; "" where there is none."""

    id: UUID
    email: str = ""
    phone: str = ""
    password_hash: str | None = None
    user_metadata: dict[str, Any] = field(default_factory=dict)
    app_metadata: dict[str, Any] = field(default_factory=dict)
    is_anonymous: bool = False
    email_confirmed: bool = False
    phone_confirmed: bool = False
    signs_in: bool = False
    role: str = "authenticated"
    banned_until: datetime | None = None


@dataclass(frozen=True)
class Credentials:
    """What a password is checked against, and what is only said once it is right."""

    user_id: UUID
    password_hash: str | None
    is_banned: bool
    is_confirmed: bool
    by_phone: bool


@dataclass(frozen=True)
class Factor:
    """A second factor, without its secret. status: unverified, or verified."""

    id: UUID
    user_id: UUID
    friendly_name: str
    factor_type: str
    status: str
    last_challenged_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_verified(self) -> bool:
        return self.status == "verified"


@dataclass(frozen=True)
class Account:
    """A person with everyone who vouches for them, and their second factors."""

    user: User
    identities: list[Identity]
    factors: list[Factor] = field(default_factory=list)


@dataclass(frozen=True)
class Device:
    """
    What a session was opened from, as far as the request tells; "" where it does not.

    marks: of the accounts that were signed in to from this browser before, as `lockout.marks` gave them.
    """

    user_agent: str = ""
    address: str = ""
    marks: str = ""


@dataclass(frozen=True)
class Session:
    """amr: how the person has proved who they are, the newest first, as the tokens carry it."""

    id: UUID
    user_id: UUID
    refresh_counter: int
    created_at: datetime
    is_over: bool
    aal: str
    amr: list[dict[str, Any]]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, by a session that is alive now."""

    user_id: UUID
    email: str
    session_id: UUID
    aal: str = "aal1"
    has_factor: bool = False
    actor_kind = "person"

    @property
    def needs_second_factor(self) -> bool:
        """Whoever does can do nothing but show it: so far only their first one is known."""
        return self.has_factor and self.aal != "aal2"

    @property
    def actor_id(self) -> str:
        return str(self.user_id)


@dataclass(frozen=True)
class Grant:
    """A session just opened or refreshed, and the token that refreshes it next."""

    account: Account
    session: Session
    refresh_token: str


@dataclass(frozen=True)
class OpenSession:
    """A session as the person sees it in their list. last_used_at: to the hour. is_current: the one that asks."""

    id: UUID
    user_agent: str
    address: str
    aal: str
    created_at: datetime
    last_used_at: datetime
    is_current: bool


@dataclass(frozen=True)
class Standing:
    """How the person of an access token stands with us now."""

    email: str
    is_banned: bool
    has_factor: bool
    # Of the session; None when it has ended.
    aal: str | None


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

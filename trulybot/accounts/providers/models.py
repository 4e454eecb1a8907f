"""What a sign-in at a provider is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from trulybot.accounts.models import Grant


@dataclass(frozen=True)
class ProviderTokens:
    """What the provider gave for its own API; "" where it gave none."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    def fields(self) -> dict[str, str]:
        """As GoTrue's sessions carry them."""
        named = {"provider_token": self.access_token, "provider_refresh_token": self.refresh_token}
        return {name: token for name, token in named.items() if token}


@dataclass(frozen=True)
class Voucher:
    """
    Whom a provider vouches for.

    email: "" where it tells none. data: what an identity keeps of it, by GoTrue's names.
    """

    provider: str
    subject: str
    email: str
    email_is_verified: bool
    data: Mapping[str, Any]
    tokens: ProviderTokens = field(default_factory=ProviderTokens)


@dataclass(frozen=True)
class Flow:
    """A sign-in under way. flow_id: the caller's PKCE."""

    provider: str
    browser_hash: bytes | None
    user_id: UUID | None
    redirect_to: str
    is_page: bool
    flow_id: UUID | None


@dataclass(frozen=True)
class Owner:
    """The person whom an identity belongs to, or who has an email. is_proven: they showed that they read mail there."""

    user_id: UUID
    is_banned: bool
    is_deleted: bool
    is_proven: bool


@dataclass(frozen=True)
class Ended:
    """How a flow ended: for a page with a cookie's secret, for a caller with a session, or a code to fetch it with."""

    flow: Flow
    secret: str = field(default="", repr=False)
    grant: Grant | None = None
    code: str = field(default="", repr=False)
    tokens: ProviderTokens = field(default_factory=ProviderTokens)

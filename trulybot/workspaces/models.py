"""What the workspaces keep."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from trulybot.kit.openapi import example

_WORKSPACE = {
    "id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11",
    "name": "Ana's Bakery",
    "slug": "anas-bakery",
    "created_at": "2026-11-22T09:00:00Z",
}
_PROFILE = {
    "id": "019a6e0c-5d1b-7a60-8f5d-3b1f6a0f7a02",
    "email": "ana@example.com",
    "name": "Ana Silva",
    "locale": "pt",
    "role": "owner",
    "workspace": _WORKSPACE,
    "workspaces": [_WORKSPACE],
    "subscription_tier": "ultra",
    "subscription_status": "trial",
    "usage": {"month": "2026-11-01", "monthly_conversations": 41, "monthly_uploads": 7},
    "limits": {"monthly_conversations": None, "monthly_uploads": None},
}
_KEY = {
    "id": "019a6e0c-71aa-7d2b-b4d3-5a3c0f6e1c03",
    "name": "website",
    "hint": "tb_sk_k3vq",
    "scopes": ["chat"],
    "last_used_at": None,
    "created_at": "2026-11-22T09:00:00Z",
}


@example(_WORKSPACE)
@dataclass(frozen=True)
class Workspace:
    id: UUID
    name: str
    slug: str
    created_at: datetime


@dataclass(frozen=True)
class Profile:
    id: UUID
    email: str
    name: str | None
    locale: str | None
    subscription_tier: str
    subscription_status: str


@dataclass(frozen=True)
class MonthlyUsage:
    """month: its first day. Counted for the workspace as a whole."""

    month: date
    monthly_conversations: int
    monthly_uploads: int


@dataclass(frozen=True)
class Limits:
    """What a plan includes each month; None is without limit."""

    monthly_conversations: int | None
    monthly_uploads: int | None


@example(_PROFILE)
@dataclass(frozen=True)
class ProfilePage:
    id: UUID
    email: str
    name: str | None
    locale: str | None
    role: str
    workspace: Workspace
    workspaces: list[Workspace]
    subscription_tier: str
    subscription_status: str
    usage: MonthlyUsage
    limits: Limits


@example(_KEY)
@dataclass(frozen=True)
class ApiKey:
    """hint: the key's first characters, to tell it from others; the key itself is kept nowhere."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    last_used_at: datetime | None
    created_at: datetime


@example(_KEY | {"key": "tb_sk_k3vq7b2mzt5ncx6wjd4hyap3grfe6u2s"})
@dataclass(frozen=True)
class NewApiKey(ApiKey):
    """key: shown this once."""

    key: str

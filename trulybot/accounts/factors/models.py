"""Factors as their own code sees them; `Factor` itself belongs to an account."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from trulybot.accounts.models import Factor


@dataclass(frozen=True)
class Enrolment:
    """What the person puts into their app, shown while the factor is not verified."""

    factor: Factor
    seed: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    id: UUID
    seed: bytes
    status: str
    friendly_name: str


@dataclass(frozen=True)
class Challenge:
    """is_over: too old, or too many codes were tried."""

    id: UUID
    address: str
    attempts: int
    expires_at: datetime
    is_over: bool

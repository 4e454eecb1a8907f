"""What lets a person in once."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What a one-time token is for. A person has at most one of each."""

    CONFIRMATION = "confirmation"
    RECOVERY = "recovery"
    MAGIC_LINK = "magic_link"
    EMAIL_CHANGE_CURRENT = "email_change_current"
    EMAIL_CHANGE_NEW = "email_change_new"
    PHONE_CONFIRMATION = "phone_confirmation"
    PHONE_CHANGE = "phone_change"
    REAUTHENTICATION = "reauthentication"


@dataclass(frozen=True)
class Made:
    """A token as it is sent: six digits to type, and what stands in a link ("" where there is none)."""

    code: str
    link: str


@dataclass(frozen=True)
class Taken:
    """A token that was right, and is no more."""

    user_id: UUID
    kind: Kind
    address: str
    flow_id: UUID | None


@dataclass(frozen=True)
class Tried:
    """What an attempt is compared with."""

    code_hash: bytes
    flow_id: UUID | None


@dataclass(frozen=True)
class Challenge:
    """A PKCE challenge as the client sent it. Source: RFC 7636."""

    text: str
    method: str


@dataclass(frozen=True)
class Flow:
    id: UUID
    user_id: UUID
    challenge: str
    method: str
    authentication_method: str
    is_over: bool

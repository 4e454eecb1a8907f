"""What an operator's program may send."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from trulybot.accounts.errors import ValidationFailed
from trulybot.accounts.forms import Text
from trulybot.accounts.tokens import PROGRAMS

ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
RESERVED = PROGRAMS | {"visitor", "worker"}

# Go's notation, in which GoTrue takes it: 24h, 1h30m, 90s.
DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?")
LONGEST_BAN = timedelta(days=365 * 100)


class UserAttributes(BaseModel):
    """ban_duration: as 24h, or none. password_hash: of bcrypt or Argon2, from wherever the person had it before."""

    id: Text = ""
    email: Text = ""
    phone: Text = ""
    password: Text = ""
    password_hash: Text = ""
    email_confirm: bool | None = None
    phone_confirm: bool | None = None
    user_metadata: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    role: Text = ""
    ban_duration: Text = ""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ana@example.com", "password": "correct horse battery", "email_confirm": True}]
        }
    )


class Deletion(BaseModel):
    """should_soft_delete: the row stays, with nothing in it that says who it was."""

    should_soft_delete: bool | None = False

    model_config = ConfigDict(json_schema_extra={"examples": [{"should_soft_delete": False}]})


class Invitation(BaseModel):
    email: Text = ""
    data: dict[str, Any] | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ana@example.com"}]})


class LinkRequest(BaseModel):
    """type: signup, invite, magiclink, recovery, email_change_current or email_change_new."""

    type: Text = ""
    email: Text = ""
    new_email: Text = ""
    password: Text = ""
    data: dict[str, Any] | None = None
    redirect_to: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "recovery", "email": "ana@example.com"}]})


def read_role(given: str) -> str:
    """
    Raises:
        ValidationFailed: It is no name of a role, or one that the product itself uses.
    """
    if not ROLE.fullmatch(given) or given in RESERVED:
        raise ValidationFailed(reason="This cannot be a person's role")
    return given


def read_ban(given: str) -> datetime | None:
    """
    Until when a ban holds; None where it is lifted.

    Raises:
        ValidationFailed: It is no duration.
    """
    if given == "none":
        return None
    parts = DURATION.fullmatch(given)
    hours, minutes, seconds = (int(part or 0) for part in parts.groups()) if parts and given else (0, 0, 0)
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < length:
        raise ValidationFailed(reason="invalid format for ban duration: use one such as 24h, or none")
    return datetime.now(UTC) + min(length, LONGEST_BAN)

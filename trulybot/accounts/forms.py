"""What a caller may send. Unknown fields are ignored and null counts as absent, as GoTrue's clients expect."""

import json
import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from trulybot.accounts.errors import InvalidEmail, InvalidPhone, ValidationFailed

# What browsers take for an email address. Source: WHATWG HTML, valid e-mail address.
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
LONGEST_EMAIL = 255
PHONE = re.compile(r"[1-9][0-9]{1,14}")

# The token carries the metadata, and many proxies take no header line beyond 8 kB.
LARGEST_METADATA = 4096  # bytes of JSON
DEEPEST_METADATA = 20


def _text(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]


class SignUp(BaseModel):
    email: Text = ""
    phone: Text = ""
    password: Text = ""
    data: dict[str, Any] | None = None
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ana@example.com",
                    "password": "correct horse battery",
                    "data": {"workspace_name": "Ana's Bakery"},
                }
            ]
        }
    )


class TokenRequest(BaseModel):
    """The fields of the grant that `grant_type` names."""

    email: Text = ""
    phone: Text = ""
    password: Text = ""
    refresh_token: Text = ""
    auth_code: Text = ""
    code_verifier: Text = ""
    provider: Text = ""
    id_token: Text = ""
    access_token: Text = ""
    nonce: Text = ""
    client_id: Text = ""
    issuer: Text = ""
    link_identity: bool | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ana@example.com", "password": "correct horse battery"}]}
    )


class UserChange(BaseModel):
    email: Text = ""
    phone: Text = ""
    password: Text = ""
    current_password: Text = ""
    nonce: Text = ""
    data: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": {"locale": "ta"}}]})


def read_email(given: str) -> str:
    """
    The address as we keep it.

    Raises:
        InvalidEmail: It is none.
    """
    if len(given) > LONGEST_EMAIL:
        raise InvalidEmail(reason="An email address is too long")
    if not EMAIL.fullmatch(given):
        raise InvalidEmail(reason="Unable to validate email address: invalid format")
    return given.lower()


def read_phone(given: str) -> str:
    """
    The number as we keep it: its digits with the country's, without +. Source: E.164.

    Raises:
        InvalidPhone: It is none.
    """
    phone = given.strip().removeprefix("+").replace(" ", "")
    if not PHONE.fullmatch(phone):
        raise InvalidPhone(reason="Invalid phone number format (E.164 required)")
    return phone


def checked_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """
    Raises:
        ValidationFailed: The database or a token cannot carry it.
    """
    if not _can_be_kept(metadata, DEEPEST_METADATA):
        raise ValidationFailed(reason="User data holds a NUL, a lone surrogate, NaN, or too many levels")
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > LARGEST_METADATA:
        raise ValidationFailed(reason=f"User data cannot be larger than {LARGEST_METADATA} bytes")
    return metadata


def _can_be_kept(value: object, levels: int) -> bool:
    """Whether PostgreSQL's jsonb takes it; Python's JSON parser lets more through."""
    match value:
        case str():
            return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
        case float():
            return math.isfinite(value)
        case dict():
            parts = [*value.keys(), *value.values()]
            return levels > 0 and all(_can_be_kept(part, levels - 1) for part in parts)
        case list():
            return levels > 0 and all(_can_be_kept(part, levels - 1) for part in value)
        case _:
            return True

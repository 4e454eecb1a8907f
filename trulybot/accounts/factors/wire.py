"""GoTrue's shapes of factors and challenges."""

from typing import Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from trulybot.accounts.factors import codes
from trulybot.accounts.factors.models import Challenge, Enrolment

_ID = "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11"
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105  (the example of every authenticator app)
_EXAMPLE_ENROLMENT: dict[str, Any] = {
    "id": _ID,
    "type": "totp",
    "friendly_name": "My phone",
    "totp": {
        "qr_code": '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="180">…</svg>',
        "secret": _SECRET,
        "uri": f"otpauth://totp/bot.example.com:ana%40example.com?secret={_SECRET}&issuer=bot.example.com",
    },
}


class TotpBody(TypedDict):
    """qr_code: SVG as text. secret: in base32."""

    qr_code: str
    secret: str
    uri: str


@with_config(ConfigDict(json_schema_extra={"examples": [_EXAMPLE_ENROLMENT]}))
class EnrolmentBody(TypedDict):
    id: str
    type: str
    friendly_name: str
    totp: TotpBody


@with_config(ConfigDict(json_schema_extra={"examples": [{"id": _ID, "type": "totp", "expires_at": 1795341600}]}))
class ChallengeBody(TypedDict):
    """expires_at: seconds since 1970."""

    id: str
    type: str
    expires_at: int


@with_config(ConfigDict(json_schema_extra={"examples": [{"id": _ID}]}))
class UnenrolledBody(TypedDict):
    id: str


def enrolment_body(enrolment: Enrolment) -> EnrolmentBody:
    return {
        "id": str(enrolment.factor.id),
        "type": "totp",
        "friendly_name": enrolment.factor.friendly_name,
        "totp": {"qr_code": codes.qr_code(enrolment.uri), "secret": enrolment.seed, "uri": enrolment.uri},
    }


def challenge_body(challenge: Challenge) -> ChallengeBody:
    return {"id": str(challenge.id), "type": "totp", "expires_at": int(challenge.expires_at.timestamp())}

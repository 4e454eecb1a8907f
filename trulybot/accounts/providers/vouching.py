"""What we take of a provider's claims, and which of them we believe."""

from collections.abc import Mapping
from typing import Any

from trulybot.accounts.forms import EMAIL, LONGEST_EMAIL
from trulybot.accounts.providers.models import ProviderTokens, Voucher

# By GoTrue's names; a value is text of a reasonable length or left out, since the access token carries them all.
TEXTS = ("name", "given_name", "family_name", "preferred_username", "nickname", "picture", "locale", "zoneinfo")
TEXT_CHARACTERS = 256


def voucher(provider: str, claims: Mapping[str, Any], tokens: ProviderTokens | None = None) -> Voucher:
    email, is_verified = _email(claims), _email_is_verified(provider, claims)
    subject = str(claims["sub"])
    data: dict[str, Any] = {name: text for name in TEXTS if (text := _text(claims.get(name)))}
    if "name" in data:
        data["full_name"] = data["name"]
    if data.pop("picture", "").startswith("https://"):
        data["picture"] = data["avatar_url"] = claims["picture"]
    data |= {
        "iss": str(claims["iss"])[:TEXT_CHARACTERS],
        "sub": subject,
        "provider_id": subject,
        "email": email,
        "email_verified": is_verified,
        "phone_verified": False,
    }
    return Voucher(provider, subject, email, is_verified, data, tokens or ProviderTokens())


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        return ""
    return email.lower()


def _email_is_verified(provider: str, claims: Mapping[str, Any]) -> bool:
    """
    Only what is plainly so. Apple says it as a text.

    Microsoft lets an administrator write any address into a person's account, and says by xms_edov whether the domain
    is theirs. Source: Microsoft, Migrate away from using email claims for user identification.
    """
    if provider == "azure":
        return claims.get("xms_edov") in (True, "1", "true", 1)
    return claims.get("email_verified") in (True, "true")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS:
        return ""
    return value if value.isprintable() else ""

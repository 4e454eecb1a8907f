"""How the value of a variable is read: each function takes the text, and raises ValueError with what is wrong."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

SECRET_KEY_CHARACTERS = 32  # 16 bytes in hexadecimal: below that, guessing comes into reach
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster")
HOOK_KEY_BYTES = 24  # the least that Standard Webhooks allows

# libpq's own grammar, which is not quite that of a web address: a password may hold "#" or "?", there may be several
# hosts or none, and a socket's folder comes percent-encoded as the host or as a parameter.
POSTGRES_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/]*)(?::[^@/]*)?@)?(?P<hosts>[^/?]*)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)

# GOTRUE_EXTERNAL_<NAME>_…, and which of those names are no providers, or are ones whose address is known.
EXTERNAL = re.compile(r"GOTRUE_EXTERNAL_([A-Z][A-Z0-9_]{0,30})_ENABLED")
EXTERNAL_PARTS = ("ENABLED", "CLIENT_ID", "SECRET", "REDIRECT_URI", "URL")
NO_PROVIDERS = frozenset(("EMAIL", "PHONE", "ANONYMOUS_USERS", "WEB3_SOLANA", "WEB3_ETHEREUM", "WORKOS"))
WITH_OWN_URL = frozenset(
    "APPLE AZURE BITBUCKET DISCORD FACEBOOK FIGMA FLY GITHUB GITLAB GOOGLE KAKAO LINKEDIN LINKEDIN_OIDC NOTION SLACK "
    "SLACK_OIDC SNAPCHAT SPOTIFY TWITCH TWITTER X ZOOM".split()
)

Network = IPv4Network | IPv6Network


class External(NamedTuple):
    """A provider to sign in with. url: its issuer, "" for the provider's own; client_ids: the first signs people in."""

    name: str
    client_ids: tuple[str, ...]
    secret: str
    redirect_uri: str
    url: str


def text(value: str) -> str:
    return value


def web_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http:// or https:// address")
    return value.rstrip("/")


def postgres_url(value: str) -> str:
    if not POSTGRES_URL.fullmatch(value):
        raise ValueError("is not a postgresql:// address")
    return value


def file_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError("is not a file:///… address with an absolute path")
    return value


def redis_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in REDIS_SCHEMES or not (parts.path if parts.scheme == "unix" else parts.netloc):
        raise ValueError(f"is none of {', '.join(f'{scheme}://…' for scheme in REDIS_SCHEMES)}")
    return value


def long_secret(value: str) -> str:
    if len(value) < SECRET_KEY_CHARACTERS:
        raise ValueError(f"is shorter than {SECRET_KEY_CHARACTERS} characters")
    return value


def admin_key(value: str) -> str:
    if not re.fullmatch("sb_secret_[A-Za-z0-9_-]{32,}", value):
        raise ValueError("is not sb_secret_ followed by 32 letters and digits or more")
    return value


def hook_secrets(value: str) -> tuple[bytes, ...]:
    """GoTrue's form of the keys of Standard Webhooks."""
    given = [part.strip().removeprefix("v1,").removeprefix("whsec_") for part in value.split("|")]
    try:
        keys = tuple(base64.b64decode(part, validate=True) for part in given)
    except ValueError:
        keys = ()
    if not keys or not all(len(key) >= HOOK_KEY_BYTES for key in keys):
        raise ValueError(f"is not v1,whsec_ and at least {HOOK_KEY_BYTES} bytes in base64")
    return keys


def globs(value: str) -> tuple[str, ...]:
    """Separated by commas, but not by those within {a,b}."""
    return tuple(part.strip() for part in re.split(r",(?![^{]*\})", value) if part.strip())


def directory(value: str) -> Path:
    return Path(value).absolute()


def networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"is not a comma-separated list of networks: {error}") from None


def existing_file(value: str) -> Path:
    path = Path(value).absolute()
    if not path.is_file():
        raise ValueError("is not a file")
    return path


def header_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError("is not the name of a header")
    return value


def countries(value: str) -> tuple[str, ...]:
    codes = tuple(part.strip().upper() for part in value.split(",") if part.strip())
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in codes):
        raise ValueError("is not a comma-separated list of two-letter ISO country codes")
    return codes


def on_or_off(value: str) -> bool:
    # The spellings that GoTrue, a Go program, takes, so that its configuration moves over unchanged.
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError("is neither true nor false")


def email_address(value: str) -> str:
    from trulybot.mail import addresses  # at its first use: every process reads settings, and few of them send mail

    try:
        return addresses.read(value).addr_spec
    except addresses.BadAddress:
        raise ValueError("is not an email address") from None


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (re.fullmatch("[0-9]{1,12}", value) and least <= int(value) <= most):
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(value)

    return parse


def dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be an amount, as 10 or 2.50") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be an amount, as 10 or 2.50")
    return amount


def prices(text: str) -> tuple[Decimal, Decimal]:
    try:
        prompt, completion = (Decimal(part.strip()) for part in text.split(","))
    except (ValueError, InvalidOperation):
        raise ValueError("must be two prices, as 0.15,0.60") from None
    if not (prompt.is_finite() and completion.is_finite() and prompt >= 0 and completion >= 0):
        raise ValueError("must be two prices, as 0.15,0.60")
    return prompt, completion


def rate(value: str) -> tuple[int, int]:
    """How many in how many seconds, as GoTrue writes it: "30" an hour, or "100/24h"."""
    amount, _, period = value.partition("/")
    length = re.fullmatch("(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", period or "1h")
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(length.groups(), (3600, 60, 1), strict=True)) if length else 0
    )
    if not re.fullmatch("[0-9]{1,9}", amount) or int(amount) == 0 or seconds == 0:
        raise ValueError('is neither a number for an hour nor one such as "100/24h"')
    return int(amount), seconds


def json_web_keys(value: str) -> tuple[dict[str, Any], ...]:
    try:
        keys = json.loads(value)
    except ValueError:
        raise ValueError("is not JSON") from None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) and "kty" in key for key in keys):
        raise ValueError("is not a list of JSON Web Keys")
    return tuple(keys)


def externals(env: Mapping[str, str], problems: list[str]) -> tuple[External, ...]:
    """The providers that are turned on. What is wrong with one is added to `problems`."""
    names = sorted(match[1] for name in env if (match := EXTERNAL.fullmatch(name)) and match[1] not in NO_PROVIDERS)
    found = []
    for name in names:
        given = {part: env.get(f"GOTRUE_EXTERNAL_{name}_{part}", "").strip() for part in EXTERNAL_PARTS}
        try:
            if not on_or_off(given["ENABLED"] or "false"):
                continue
            urls = {part: web_url(given[part]) if given[part] else "" for part in ("REDIRECT_URI", "URL")}
        except ValueError as error:
            problems.append(f"GOTRUE_EXTERNAL_{name}_… {error}")
            continue
        client_ids = tuple(id.strip() for id in given["CLIENT_ID"].split(",") if id.strip())
        if not client_ids:
            problems.append(f"GOTRUE_EXTERNAL_{name}_CLIENT_ID is not set")
        if not urls["URL"] and name not in WITH_OWN_URL:
            problems.append(f"GOTRUE_EXTERNAL_{name}_URL is not set")
        found.append(External(name.lower(), client_ids, given["SECRET"], urls["REDIRECT_URI"], urls["URL"]))
    return tuple(found)

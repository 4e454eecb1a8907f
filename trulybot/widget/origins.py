"""Origins, exactly: scheme, host and port, as a browser sends them."""

import re
from urllib.parse import urlsplit

from trulybot.kit.errors import InvalidInput

ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?")
DEFAULT_PORTS = {"http": 80, "https": 443}
MOST = 50  # of one workspace


def normal(text: str) -> str | None:
    """The origin of an address as a browser would send it, or None when it is not the address of a website."""
    try:
        parts = urlsplit(text.strip() if "//" in text else f"https://{text.strip()}")
        host = (parts.hostname or "").encode("idna").decode() if not _is_plain(parts.hostname) else parts.hostname or ""
        port = parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
        return None
    if ":" in host:
        host = f"[{host}]"
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")
    return origin if ORIGIN.fullmatch(origin) else None


def read(lines: list[str]) -> list[str]:
    """
    The origins of a form, one a line, each once.

    Raises:
        InvalidInput: One of them is not the address of a website, or there are too many.
    """
    wanted = [line for line in (line.strip() for line in lines) if line]
    found = [normal(line) for line in wanted]
    wrong = [line for line, origin in zip(wanted, found, strict=True) if origin is None]
    if wrong or len(wanted) > MOST:
        message = f"is not a website's address: {wrong[0][:100]}" if wrong else f"holds more than {MOST}"
        raise InvalidInput(details=[{"field": "allowed_origins", "message": message}])
    return list(dict.fromkeys(origin for origin in found if origin is not None))


def _is_plain(host: str | None) -> bool:
    return host is None or host.isascii()

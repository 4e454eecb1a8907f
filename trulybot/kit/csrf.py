"""Whether a request that a browser's cookie speaks for was made by our own pages."""

from urllib.parse import urlsplit

from fastapi import Request

from trulybot.kit.errors import AppError, UnsupportedType

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
DEFAULT_PORTS = {"http": 80, "https": 443}

# What our pages send. A form on another site can send text/plain without asking, and pass it off as JSON.
TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", "application/json"}


class CrossSite(AppError):
    """This was not sent from our own pages. Open the page again and retry."""

    status, code = 403, "cross_site"


def same_origin(request: Request) -> None:
    """
    Let a change pass only when its browser says that one of our pages asked for it. Usable as a dependency.

    Raises:
        CrossSite: Another site asked, or the browser does not say.
        UnsupportedType: The body is neither a form nor JSON.
    """
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSite
    if not is_ours(request, request.headers.get("origin") or request.headers.get("referer", "")):
        raise CrossSite
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in TYPES and (declared or _has_body(request)):
        raise UnsupportedType


def is_ours(request: Request, url: str) -> bool:
    """Whether an address is at the host that this request was sent to, or at the one where people reach us."""
    asked_by = _origin(url)
    site_url = getattr(request.app.state, "site_url", None) if "app" in request.scope else None
    own = {_origin(f"{request.scope['scheme']}://{request.headers.get('host', '')}"), _origin(site_url or "")}
    return asked_by is not None and asked_by in own


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what has no origin, such as the word null."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers

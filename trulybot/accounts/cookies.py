"""The cookies that people's browsers are signed in by."""

import re

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from trulybot.accounts.config import accounts
from trulybot.accounts.session_queries import LIFETIME

HOME = "/dashboard"

# A path of ours. Browsers read a backslash as a slash and drop tabs and line ends, so `/\t/evil.com` is another site.
OWN_PATH = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")


def session_cookie(request: Request) -> str | None:
    """The secret that this browser's session lives by."""
    return request.cookies.get(_cookie_name(is_secure(request)))


def own_path(next: str) -> str:
    """Where to go after signing in; the dashboard when `next` would lead to another site."""
    return next if OWN_PATH.fullmatch(next) else HOME


def signed_in(request: Request, secret: str, next: str) -> Response:
    """On to where the person wanted, with the session's cookie."""
    return keep_session(RedirectResponse(own_path(next), 303), request, secret)


def keep_session(response: Response, request: Request, secret: str) -> Response:
    """Let the browser's session live by this secret from now on."""
    keep(response, request, _cookie_name(is_secure(request)), secret, seconds=int(LIFETIME.total_seconds()))
    return response


def signed_out(request: Request) -> Response:
    response = RedirectResponse("/sign-in", 303)
    forget(response, request, _cookie_name(is_secure(request)))
    return response


def keep(response: Response, request: Request, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


def forget(response: Response, request: Request, name: str) -> None:
    response.delete_cookie(name, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    return accounts(request).secure_cookies or request.scope["scheme"] == "https"


def _cookie_name(secure: bool) -> str:
    """Browsers keep a __Host- cookie only over https, from this very host and for every path of it."""
    return "__Host-trulybot" if secure else "trulybot"

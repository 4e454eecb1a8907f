"""The security headers, on whatever is answered: pages, JSON, files, refusals and our own faults."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TWO_YEARS_SECONDS = 63_072_000  # what browsers' preload lists ask for; OWASP ASVS 3.4.1 asks for half of it
NONCE_BYTES = 16  # Source: Content Security Policy Level 3, §7.1

# Of what is no page: should a browser be tricked into showing it as one, nothing in it runs, loads or is sent.
NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

HEADERS = {
    "Content-Security-Policy": NO_PAGE,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # What the widget loads into other websites' pages says so itself.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
    ),
    "X-Permitted-Cross-Domain-Policies": "none",
}


def nonce(scope: Scope) -> str:
    """A word that nobody can guess, the same for all of one answer and never used again."""
    state = scope.setdefault("state", {})
    if "nonce" not in state:
        state["nonce"] = secrets.token_urlsafe(NONCE_BYTES)
    return str(state["nonce"])


def page_policy(nonce: str) -> str:
    """
    What a page of ours may do: run and show what its own template names, and nothing else.

    Not even our own files run without the nonce, so a tag that somebody smuggles in cannot borrow one of them.
    """
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )


class SecurityHeaders:
    """The last of the gateway's steps: it wraps the others, so that no answer leaves without."""

    def __init__(self, app: ASGIApp, *, by_https: bool) -> None:
        """by_https: people reach us by https, whatever the proxy before us says."""
        self.app, self.by_https = app, by_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.by_https or scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS_SECONDS}; includeSubDomains"
            await send(message)

        await self.app(scope, receive, send_with_headers)

"""How the GoTrue API is spoken over HTTP: CORS for every site, a limit on bodies, nothing kept by caches."""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.accounts.errors import EntityTooLarge
from trulybot.accounts.wire import API_VERSION, API_VERSION_HEADER, gotrue_error, speaks_codes

LARGEST_BODY = 1_048_576  # bytes, as GoTrue

# Any site may call: the caller proves itself by a token that the site must hold, never by a cookie.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": f"X-Total-Count, Link, {API_VERSION_HEADER}",
}
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "authorization, x-client-info, apikey, content-type, x-supabase-api-version, x-retry-count, traceparent, "
        "tracestate, baggage"
    ),
    "Access-Control-Max-Age": "7200",
}


class GoTrueTransport:
    """Wraps the whole application; only paths below `prefixes` are touched."""

    def __init__(self, app: ASGIApp, *, prefixes: Iterable[str] = ("/auth/v1", "/api/auth")) -> None:
        self.app, self.prefixes = app, tuple(f"{prefix}/" for prefix in prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        request = Request(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(CORS)
                headers.setdefault("Cache-Control", "no-store")
                if speaks_codes(request):
                    headers[API_VERSION_HEADER] = API_VERSION
            await send(message)

        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send)
            return
        body = await _read(scope, receive)
        if body is None:
            answer = gotrue_error(request, EntityTooLarge(limit_bytes=LARGEST_BODY))
            await answer(scope, receive, send_with_headers)
            return
        await self.app(scope, _replay(body, receive), send_with_headers)


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """The body, or None when it is too large: by what was declared, or by what arrives."""
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdecimal() and int(declared) > LARGEST_BODY:
        return None
    parts, length = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length > LARGEST_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    was_given = False

    async def give() -> Message:
        nonlocal was_given
        if was_given:
            return await receive()
        was_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give

"""Cross-origin rules of what the widget calls: from any website's page, but answered to an allowed one only."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = frozenset(("/api/widget/session", "/api/chat"))
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


class WidgetCors:
    """
    A browser asks first whether it may send; it may, and the session's own origin decides what happens then.

    No cookie counts on these paths, so there is nothing that a page of another website could borrow.
    A refusal (403) carries no permission to read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self.app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin")
        if scope["method"] == "OPTIONS" and origin is not None:
            allowed = {"Access-Control-Allow-Origin": origin, **PREFLIGHT} if origin.startswith("http") else {}
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in allowed.items()]
            await send({"type": "http.response.start", "status": 204, "headers": [*headers, (b"vary", b"Origin")]})
            await send({"type": "http.response.body"})
            return

        async def send_with_permission(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if origin is not None and origin.startswith("http") and message["status"] != 403:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
            await send(message)

        await self.app(scope, receive, send_with_permission)

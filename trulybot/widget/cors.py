"""
Which website's page may speak to us, and read what we answer.

A browser names the website in `Origin`. Our own pages may; a website that a workspace allows may use the widget, and
reads only what is for a session of its own; nobody else's page gets past here. A program that is no browser names no
origin, or whatever it likes: this protects people at browsers, and tokens and row security protect the rest.
"""

import time
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.csrf import is_ours
from trulybot.kit.db import Database
from trulybot.kit.security import SecurityEvent, note
from trulybot.widget.service import OriginNotAllowed
from trulybot.workspaces import visitors
from trulybot.workspaces.identity import SessionOfAnotherSite

PATHS = frozenset(("/api/widget/session", "/api/chat"))
OF_A_TURN = "/api/chat/"  # what a visitor says about one
API = "/api/"  # pages have their own rule: kit/csrf.py
# For any website's page, since no cookie counts there, or nothing in it is anybody's; these say so themselves.
PUBLIC = ("/api/auth/", "/api/widget/config/")
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}
EXPOSED = "X-Request-Id, Retry-After"
KNOWN_SECONDS = 60.0  # that a website is somebody's; what it may read is checked each time, so nothing hangs on it
MOST_KNOWN = 10_000


class WidgetCors:
    """
    Refuses (403) what another website's page sends, and tells browsers which page may read an answer.

    A browser asks first, without a token, whether a page may send: then all we know is the website, and it may if some
    workspace allows it. No cookie counts here, so there is nothing that a page of another website could borrow.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._known: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        path: str = scope.get("path", "")
        is_its_matter = path.startswith(API) and not path.startswith(PUBLIC)
        if not is_its_matter or (origin is None and not is_widgets(path)):
            await self.app(scope, receive, send)
            return

        is_known = False

        async def send_with_permission(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                # A refusal tells of nobody, and a page that may not read it takes it for a broken network.
                refused = (
                    is_known and message["status"] in range(400, 500) and message["status"] != OriginNotAllowed.status
                )
                if origin is not None and (reader(scope) == origin or refused):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        if origin is not None and not is_ours(Request(scope), origin):
            if scope["method"] == "OPTIONS":
                await self._preflight(scope, origin, send)
                return
            await self._check(scope, origin)
            is_known = True
        await self.app(scope, receive, send_with_permission)

    async def _preflight(self, scope: Scope, origin: str, send: Send) -> None:
        allowed = {"Access-Control-Allow-Origin": origin, **PREFLIGHT} if await self._may_ask(scope, origin) else {}
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in allowed.items()]
        await send({"type": "http.response.start", "status": 204, "headers": [*headers, (b"vary", b"Origin")]})
        await send({"type": "http.response.body"})

    async def _check(self, scope: Scope, origin: str) -> None:
        """
        Raises:
            SessionOfAnotherSite: The visitor's token was given to another website.
            OriginNotAllowed: No workspace allows the website.
        """
        token = Headers(scope=scope).get("authorization", "").partition(" ")[2].strip()
        visitor = visitors.read(scope["app"].state.visitor_key, token) if token else None
        if visitor is not None:
            if visitor.origin != origin:
                note(SecurityEvent.CROSS_TENANT, workspace_id=visitor.workspace_id, rule="origin")
                raise SessionOfAnotherSite
            let_read(scope, origin)
        elif not await self._may_ask(scope, origin):
            raise OriginNotAllowed

    async def _may_ask(self, scope: Scope, origin: str) -> bool:
        """Whether it is a path of the widget and a website that some workspace allows."""
        if not is_widgets(scope["path"]):
            return False
        now = time.monotonic()
        if self._known.get(origin, 0.0) > now:
            return True
        db: Database = scope["app"].state.db
        async with db.system("is this website somebody's") as tx:
            allowed = bool(await tx.value("select private.origin_is_allowed(%(origin)s)", origin=origin))
        if allowed:
            self._known[origin] = now + KNOWN_SECONDS
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return allowed


def is_widgets(path: str) -> bool:
    return path in PATHS or path.startswith(OF_A_TURN)


def let_read(scope: Scope, origin: str) -> None:
    """The answer is for that website's page: it holds the session, or begins one."""
    scope.setdefault("state", {})["read_by"] = origin


def reader(scope: Scope) -> str | None:
    state: dict[str, str] = scope.get("state", {})
    return state.get("read_by")

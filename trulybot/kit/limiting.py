"""
The table of limits, held: first of what a request passes, since refusing must cost less than answering.

By address before anything is known of whoever asks; by visitor, person, key and workspace as soon as they are, by
`identified()`. An endpoint has as many names as its path has spellings, and one count.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.http import Renderer
from trulybot.kit.limits import By, Limit, Limiter, LimitReached, Standing, taken

EVERYWHERE = "*"
STREAM = "text/event-stream"
ALWAYS_A_STREAM = "/events"  # the end of the paths that answer with one, whatever was asked for
CLOSE_ONE_FIRST_SECONDS = 5  # nobody can know when one of their streams will end

# A refusal tells nothing that its reader did not know, and a page that cannot read it takes it for a broken network.
READABLE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id",
}


class TooManyStreams(LimitReached):
    """Too many open streams. Close one first."""

    status, code = 429, "too_many_streams"


@dataclass(frozen=True)
class StreamLimit:
    """How many event streams may be open at once in a process. by: as a `Limit` has it."""

    name: str
    amount: int
    by: By
    reason: str


class Table:
    """Which limits hold for a request."""

    def __init__(self, limits: Iterable[Limit], streams: Iterable[StreamLimit], *, free: Sequence[str]) -> None:
        """free: paths that are not counted by address, whole or, ending in "/", with everything below."""
        self.limits, self.streams, self.free = tuple(limits), tuple(streams), frozenset(free)
        self._folders = tuple(path for path in free if path.endswith("/"))
        self._exact: dict[str, list[tuple[str, Limit]]] = {}
        self._patterns: list[tuple[re.Pattern[str], str, Limit]] = []
        self._elsewhere = tuple(limit for limit in self.limits if EVERYWHERE in limit.endpoints)
        for limit in self.limits:
            for endpoint in limit.endpoints:
                method, _, path = endpoint.rpartition(" ")
                if "{" in path:
                    pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
                    self._patterns.append((pattern, method, limit))
                elif path != EVERYWHERE:
                    self._exact.setdefault(path, []).append((method, limit))

    def of(self, method: str, path: str) -> list[Limit]:
        """path: as `canonical` spells it."""
        asked = "GET" if method == "HEAD" else method
        found = [limit for named, limit in self._exact.get(path, ()) if named in ("", asked)]
        found += [limit for pattern, named, limit in self._patterns if named in ("", asked) and pattern.fullmatch(path)]
        if path in self.free or path.startswith(self._folders):
            return found
        named_by = {limit.by for limit in found}
        return found + [limit for limit in self._elsewhere if limit.by not in named_by]


@dataclass
class Pending:
    """What is still to be taken for a request, once its sender is known."""

    limiter: Limiter
    limits: list[Limit]
    streams: tuple[StreamLimit, ...]
    open: "OpenStreams"
    entered: list[tuple[str, str]] = field(default_factory=list)

    async def take(self, keys: Mapping[By, str]) -> None:
        for limit in self.limits:
            if limit.by in keys:
                await self.limiter.take(limit, keys[limit.by])
        for stream in self.streams:
            if stream.by in keys:
                self.entered.append(self.open.enter(stream, self.limiter.named(stream.by, keys[stream.by])))


class OpenStreams:
    """Event streams that are open in this process, by limit and key."""

    def __init__(self) -> None:
        self._open: Counter[tuple[str, str]] = Counter()

    def enter(self, limit: StreamLimit, key: str) -> tuple[str, str]:
        """
        Raises:
            TooManyStreams: `key` has as many as it may.
        """
        if self._open[limit.name, key] >= limit.amount:
            raise TooManyStreams(
                Limit(limit.name, limit.amount, 0, limit.by, limit.reason, code=TooManyStreams.code),
                seconds=CLOSE_ONE_FIRST_SECONDS,
            )
        self._open[limit.name, key] += 1
        return limit.name, key

    def leave(self, entered: tuple[str, str]) -> None:
        self._open[entered] -= 1
        if not self._open[entered]:
            del self._open[entered]

    def __len__(self) -> int:
        return len(self._open)


class RateLimits:
    """Takes an address's limits before the request goes on, and tells on each answer what is left of those it took."""

    def __init__(
        self, app: ASGIApp, *, limiter: Limiter, table: Table, answer: Renderer, aliases: Mapping[str, str]
    ) -> None:
        """aliases: beginnings of paths that are another's, such as {"/api/auth/": "/auth/v1/"}."""
        self.app, self.limiter, self.table, self.answer, self.aliases = app, limiter, table, answer, aliases
        self.open = OpenStreams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        standings: list[Standing] = []

        async def send_with_standings(message: Message) -> None:
            if message["type"] == "http.response.start" and standings:
                MutableHeaders(scope=message).update(told(standings))
            await send(message)

        # Whether it ends as a stream is the endpoint's to say; what asks for none is answered without.
        path = canonical(scope["path"], self.aliases)
        may_stream = STREAM in Headers(scope=scope).get("accept", "") or path.endswith(ALWAYS_A_STREAM)
        streams = self.table.streams if may_stream else ()
        limits = self.table.of(scope["method"], path)
        pending = Pending(self.limiter, limits, streams, self.open)
        scope.setdefault("state", {})["pending_limits"] = pending
        before = taken.set(standings)
        try:
            try:
                await pending.take({"address": address_of(scope)})
            except LimitReached as refusal:
                response = self.answer(Request(scope, receive), refusal)
                response.headers.update(READABLE)
                await response(scope, receive, send_with_standings)
                return
            await self.app(scope, receive, send_with_standings)
        finally:
            taken.reset(before)
            for entered in pending.entered:
                self.open.leave(entered)


async def identified(request: Request, keys: Mapping[By, str]) -> None:
    """
    Take what the table has for whoever has turned out to be asking.

    Raises:
        LimitReached: They have to wait.
    """
    pending: Pending | None = getattr(request.state, "pending_limits", None)
    if pending is not None:
        await pending.take(keys)


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def canonical(path: str, aliases: Mapping[str, str]) -> str:
    """One spelling of a path: lower case, without doubled slashes or one at the end."""
    spelled = re.sub(r"/{2,}", "/", path.lower()).rstrip("/") or "/"
    for alias, named in aliases.items():
        if spelled.startswith(alias):
            return named + spelled.removeprefix(alias)
    return spelled


def told(standings: Sequence[Standing]) -> dict[str, str]:
    """
    The headers that say how much of each limit is left.

    Source: draft-ietf-httpapi-ratelimit-headers-10. q: amount, w: window in seconds; r: remaining, t: until more.
    """
    latest = {standing.limit.name: standing for standing in standings}.values()
    return {
        "RateLimit-Policy": ", ".join(_policy(standing.limit) for standing in latest),
        "RateLimit": ", ".join(
            f'"{standing.limit.name}";r={standing.remaining};t={standing.reset_seconds}' for standing in latest
        ),
    }


@cache
def _policy(limit: Limit) -> str:
    return f'"{limit.name}";q={limit.amount};w={limit.per_seconds}'

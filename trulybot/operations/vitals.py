"""
How this process is doing, as its users feel it: how long they wait, and how often we fail them.

What it finds is raised through the security log, so that every process asks the same table what was raised already.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.db import Database
from trulybot.operations.alert_rules import (
    CONNECTION_SHARE,
    ERROR_REQUESTS,
    ERROR_SHARE,
    FIVE_MINUTES,
    SLOW_SECONDS,
)
from trulybot.operations.security_log import SecurityLog

SLICE_SECONDS = 10  # answers are counted in slices of so long
FIRST_OF_OUR_FAULTS = 500
ABOUT_US = ("/api/monitoring/",)  # a probe that says "not ready" does its work; it is no failure to a user


class Vitals:
    """
    Counts answers and their faults, and sees who waits too long.

    Waiting counts from when the request has arrived as a whole to the beginning of its answer: a slow client is not
    our fault, and a stream may last as long as it likes.
    """

    def __init__(self, app: ASGIApp, *, security: SecurityLog, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.security, self.clock = app, security, clock
        # Begun at, answers, faults; the newest at the end.
        self._slices: deque[list[float]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ABOUT_US):
            await self.app(scope, receive, send)
            return
        arrived = self.clock()

        async def receive_and_see() -> Message:
            nonlocal arrived
            message = await receive()
            if message["type"] == "http.request":
                arrived = self.clock()
            return message

        async def send_and_see(message: Message) -> None:
            if message["type"] == "http.response.start":
                waited = self.clock() - arrived
                self._count(message["status"])
                if waited > SLOW_SECONDS:
                    route = getattr(scope.get("route"), "path", "unmatched")
                    self.security.condition("responses-slow", route=route, seconds=round(waited, 1))
            await send(message)

        await self.app(scope, receive_and_see, send_and_see)

    def _count(self, status: int) -> None:
        now = self.clock()
        if not self._slices or now - self._slices[-1][0] >= SLICE_SECONDS:
            self._slices.append([now, 0, 0])
        while now - self._slices[0][0] > FIVE_MINUTES.total_seconds():
            self._slices.popleft()
        self._slices[-1][1] += 1
        if status < FIRST_OF_OUR_FAULTS:
            return
        self._slices[-1][2] += 1
        answers, faults = (int(sum(part[index] for part in self._slices)) for index in (1, 2))
        if answers >= ERROR_REQUESTS and faults > answers * ERROR_SHARE:
            self.security.condition("errors-frequent", answers=answers, faults=faults)


async def look_at_connections(db: Database, security: SecurityLog) -> None:
    """Whether the database soon has no connection left for anybody."""
    async with db.chore("how many connections are taken") as tx:
        share: Any = await tx.value("select private.connections_in_use()")
    if share is not None and share > CONNECTION_SHARE:
        security.condition("connections-short", share=round(share, 2))

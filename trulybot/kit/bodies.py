"""What is sent to us: how slowly, and how much of it."""

import asyncio
import time
from collections.abc import Mapping
from typing import ClassVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.errors import AppError, BodyTooLarge, InvalidInput
from trulybot.kit.refusals import unless_refused

MEGABYTE = 1_000_000

GRACE_SECONDS = 15.0  # before the pace counts: a telephone changing from one network to another
SLOWEST_PACE = 8_000  # bytes a second; a poor mobile connection sends three times as much
MOST_FIELDS = 1000  # of a form; taking one apart costs as much as a hundred bytes of anything else


class TooSlow(AppError):
    """The request came too slowly. Send it again over a better connection."""

    status, code = 408, "request_timeout"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class Pace:
    """Gives up on a body that trickles in to keep us waiting. What waits for more than a body is not meant."""

    def __init__(self, app: ASGIApp, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self.app, self.grace_seconds = app, grace_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_whole = False
        arrived = 0
        began: float | None = None

        async def receive_in_time() -> Message:
            nonlocal is_whole, arrived, began
            if is_whole:
                return await receive()  # from now on it only tells that the client has gone
            now = time.monotonic()
            began = began or now
            left = began + self.grace_seconds + arrived / SLOWEST_PACE - now
            try:
                async with asyncio.timeout(max(left, 0)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow from None
            arrived += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            return message

        await unless_refused(self.app, scope, receive_in_time, send)


class BodyLimit:
    """Refuses a body larger than its path may have, by what was declared and by what arrives."""

    def __init__(self, app: ASGIApp, *, default: int, by_path: Mapping[str, int]) -> None:
        self.app, self.default, self.by_path = app, default, by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.by_path.get(scope["path"], self.default)
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        is_too_large = declared.isascii() and declared.isdigit() and int(declared) > limit
        is_form = headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
        arrived = fields = 0

        async def receive_within() -> Message:
            nonlocal arrived, fields
            message = await receive()
            part = message.get("body", b"")
            arrived += len(part)
            if is_too_large or arrived > limit:
                raise BodyTooLarge(limit_megabytes=limit // MEGABYTE)
            fields += part.count(b"&") if is_form else 0
            if fields > MOST_FIELDS:
                raise InvalidInput(details=[{"field": "", "message": f"holds more than {MOST_FIELDS} fields"}])
            return message

        await unless_refused(self.app, scope, receive_within, send)

"""Calls to the servers that vouch for people: bounded in time and size, and never led elsewhere."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import httpx

from trulybot.kit.errors import Unavailable

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 8.0  # a person waits at their browser
LARGEST_ANSWER = 262_144  # bytes; Google's keys are 2 kB, a large tenant's discovery document 10

# Keys and addresses of others are believed for ten minutes, so that a key withdrawn there is soon refused here too.
# They are read anew at half of that, so that a short absence of the other goes unnoticed.
KEPT_SECONDS = 600
RENEWED_SECONDS = 300
RETRY_SECONDS = 5

T = TypeVar("T")


class Away(Unavailable):
    """The service that signs you in cannot be reached at the moment. Try again shortly."""


@dataclass(frozen=True)
class Answer:
    """content: the JSON that came back, an object; {} where it was none."""

    status: int
    content: Mapping[str, Any]


async def ask(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """
    GET, or POST of a form or of JSON.

    Raises:
        Away: No answer within our limits, or one that says the other cannot answer now.
    """
    method = "GET" if form is None and body is None else "POST"
    try:
        async with (
            asyncio.timeout(WHOLE_SECONDS),
            httpx.AsyncClient(verify=_trust(), timeout=httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS)) as client,
            client.stream(
                method,
                url,
                data=dict(form) if form is not None else None,
                json=body,
                headers={"Accept": "application/json", **(headers or {})},
                auth=auth or httpx.USE_CLIENT_DEFAULT,
                follow_redirects=False,
            ) as response,
        ):
            content = await _content(response)
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError) as error:
        raise Away from error
    if response.status_code >= 500:
        raise Away
    return Answer(response.status_code, content)


async def read(url: str) -> Mapping[str, Any]:
    """
    The JSON object at an address.

    Raises:
        Away: There is none.
    """
    answer = await ask(url)
    if answer.status != 200 or not answer.content:
        raise Away
    return answer.content


class Kept(Generic[T]):
    """
    Something that another server tells: read when it is first needed, and anew as it ages.

    As long as what we know is young enough, nobody waits for the other: it is read anew beside them.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Callable[[], float]) -> None:
        self._read, self._clock = read, clock
        self._lock = asyncio.Lock()
        self._known: tuple[T, float] | None = None
        self._tried_at = float("-inf")
        self._beside: asyncio.Task[None] | None = None

    async def get(self) -> T:
        """
        Raises:
            Away: It could not be read, and what we knew is too old.
        """
        known = self._young()
        if known is None:
            return await self._first()
        value, age = known
        if age >= RENEWED_SECONDS and self._may_try() and (self._beside is None or self._beside.done()):
            self._beside = asyncio.create_task(self._renew_beside())
        return value

    async def renew(self) -> T:
        """
        Read now, whatever its age.

        Raises:
            Away: It could not be read.
        """
        async with self._lock:
            return await self._read_now()

    async def _first(self) -> T:
        """One asks for all who wait; while the other is away, not every request has to wait for that to show."""
        asked_at = self._clock()
        async with self._lock:
            known = self._young()
            if known is not None:
                return known[0]
            if self._tried_at >= asked_at or not self._may_try():
                raise Away
            return await self._read_now()

    async def _read_now(self) -> T:
        self._tried_at = self._clock()
        value = await self._read()
        self._known = value, self._tried_at
        return value

    async def _renew_beside(self) -> None:
        with contextlib.suppress(Away):
            await self.renew()

    def _young(self) -> tuple[T, float] | None:
        """What we know and may still believe, with its age in seconds."""
        if self._known is None:
            return None
        value, read_at = self._known
        age = self._clock() - read_at
        return (value, age) if age < KEPT_SECONDS else None

    def _may_try(self) -> bool:
        was_read = self._known is not None and self._known[1] >= self._tried_at
        return was_read or self._clock() - self._tried_at >= RETRY_SECONDS


async def _content(response: httpx.Response) -> Mapping[str, Any]:
    whole = bytearray()
    async for part in response.aiter_bytes():
        whole += part
        if len(whole) > LARGEST_ANSWER:
            raise Away
    try:
        content = json.loads(whole)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that we trust; made once, since that takes longer than most of the calls."""
    return httpx.create_ssl_context()

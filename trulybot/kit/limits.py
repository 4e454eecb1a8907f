"""
How often somebody may do something.

Redis counts when there is one, so that every process keeps the same limit. Each process counts in its memory beside it:
when Redis goes away the limit goes on from there, at once, and Redis takes over again when it is back. A limit is
therefore never off; while Redis is away it holds for each process by itself.
"""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import Final, Literal

from limits import RateLimitItem, RateLimitItemPerSecond
from redis.exceptions import RedisError

from trulybot.kit import limit_keys
from trulybot.kit.errors import AppError
from trulybot.kit.limit_stores import REDIS_SECONDS, BoundedMemory, SharedRedis, Window
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS
from trulybot.kit.security import SecurityEvent, note

log = get_logger()

By = Literal["address", "visitor", "visitor's address", "user", "workspace", "key", "account", "email", "phone", "all"]

# What names a person or their place is counted under a hash that needs our key; ids may be read.
PERSONAL: Final = frozenset(("address", "visitor's address", "account", "email", "phone"))
# However an address, a mailbox or a telephone is spelled, it is one.
SPELLINGS: Final[Mapping[By, Callable[[str], str]]] = {
    "address": limit_keys.place,
    "visitor's address": limit_keys.place,
    "email": limit_keys.mailbox,
    "phone": limit_keys.telephone,
}
# What a caller is shown: their own standing. How often somebody's account or mailbox was tried is not theirs to know.
SHOWN: Final = frozenset(("address", "visitor", "visitor's address", "user", "workspace", "key"))

LOOK_AGAIN_SECONDS = 1.0  # how often we look whether Redis is back


@dataclass(frozen=True)
class Limit:
    """
    One row of the table of limits.

    by: what is counted. endpoints: where it holds by itself, as "POST /api/chat", "/api/leads/{id}" for every method,
    or "*" for whatever no other row by the same thing names; without any, the code takes it. code, says: what whoever
    exceeds it is told, where another contract wants other words. {seconds}: until there is room again.
    """

    name: str
    amount: int
    per_seconds: int
    by: By
    reason: str
    endpoints: tuple[str, ...] = ()
    code: str = "limit_reached"
    says: str = ""

    @cached_property
    def item(self) -> RateLimitItem:
        return RateLimitItemPerSecond(self.amount, self.per_seconds, namespace=self.name)


@dataclass(frozen=True)
class Standing:
    """How much of a limit is left. reset_seconds: until more is."""

    limit: Limit
    remaining: int
    reset_seconds: int


class LimitReached(AppError):
    """Too many requests. Try again in {seconds} seconds."""

    status, code = 429, "limit_reached"

    def __init__(self, limit: Limit, *, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.limit, self.seconds = limit, seconds
        self.code = limit.code  # type: ignore[misc]  # each limit may have its own, and each stays what it is
        self.headers = {"Retry-After": str(seconds)}  # type: ignore[misc]
        if limit.says:
            self.message = limit.says.format(seconds=seconds)


# What was taken for the request that is being answered, for its headers; `kit/limiting.py` begins a list for each.
taken: ContextVar[list[Standing] | None] = ContextVar("taken", default=None)


class Limiter:
    """Counts, refuses and forgets. key: hides whose address or email is counted; any, when nobody shares the counts."""

    def __init__(
        self, key: bytes | None = None, *, redis_url: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key, self._clock = key or secrets.token_bytes(32), clock
        self._memory = BoundedMemory(clock=clock)
        self._redis = SharedRedis(redis_url) if redis_url else None
        self._looking: asyncio.Task[None] | None = None
        self._back_at = -float("inf")

    @property
    def uses_redis(self) -> bool:
        return self._redis is not None

    @property
    def is_alone(self) -> bool:
        """Redis is away, and this process counts by itself."""
        return self._looking is not None

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        if self._redis is not None:
            await self._redis.disconnect()

    async def take(self, limit: Limit, key: str, cost: int = 1) -> Standing:
        """
        Count what `key` is about to do.

        Raises:
            LimitReached: It has to wait; nothing was counted.
        """
        key = self.named(limit.by, key)
        allowed, window = await self._acquire(limit, key, cost)
        standing = _standing(limit, window, 0 if allowed else cost)
        _show(standing)
        if not allowed:
            self._tell(limit, key)
            raise LimitReached(limit, seconds=standing.reset_seconds)
        return standing

    async def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing:
        """What is left for `key`. Nothing is counted, and nothing refused."""
        return _standing(limit, await self._stand(limit, self.named(limit.by, key)), cost)

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget what was counted."""
        key = limit.item.key_for(self.named(limit.by, key))
        self._memory.clear(key)
        if self._redis is not None and not self.is_alone:
            with self._falls_back():
                async with asyncio.timeout(REDIS_SECONDS):
                    await self._redis.clear(key, limit.per_seconds)

    async def ping(self) -> None:
        """
        Ask Redis something.

        Raises:
            RedisError, OSError, TimeoutError: It is away.
        """
        assert self._redis is not None  # noqa: S101  (asked only where uses_redis)
        async with asyncio.timeout(REDIS_SECONDS):
            await self._redis.ping()

    def named(self, by: By, key: str) -> str:
        """What `key` is counted under: one name for all its spellings, and nothing of a person's in it."""
        spelled = SPELLINGS[by](key) if by in SPELLINGS else key
        if by not in PERSONAL:
            return spelled
        return hmac.new(self._key, f"{by} {spelled}".encode(errors="replace"), hashlib.sha256).hexdigest()[:32]

    async def _acquire(self, limit: Limit, key: str, cost: int) -> tuple[bool, Window]:
        key, length = limit.item.key_for(key), limit.per_seconds
        if self._redis is not None and not self.is_alone:
            # Redis may have come back without its counts: until its windows are whole again, ours count as well.
            if self._clock() - self._back_at < length:
                own = self._memory.stand(key, length)
                if _standing(limit, own, cost).remaining < cost:
                    return False, own
            with self._falls_back():
                async with asyncio.timeout(REDIS_SECONDS):
                    allowed, window = await self._redis.take(key, limit.amount, length, cost)
                if allowed:
                    self._memory.add(key, length, cost)
                return allowed, window
        return self._memory.take(key, limit.amount, length, cost)

    async def _stand(self, limit: Limit, key: str) -> Window:
        key = limit.item.key_for(key)
        if self._redis is not None and not self.is_alone:
            with self._falls_back():
                async with asyncio.timeout(REDIS_SECONDS):
                    return await self._redis.stand(key, limit.per_seconds)
        return self._memory.stand(key, limit.per_seconds)

    @contextlib.contextmanager
    def _falls_back(self) -> Iterator[None]:
        """Whoever finds Redis away goes on in memory, and nobody asks it again before it has answered a ping."""
        try:
            yield
        except (RedisError, OSError, TimeoutError):
            if not self.is_alone:
                log.warning("redis.away")
                EVENTS.labels("redis.away").inc()
                self._looking = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await self.ping()
                break
        self._back_at, self._looking = self._clock(), None
        log.info("redis.back")
        EVENTS.labels("redis.back").inc()

    def _tell(self, limit: Limit, key: str) -> None:
        """Once a window for each key: whoever is refused may go on asking, and must not fill our tables."""
        told, _ = self._memory.take(f"told/{limit.name}/{key}", 1, limit.per_seconds, 1)
        if told:
            note(SecurityEvent.LIMIT_HIT, limit=limit.name)


def _standing(limit: Limit, window: Window, cost: int) -> Standing:
    """cost: what shall be taken next; how long that has to wait."""
    before, weighs_seconds, count, forgotten_seconds = window
    length = limit.per_seconds
    remaining = max(0, limit.amount - floor(before * weighs_seconds / length) - count)
    ends_seconds = max(0.0, forgotten_seconds - length)
    if remaining >= cost:
        return Standing(limit, remaining, ceil(ends_seconds))
    # The older window weighs less each second, until enough of it is forgotten; where the newer alone is too much, it
    # has to become the older first.
    room = limit.amount - cost - count + 1
    if room > 0 and before:
        wait = weighs_seconds - room * length / before
    else:
        wait = ends_seconds + length - min(1.0, (limit.amount - cost + 1) / max(count, 1)) * length
    return Standing(limit, remaining, max(1, floor(wait) + 1))  # it has to weigh less, not just as much


def _show(standing: Standing) -> None:
    shown = taken.get()
    if shown is not None and standing.limit.by in SHOWN:
        shown.append(standing)

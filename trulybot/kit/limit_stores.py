"""
Where limits are counted: in Redis, shared by every process, or in this process, in bounded room.

Both count by the same sliding window, which the `limits` library describes: the window begins at a key's first hit,
and the window before counts by the share of it that still lies within the length of one.
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import cast
from urllib.parse import urlsplit

from limits.aio.storage import RedisClusterStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# Of each limit, in a process. Some 3 MB; beyond that, who has been quiet for longest is forgotten first. Each limit has
# room of its own, so that a flood at one cannot make us forget whom another holds back.
MOST_KEYS = 10_000

# Redis answers within a millisecond; a busy process hears it later. Longer than this, and memory does its work.
REDIS_SECONDS = 1.0
REDIS_CONNECTIONS = 32

CLUSTER = "redis+cluster"
PREFIX = "trulybot"

# The library's two scripts as they are, in one.
TAKE = f"""
local function acquire(KEYS, ARGV)
{RedispyBridge.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()}
end
local function stand(KEYS, ARGV)
{RedispyBridge.SCRIPT_SLIDING_WINDOW.decode()}
end
local allowed = acquire(KEYS, ARGV)
return {{allowed and 1 or 0, stand(KEYS, {{ARGV[2]}})}}
"""

# Count in the window before, seconds for which it weighs; count in this one, seconds until that is forgotten.
Window = tuple[int, float, int, float]


@dataclass(slots=True)
class _Window:
    """began: of the window that `count` is of; `before` is the count of the one before it."""

    began: float
    count: int = 0
    before: int = 0


class BoundedMemory:
    """In this process. The library's own memory looks through all its keys at every hit, and has no end."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most_keys: int = MOST_KEYS) -> None:
        self._clock, self._most_keys = clock, most_keys
        self._windows: defaultdict[str, OrderedDict[str, _Window]] = defaultdict(OrderedDict)

    def take(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, Window]:
        """Whether there was room, and how it stands then."""
        before, left, count, _ = self.stand(key, expiry)
        allowed = floor(before * left / expiry) + count + amount <= limit
        if allowed:
            self.add(key, expiry, amount)
        return allowed, self.stand(key, expiry)

    def clear(self, key: str) -> None:
        self._of(key).pop(key, None)

    def add(self, key: str, expiry: int, amount: int) -> None:
        """Count what was allowed already, whether or not there is room."""
        windows = self._of(key)
        window = self._current(key, expiry)
        if window is None:
            window = windows[key] = _Window(self._clock())
            if len(windows) > self._most_keys:
                windows.popitem(last=False)
        window.count += amount
        windows.move_to_end(key)

    def __len__(self) -> int:
        return sum(map(len, self._windows.values()))

    def _of(self, key: str) -> OrderedDict[str, _Window]:
        return self._windows[key.partition("/")[0]]

    def stand(self, key: str, expiry: int) -> Window:
        window = self._current(key, expiry)
        if window is None:
            return 0, 0.0, 0, 0.0
        left = window.began + expiry - self._clock()
        return window.before, left, window.count, left + expiry

    def _current(self, key: str, expiry: int) -> _Window | None:
        windows = self._of(key)
        window = windows.get(key)
        if window is None:
            return None
        age = self._clock() - window.began
        if age >= 2 * expiry:
            del windows[key]
            return None
        if age >= expiry:
            window.began, window.before, window.count = window.began + expiry, window.count, 0
        return window


class SharedRedis:
    """Redis at a URL, by clients that give up early and leave trying again to whoever asked."""

    def __init__(self, url: str) -> None:
        self._storage = _storage(url)
        # The library's type for it lacks what every client has.
        self._client = cast("Redis | RedisCluster", cast("RedispyBridge", self._storage.bridge).get_connection())
        self._take = self._client.register_script(TAKE)

    async def take(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, Window]:
        """Whether there was room, and how it stands then: both in one round trip."""
        current = (
            f"{PREFIX}:{{{key}}}"  # as the storage names it; the braces keep both windows on one node of a cluster
        )
        allowed, window = await self._take(keys=[f"{current}/-1", current], args=[limit, expiry, amount])
        before, weighs, count, forgotten = (max(0, int(part or 0)) for part in window)
        return bool(allowed), (before, weighs / 1000, count, forgotten / 1000)

    async def stand(self, key: str, expiry: int) -> Window:
        return await self._storage.get_sliding_window(key, expiry)

    async def clear(self, key: str, expiry: int) -> None:
        await self._storage.clear_sliding_window(key, expiry)

    async def ping(self) -> None:
        await self._storage.get("ping")

    async def disconnect(self) -> None:
        """End its connections; the next question opens new ones."""
        if isinstance(self._client, Redis):
            await self._client.connection_pool.disconnect()
        else:
            await self._client.aclose()


def _storage(url: str) -> RedisStorage:
    patience = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    once = Retry(NoBackoff(), 0)
    if urlsplit(url).scheme == CLUSTER:
        options = {**patience, "retry": once, "max_connections": REDIS_CONNECTIONS}
        return RedisClusterStorage(f"async+{url}", implementation="redispy", key_prefix=PREFIX, **options)  # type: ignore[arg-type]
    pool = BlockingConnectionPool.from_url(
        url, max_connections=REDIS_CONNECTIONS, timeout=REDIS_SECONDS, retry=once, **patience
    )
    return RedisStorage("async+redis://", implementation="redispy", key_prefix=PREFIX, connection_pool=pool)  # type: ignore[arg-type]

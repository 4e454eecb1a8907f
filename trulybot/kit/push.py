"""What changed, told to open pages at once: PostgreSQL LISTEN/NOTIFY, one connection a process."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import psycopg

from trulybot.kit.log import get_logger

log = get_logger()

BACKLOG = 256  # events a slow page may fall behind before the oldest are dropped; it catches up at the next beat
RECONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class Change:
    topic: str
    id: UUID


class Push:
    """Hears every change and passes it to the pages of that workspace alone."""

    def __init__(self, url: str, *, reconnect_seconds: float = RECONNECT_SECONDS) -> None:
        self.url, self.reconnect_seconds = url, reconnect_seconds
        self._listeners: dict[UUID, set[asyncio.Queue[Change]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()

    async def open(self) -> None:
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def changes(self, workspace_id: UUID, *, beat_seconds: float) -> AsyncIterator[Change | None]:
        """
        The workspace's changes as they happen; None once they are listened for, and when nothing happens for a beat.

        While the database is away changes go unheard: who must not miss one reads at each None what is new.
        """
        queue: asyncio.Queue[Change] = asyncio.Queue(BACKLOG)
        self._listeners[workspace_id].add(queue)
        try:
            yield None
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), beat_seconds)
                except TimeoutError:
                    yield None
        finally:
            self._listeners[workspace_id].discard(queue)
            if not self._listeners[workspace_id]:
                del self._listeners[workspace_id]

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
                    await connection.execute("listen trulybot")
                    self.listening.set()
                    async for notice in connection.notifies():
                        self._pass_on(notice.payload)
            except psycopg.OperationalError:
                log.warning("push.disconnected")
            self.listening.clear()
            await asyncio.sleep(self.reconnect_seconds)

    def _pass_on(self, payload: str) -> None:
        try:
            event = json.loads(payload)
            workspace_id, change = UUID(event["workspace_id"]), Change(event["topic"], UUID(event["id"]))
        except (ValueError, TypeError, KeyError):
            log.warning("push.not_ours")  # whoever may sign in to the database may notify, and would silence us
            return
        for queue in self._listeners.get(workspace_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(change)

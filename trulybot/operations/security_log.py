"""
Keeps what was noted: security events in the database, lines in the workspaces' audit logs, alerts.

One task of each process writes, after the answers and a few times a second at most. What is alike is one row with a
count, and what would be too many rows is counted in one: a flood of attacks costs a fixed number of writes. When the
database is away, what was noted waits, within the same bounds.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from trulybot.audit import service as audit
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import AppError
from trulybot.kit.ids import uuid7
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS, SECURITY_EVENTS
from trulybot.kit.security import Noted, Search, SecurityEvent
from trulybot.operations.alert_rules import BY_NAME, RULES, Rule

log = get_logger()

PAUSE_SECONDS = 0.5  # between two writes
RETRY_SECONDS = 5.0
GROUPS = 100  # of one kind of event in one write; the rest of them become one row without particulars
LONGEST_QUEUE = 1000  # of what waits for a database that is away
SEARCHES = 100  # in one write; somebody who tries out ids is found by the first

# What a workspace's own log may say of an attack. Never who it was: that may be another customer.
TOLD = ("limit", "rule", "kind")

Key = tuple[Any, ...]


class SecurityLog:
    """The sink of one process, which writes while it is `keeping()`. `flush()` writes at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._groups: dict[Key, tuple[Noted, int]] = {}
        self._searches: list[Search] = []
        # What is kept, and still to be told to its workspace or to be raised.
        self._to_tell: deque[tuple[UUID, Noted]] = deque()
        self._to_raise: deque[tuple[Rule, str, Mapping[str, Any]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()

    def put(self, noted: Noted) -> None:
        with self._lock:
            self._add(noted, 1)
        self._stir()

    def look_into(self, search: Search) -> None:
        with self._lock:
            if len(self._searches) < SEARCHES:
                self._searches.append(search)
        self._stir()

    def condition(self, name: str, **details: Any) -> None:
        """A rule about the server itself was met."""
        if len(self._to_raise) < LONGEST_QUEUE:
            self._to_raise.append((BY_NAME[name], "", details))
        self._stir()

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Write what comes meanwhile."""
        self._loop = asyncio.get_running_loop()
        writing = asyncio.create_task(self._run())
        try:
            yield
        finally:
            writing.cancel()
            await self.flush()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            written = await self.flush()
            if not written:
                self._wake.set()
            await asyncio.sleep(PAUSE_SECONDS if written else RETRY_SECONDS)

    async def flush(self) -> bool:
        """Write what waits; False when the database is away and it waits on."""
        async with self._writing:
            try:
                await self._look()
                await self._keep()
                while self._to_tell:
                    await self._tell(*self._to_tell[0])
                    self._to_tell.popleft()
                while self._to_raise:
                    await self._raise(*self._to_raise[0])
                    self._to_raise.popleft()
            except (AppError, psycopg.Error, OSError) as error:
                log.warning("security_log.later", exc_info=error)
                return False
            return True

    def _add(self, noted: Noted, count: int) -> None:
        particulars = (noted.workspace_id, noted.user_id, noted.address, tuple(sorted(noted.details.items())))
        key: Key = (noted.event, *particulars)
        if key not in self._groups and sum(1 for known in self._groups if known[0] == noted.event) >= GROUPS:
            noted = replace(noted, workspace_id=None, user_id=None, address=None, request_id=None, details={})
            key = (noted.event, "the rest")
        first, before = self._groups.get(key, (noted, 0))
        self._groups[key] = (first, before + count)

    def _stir(self) -> None:
        """Wake the writer, from whatever thread."""
        if self._loop is None:
            self._wake.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _look(self) -> None:
        """Whether what was asked for in vain is another tenant's."""
        searches = list(self._searches)
        if not searches:
            return
        async with self._db.chore("whose are these ids") as tx:
            rows = await tx.all(
                _Owned,
                "select id, workspace_id from private.tenants_of(%(ids)s)",
                ids=list({id for search in searches for id in search.ids}),
            )
        owners = {row.id: row.workspace_id for row in rows}
        with self._lock:
            del self._searches[: len(searches)]
            for search in searches:
                for id in search.ids & owners.keys():
                    if owners[id] != search.workspace_id:
                        self._add(_crossing(search, id, owners[id]), 1)

    async def _keep(self) -> None:
        with self._lock:
            groups, self._groups = self._groups, {}
        kept = [(uuid7(), noted, count) for noted, count in groups.values()]
        try:
            async with self._db.chore("keep security events") as tx:
                for id, noted, count in kept:
                    await _insert(tx, id, noted, count)
        except BaseException:
            with self._lock:
                for _id, noted, count in kept:
                    self._add(noted, count)
            raise
        for id, noted, _count in kept:
            if noted.workspace_id or noted.user_id:
                self._to_tell.append((id, noted))
            self._to_raise += _called_for(noted)
        while len(self._to_tell) > LONGEST_QUEUE:
            self._to_tell.popleft()
        while len(self._to_raise) > LONGEST_QUEUE:
            self._to_raise.popleft()

    async def _tell(self, id: UUID, noted: Noted) -> None:
        """Each in a transaction of its own, so that the ends of two workspaces' chains are never locked at once."""
        async with self._db.chore("tell a workspace of a security event") as tx:
            workspace_id = await tx.value("select private.audits_security_event(%(id)s)", id=id)
            if workspace_id is not None:
                details = {name: noted.details[name] for name in TOLD if name in noted.details}
                await audit.record(
                    tx, noted.event.value, by=None, subject=noted.user_id, workspace_id=workspace_id, **details
                )

    async def _raise(self, rule: Rule, subject: str, details: Mapping[str, Any]) -> None:
        async with self._db.chore("raise an alert") as tx:
            raised = await tx.value(
                "select private.raise_alert(%(id)s, %(rule)s, %(event)s, %(by)s, %(subject)s, %(threshold)s, "
                "%(within)s, %(details)s)",
                id=uuid7(),
                rule=rule.name,
                event=rule.event.value if rule.event and rule.threshold > 1 else None,
                by=rule.by,
                subject=subject,
                threshold=rule.threshold,
                within=rule.within,
                details=Jsonb({name: value for name, value in details.items() if value is not None}),
            )
        if raised:
            EVENTS.labels("alert.raised").inc()
            log.error("alert.raised", rule=rule.name)


def _called_for(noted: Noted) -> Iterator[tuple[Rule, str, Mapping[str, Any]]]:
    """The rules that this event may fulfil, each with whom it counts by."""
    for rule in RULES:
        if rule.event == noted.event:
            by = {"address": noted.address, "user": noted.user_id and str(noted.user_id), None: ""}[rule.by]
            # What one event is enough for must not go unseen because it came from no address.
            if by is not None or rule.threshold == 1:
                yield rule, by or "", {**noted.details, "request_id": noted.request_id}


async def _insert(tx: Tx, id: UUID, noted: Noted, count: int) -> None:
    await tx.run(
        "select private.keep_security_event(%(id)s, %(at)s, %(event)s, %(count)s, %(workspace_id)s, %(user_id)s, "
        "%(address)s, %(request_id)s, %(details)s)",
        id=id,
        at=noted.at,
        event=noted.event.value,
        count=count,
        workspace_id=noted.workspace_id,
        user_id=noted.user_id,
        address=noted.address,
        request_id=noted.request_id,
        details=Jsonb(dict(noted.details)),
    )


def _crossing(search: Search, id: UUID, owner: UUID) -> Noted:
    """As an event about the workspace that was reached for: its owner may be told, and whoever reached must not be."""
    SECURITY_EVENTS.labels(SecurityEvent.CROSS_TENANT.value).inc()
    details = {"id": str(id)}
    if search.workspace_id:
        details["from_workspace"] = str(search.workspace_id)
    if search.user_id:
        details["from_user"] = str(search.user_id)
    return Noted(SecurityEvent.CROSS_TENANT, search.at, owner, None, search.address, search.request_id, details)


@dataclass(frozen=True)
class _Owned:
    id: UUID
    workspace_id: UUID

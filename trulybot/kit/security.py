"""
What is worth an operator's eye, in one vocabulary: counted, logged, kept, and the reason of alerts.

`note()` may be called anywhere and never fails. It hands the event to whoever keeps the events of the request or job
that is under way; they are written after the answer, so that an attack costs the attacked request nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from trulybot.kit.log import get_logger
from trulybot.kit.metrics import SECURITY_EVENTS

log = get_logger()


class SecurityEvent(StrEnum):
    """The values never change: metrics, alerts and the operator's own rules match them."""

    SIGN_IN_FAILED = "sign_in.failed"
    LOCKED_OUT = "sign_in.locked_out"
    CODE_FAILED = "code.failed"  # a one-time or authenticator code that was wrong
    REFRESH_REUSED = "refresh_token.reused"
    SIGNATURE_FAILED = "signature.failed"
    LIMIT_HIT = "limit.hit"
    CROSS_TENANT = "tenant.crossed"
    INJECTION = "injection.attempted"
    BOT_REFUSED = "bot.refused"
    COUNTRY_REFUSED = "country.refused"
    ISOLATION_BROKEN = "isolation.broken"
    DELETION_INCOMPLETE = "deletion.incomplete"


@dataclass(frozen=True)
class Noted:
    """
    One event as it happened.

    workspace_id, user_id: whom it is about, as far as we know. address: of whoever caused it. details: ids and names
    of rules, never what people wrote.
    """

    event: SecurityEvent
    at: datetime
    workspace_id: UUID | None
    user_id: UUID | None
    address: str | None
    request_id: str | None
    details: Mapping[str, str]


@dataclass(frozen=True)
class Search:
    """Ids that somebody of a workspace, or of none, named and did not find."""

    ids: frozenset[UUID]
    at: datetime
    workspace_id: UUID | None
    user_id: UUID | None
    address: str | None
    request_id: str | None


class Sink(Protocol):
    """Keeps what was noted. Called from any thread; must neither wait nor fail."""

    def put(self, noted: Noted) -> None: ...
    def look_into(self, search: Search) -> None: ...


@dataclass
class Origin:
    """The request or job that is under way: where it comes from, who acts in it, and who keeps what is noted."""

    address: str | None = None
    request_id: str | None = None
    workspace_id: UUID | None = None
    user_id: UUID | None = None
    sink: Sink | None = field(default=None, repr=False)


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def origin() -> Origin:
    return _origin.get()


@contextmanager
def coming_from(found: Origin) -> Iterator[None]:
    """What is noted within comes from there, also in tasks that begin within and go on after it."""
    token = _origin.set(found)
    try:
        yield
    finally:
        _origin.reset(token)


def acts(*, workspace_id: UUID | None = None, user_id: UUID | None = None) -> None:
    """From here on it is known who acts in this request."""
    here = origin()
    if here is not _NOWHERE:
        here.workspace_id, here.user_id = workspace_id, user_id


def note(event: SecurityEvent, *, workspace_id: UUID | None = None, user_id: UUID | None = None, **ids: object) -> None:
    """
    Something happened that an operator should know of. Never fails.

    workspace_id, user_id: whom it is about; whoever acts, when nobody is named.
    """
    here = origin()
    if workspace_id is None and user_id is None:
        workspace_id, user_id = here.workspace_id, here.user_id
    details = {name: str(value) for name, value in ids.items()}
    SECURITY_EVENTS.labels(event.value).inc()
    whom = {"workspace_id": workspace_id, "user_id": user_id, **details}
    log.warning("security", kind=event.value, about={name: str(id) for name, id in whom.items() if id is not None})
    if here.sink is not None:
        here.sink.put(Noted(event, datetime.now(UTC), workspace_id, user_id, here.address, here.request_id, details))


def not_found(ids: Iterable[UUID], *, user_id: UUID | None = None) -> None:
    """
    Somebody named these and was told that there is nothing.

    Whether they are another tenant's is looked up after the answer: nothing about the answer, its time included, may
    depend on it.
    """
    here = origin()
    asked = frozenset(ids)
    if here.sink is not None and asked:
        user_id = user_id or here.user_id
        here.sink.look_into(Search(asked, datetime.now(UTC), here.workspace_id, user_id, here.address, here.request_id))

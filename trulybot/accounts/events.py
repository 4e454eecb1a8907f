"""What happened to accounts, for the log and the counters: names and ids, never what people wrote."""

from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.service import Someone
from trulybot.kit.db import Tx
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS

log = get_logger()


def note(event: str, **ids: object) -> None:
    EVENTS.labels(event).inc()
    log.info(event, **{name: str(value) for name, value in ids.items()})


async def record(tx: Tx, event: str, *, user_id: UUID, **ids: UUID) -> None:
    """The same, told in the audit log of the person's home workspace; last in the transaction."""
    note(event, user_id=user_id, **ids)
    await audit.record(tx, event, by=Someone(user_id), subject=next(iter(ids.values()), user_id))

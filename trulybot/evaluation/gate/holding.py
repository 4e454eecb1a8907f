"""What a gate holds back: documents, and a change of the bot. They are tried, published and withdrawn as one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.bots import held as held_bot
from trulybot.documents import held as held_documents
from trulybot.evaluation.gate.models import Passed
from trulybot.kit.db import Tx


@dataclass(frozen=True)
class Holding:
    """
    ready, waiting, failed: documents, by whether they can be tried. bot_revision: of the bot's change, None without
    one. changed_at: of what can be tried.
    """

    ready: int
    waiting: int
    failed: int
    bot_revision: UUID | None
    changed_at: datetime | None

    @property
    def anything(self) -> bool:
        return bool(self.ready or self.waiting or self.failed or self.bot_revision)

    @property
    def can_be_tried(self) -> bool:
        return bool(self.ready or self.bot_revision)


async def holding(tx: Tx) -> Holding:
    documents, bot = await held_documents.summary(tx), await held_bot.waiting(tx)
    changes = [at for at in (documents.changed_at, bot.changed_at if bot else None) if at is not None]
    return Holding(
        ready=documents.ready,
        waiting=documents.waiting,
        failed=documents.failed,
        bot_revision=bot.revision if bot else None,
        changed_at=max(changes, default=None),
    )


async def publish(tx: Tx) -> Passed:
    """Let what is held and ready answer."""
    return Passed(await held_documents.publish(tx), await held_bot.publish(tx))


async def withdraw(tx: Tx) -> Passed:
    """Give up what is held; what answers stays as it is."""
    return Passed(await held_documents.withdraw(tx), await held_bot.withdraw(tx))

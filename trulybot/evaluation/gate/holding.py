"""What a gate holds back: documents, curated answers, a change of the bot. They are tried and published as one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.bots import held as held_bot
from trulybot.curated import held as held_answers
from trulybot.documents import held as held_documents
from trulybot.evaluation.gate.models import Passed
from trulybot.kit.db import Tx
from trulybot.sources import queries as sources


@dataclass(frozen=True)
class Holding:
    """
    ready, waiting, failed: documents, by whether they can be tried. answers: curated ones that somebody wrote.
    is_coming: more of it is being embedded or fetched. bot_revision: of the bot's change, None without one. changed_at:
    of what can be tried.
    """

    ready: int
    waiting: int
    failed: int
    answers: int
    is_coming: bool
    bot_revision: UUID | None
    changed_at: datetime | None

    @property
    def anything(self) -> bool:
        return bool(self.ready or self.waiting or self.failed or self.answers or self.bot_revision)

    @property
    def can_be_tried(self) -> bool:
        return bool(self.ready or self.answers or self.bot_revision)

    @property
    def is_complete(self) -> bool:
        return not (self.waiting or self.is_coming)


async def holding(tx: Tx) -> Holding:
    documents, answers = await held_documents.summary(tx), await held_answers.summary(tx)
    bot = await held_bot.waiting(tx)
    changes = [documents.changed_at, answers.changed_at, bot.changed_at if bot else None]
    return Holding(
        ready=documents.ready,
        waiting=documents.waiting,
        failed=documents.failed,
        answers=answers.answers,
        is_coming=bool(answers.waiting) or await sources.is_syncing(tx),
        bot_revision=bot.revision if bot else None,
        changed_at=max((at for at in changes if at is not None), default=None),
    )


async def publish(tx: Tx) -> Passed:
    """Let what is held and ready answer, and have it looked through for what contradicts it."""
    await tx.enqueue("conflicts.find", lock=f"conflicts:{tx.workspace_id}")
    return Passed(await held_documents.publish(tx), await held_answers.publish(tx), await held_bot.publish(tx))


async def withdraw(tx: Tx) -> Passed:
    """Give up what is held; what answers stays as it is."""
    return Passed(await held_documents.withdraw(tx), await held_answers.withdraw(tx), await held_bot.withdraw(tx))

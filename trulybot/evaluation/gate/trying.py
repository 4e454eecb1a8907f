"""Try what is held: the worker asks the set of what answers now and of what would, and publishes what passes."""

from uuid import UUID

from trulybot.answers.answering import Answering
from trulybot.evaluation.gate import service
from trulybot.evaluation.sets import runs
from trulybot.kit.db import Database, Identity


async def try_held(
    db: Database,
    answering: Answering,
    job: Identity,
    *,
    live_run_id: UUID,
    candidate_run_id: UUID,
    bot_revision: UUID | None = None,
) -> None:
    """bot_revision: of the bot's change that is tried, when there is one."""
    await runs.ask(db, answering, job, live_run_id)
    await runs.ask(db, answering, job, candidate_run_id)
    async with db.workspace(job) as tx:
        if not await service.decide(tx, candidate_run_id, bot_revision):
            await service.begin_when_ready(tx)  # what came while it was asked

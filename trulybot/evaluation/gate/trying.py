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
) -> bool:
    """
    Go on with a try, for a turn. Answers with whether something is left to ask.

    bot_revision: of the bot's change that is tried, when there is one.
    """
    if await runs.ask(db, answering, job, live_run_id) or await runs.ask(db, answering, job, candidate_run_id):
        return True
    async with db.workspace(job) as tx:
        if not await service.decide(tx, candidate_run_id, bot_revision):
            await service.begin_when_ready(tx)  # what came while it was asked
    return False

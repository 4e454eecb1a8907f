"""
Of the tries at one message only one answers, in whichever process it runs. The others wait for what it says.

Whoever answers holds the turn for a few seconds at a time. A try whose process died renews nothing, and the next one
goes on in its place. No transaction is open while anybody waits or answers.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from trulybot.conversations import queries
from trulybot.kit.db import Database, Identity
from trulybot.kit.errors import Unavailable

HOLD_SECONDS = 10  # what a retry waits when the first try's process died; two renewals may fail before it lapses
RENEW_SECONDS = 3.0
MOST_RENEWALS = 40  # two minutes: longer than any answer takes, so what hangs gives way
LOOK_SECONDS = 0.2  # between two looks at whether the other try has answered
WAIT_SECONDS = 50.0  # proxies give up after a minute


@asynccontextmanager
async def held(db: Database, who: Identity, turn_id: UUID, until: datetime | None) -> AsyncIterator[None]:
    """Go on holding a turn that is held `until`; it is given back when the answer fails, so that nobody need wait."""
    hold = _Hold(db, who, turn_id, until)
    renewing = asyncio.create_task(hold.renew())
    try:
        yield
    except Exception:
        await hold.give_back()
        raise
    finally:
        renewing.cancel()


class _Hold:
    def __init__(self, db: Database, who: Identity, turn_id: UUID, until: datetime | None) -> None:
        self.db, self.who, self.turn_id, self.until = db, who, turn_id, until

    async def renew(self) -> None:
        for _ in range(MOST_RENEWALS):
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(Unavailable):  # the database is busy: there is another time
                async with self.db.workspace(self.who) as tx:
                    self.until = await queries.hold_on(tx, self.turn_id, self.until, seconds=HOLD_SECONDS)
                if self.until is None:  # answered, gone, or another's by now
                    return

    async def give_back(self) -> None:
        with contextlib.suppress(Unavailable):  # then it lapses by itself
            async with self.db.workspace(self.who) as tx:
                await queries.let_go(tx, self.turn_id, self.until)

"""
Before a model is asked: is there money for it this month, room at its provider, and is it there at all? And afterwards:
what did it cost. Every process asks the same table, so that the limits hold for all of them together.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from trulybot.bots.models import BotSettings
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.errors import Unavailable
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS
from trulybot.llm.breaker import Breakers
from trulybot.llm.line import Line
from trulybot.llm.model import MAX_TOKENS, Model, ModelUnavailable, Spent

log = get_logger()

TURN_SECONDS = 3.0  # a visitor waits so long for a turn; then the next rung of the ladder answers
# What is no fault of the server's: another call would not fare better or worse.
NOT_ITS_FAULT = frozenset(("BadRequestError", "UnprocessableEntityError", "content_filter", "RateLimitError"))
PAUSE_SECONDS = 5.0  # after a 429 that does not say how long
MOST_LINES = 1000


@dataclass(frozen=True)
class Allowance:
    """
    What one server and key gives us, and what one workspace may spend there.

    budget_usd: a month on the operator's key; None for no end. at_once: calls of this process.
    """

    requests_per_minute: int = 500
    tokens_per_minute: int = 200_000
    at_once: int = 16
    budget_usd: Decimal | None = Decimal(10)


@dataclass(frozen=True)
class _Verdict:
    verdict: str
    seconds: float
    tell: str | None


class Turns:
    def __init__(self, allowance: Allowance = Allowance()) -> None:
        self.allowance = allowance
        self.breakers = Breakers()
        self._lines: OrderedDict[str, Line] = OrderedDict()

    def line(self, provider: str) -> Line:
        line = self._lines.setdefault(provider, Line(self.allowance.at_once))
        self._lines.move_to_end(provider)
        if len(self._lines) > MOST_LINES:
            self._lines.popitem(last=False)
        return line


class Turn:
    """One call's. `take` it before, and `end` it whatever became of the call."""

    def __init__(
        self, turns: Turns, db: Database, who: Identity, message_id: UUID, model: Model, bot: BotSettings
    ) -> None:
        self._turns, self._db, self._who, self._message_id, self._model = turns, db, who, message_id, model
        # Of the model that was chosen, whatever the workspace has set: the operator's key keeps the operator's cap.
        operators = None if model.is_tenants else turns.allowance.budget_usd
        caps = [cap for cap in (bot.monthly_budget_usd, operators) if cap is not None]
        self._budget = min(caps) if caps else None
        self._worst = Decimal(0)
        self._taken = False
        self._line = turns.line(model.provider)

    async def take(self, prompt_tokens: int) -> None:
        """
        Wait for the turn, and count the worst case of what it may cost.

        Raises:
            ModelUnavailable: There is no money for it, no room in time, or the server is left alone.
        """
        if not self._turns.breakers.admits(self._model.provider):
            raise ModelUnavailable("left alone")
        self._worst = self._model.price.of(prompt_tokens, MAX_TOKENS)
        clock = asyncio.get_running_loop().time
        until = clock() + TURN_SECONDS
        try:
            await self._line.enter(self._who.workspace_id, TURN_SECONDS)
        except TimeoutError:
            EVENTS.labels("model_busy").inc()
            raise ModelUnavailable("busy") from None
        try:
            while (asked := await self._ask(prompt_tokens + MAX_TOKENS)).verdict == "wait":
                if clock() + asked.seconds >= until:
                    EVENTS.labels("model_busy").inc()
                    raise ModelUnavailable("busy")
                await asyncio.sleep(asked.seconds)
            if asked.verdict == "budget":
                EVENTS.labels("model_over_budget").inc()
                raise ModelUnavailable("over budget")
            self._taken = True
        except Unavailable as error:
            raise ModelUnavailable("not counted") from error
        finally:
            if not self._taken:
                self._line.leave()

    async def _ask(self, tokens: int) -> _Verdict:
        allowed = self._turns.allowance
        async with self._db.workspace(self._who) as tx:
            asked = await tx.one(
                _Verdict,
                "select verdict, seconds, tell from private.take_model_turn(%(message_id)s, %(model)s, %(provider)s, "
                "%(worst)s, %(budget)s, %(tokens)s, %(requests_per_minute)s, %(tokens_per_minute)s)",
                message_id=self._message_id,
                model=self._model.name[:200],
                provider=self._model.provider,
                worst=self._worst,
                budget=self._budget,
                tokens=tokens,
                requests_per_minute=allowed.requests_per_minute,
                tokens_per_minute=allowed.tokens_per_minute,
            )
            if asked.tell is not None:
                await _tell(tx, asked.tell)
        return asked

    async def end(self, spent: Spent, failure: ModelUnavailable | None) -> None:
        """
        What became of it. spent: nothing, when the server refused.

        While the database is busy the worst case goes on counting, and the answer is not lost for it.
        """
        if not self._taken:
            return
        self._taken = False
        self._line.leave()
        failed = failure is not None and failure.reason not in NOT_ITS_FAULT
        if failed:
            self._turns.breakers.failed(self._model.provider)
        elif failure is None:
            self._turns.breakers.worked(self._model.provider)
        limited = failure is not None and failure.reason == "RateLimitError"
        pause = (failure.seconds or PAUSE_SECONDS) if failure is not None and limited else 0.0
        try:
            await self._count(spent, pause, failed=limited or self._turns.breakers.rests(self._model.provider))
        except Unavailable:
            log.warning("model.turn_not_counted", message_id=str(self._message_id))

    async def _count(self, spent: Spent, pause: float, *, failed: bool) -> None:
        async with self._db.workspace(self._who) as tx:
            tell = await tx.value(
                "select private.end_model_turn(%(message_id)s, %(provider)s, %(worst)s, %(cost)s, %(prompt_tokens)s, "
                "%(completion_tokens)s, %(pause)s, %(failed)s)",
                message_id=self._message_id,
                provider=self._model.provider,
                worst=self._worst,
                cost=spent.cost_usd,
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
                pause=pause,
                failed=failed,
            )
            if tell:
                await _tell(tx, "down")


async def _tell(tx: Tx, what: str) -> None:
    await tx.enqueue("bots.tell_owners", queue="deliver", what=what)

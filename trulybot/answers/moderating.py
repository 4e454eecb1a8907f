"""
The provider's own ear for harm, on what is asked and on what its model wrote, as long as it answers.

One that is slow or down is soon left alone, and costs nobody anything from then on: whether it is back is tried beside
the answers. Our own rules, which need no network, hold in any case.
"""

import asyncio

from trulybot.answers.moderation import Harm, weighed
from trulybot.llm.breaker import Breakers
from trulybot.llm.model import Model, ModelUnavailable


class Moderating:
    def __init__(self) -> None:
        self.breakers = Breakers(of_models=False)  # a server may write well and have no ear, or the other way round
        self._trying: set[asyncio.Task[Harm | None]] = set()

    async def harm_in(self, model: Model | None, text: str) -> Harm | None:
        """None when there is none, and when there is nobody to say."""
        if model is None:
            return None
        if not self.breakers.rests(model.provider):
            return await self._ask(model, text)
        if self.breakers.admits(model.provider):
            trying = asyncio.create_task(self._ask(model, text))
            self._trying.add(trying)
            trying.add_done_callback(self._trying.discard)
        return None

    async def close(self) -> None:
        for trying in self._trying:
            trying.cancel()
        await asyncio.gather(*self._trying, return_exceptions=True)

    async def _ask(self, model: Model, text: str) -> Harm | None:
        try:
            found = await model.moderate(text)
        except ModelUnavailable:
            self.breakers.failed(model.provider)
            return None
        self.breakers.worked(model.provider)
        return weighed(found)

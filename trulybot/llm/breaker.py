"""A server that fails is left alone for a while, so that nobody waits for it in vain."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from trulybot.kit.metrics import EVENTS, MODELS_RESTING

FAILURES = 5  # in a row, until we leave it alone
REST_SECONDS = 15.0  # then one call tries whether it is back
MOST_KNOWN = 1000


@dataclass
class _State:
    failures: int = 0
    resting_until: float = 0.0


class Breakers:
    """One for each server and key, in this process. of_models: the metrics tell how many rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, of_models: bool = True) -> None:
        self._clock, self._of_models = clock, of_models
        self._states: OrderedDict[str, _State] = OrderedDict()

    def admits(self, provider: str) -> bool:
        """Whether to ask. After a rest the first who asks is let through to try, and the others rest on."""
        state = self._of(provider)
        if state.failures < FAILURES:
            return True
        if self._clock() < state.resting_until:
            return False
        state.resting_until = self._clock() + REST_SECONDS
        return True

    def rests(self, provider: str) -> bool:
        state = self._states.get(provider)
        return state is not None and state.failures >= FAILURES

    def worked(self, provider: str) -> None:
        self._of(provider).failures = 0
        self._measure()

    def failed(self, provider: str) -> None:
        state = self._of(provider)
        state.failures += 1
        if state.failures >= FAILURES:
            state.resting_until = self._clock() + REST_SECONDS
            if state.failures == FAILURES and self._of_models:
                EVENTS.labels("model_left_alone").inc()
        self._measure()

    def _of(self, provider: str) -> _State:
        state = self._states.setdefault(provider, _State())
        self._states.move_to_end(provider)
        if len(self._states) > MOST_KNOWN:
            self._states.popitem(last=False)
        return state

    def _measure(self) -> None:
        if self._of_models:
            MODELS_RESTING.set(sum(state.failures >= FAILURES for state in self._states.values()))

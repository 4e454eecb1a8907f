"""Times that can be compared although the machine does other things meanwhile: taken in turn, and by their medians."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import ParamSpec

P = ParamSpec("P")
Call = Callable[[int], object]

WARM_UP = 8  # calls of each before it counts: connections open, statements are prepared


@dataclass(frozen=True)
class Times:
    milliseconds: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.milliseconds)

    def minus(self, *others: "Times") -> float:
        """The median of what is left, round by round."""
        left = list(self.milliseconds)
        for other in others:
            left = [mine - theirs for mine, theirs in zip(left, other.milliseconds, strict=True)]
        return median(left)


def in_turn(rounds: int, *calls: Call) -> list[Times]:
    """Each call once a round, in another order every round; a call is told its round."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(WARM_UP + rounds):
        for place in range(len(calls)):
            one = (place + number) % len(calls)
            seconds = timed(calls[one], number)
            if number >= WARM_UP:
                taken[one].append(seconds * 1000)
    return [Times(times) for times in taken]


def timed(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    began = time.perf_counter()
    call(*args, **kwargs)
    return time.perf_counter() - began

"""How much work something is, as far as a clock can tell."""

import time
from collections.abc import Callable

TIMES = 3  # a neighbour on the same core makes work slower, and never faster


def cpu_seconds(work: Callable[[], object]) -> float:
    """Of processor time, the least of several tries."""
    tries = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        tries.append(time.process_time() - began)
    return min(tries)

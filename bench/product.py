"""The real product, started as a user starts it, and what it takes of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from trulybot.evaluation.server import Served, serving

SECRET_KEY = "a secret that only the bench knows, 32+"  # noqa: S105  (of a database that is thrown away)


class Product(Served):
    def processes(self) -> list[psutil.Process]:
        us = psutil.Process(self.process.pid)
        return [us, *us.children(recursive=True)]

    def resident_bytes(self) -> int:
        """Of the whole tree; what several processes share counts once."""
        return sum(process.memory_full_info().pss for process in self.processes())


@contextmanager
def running(data: Path, port: int) -> Iterator[Product]:
    """`trulybot serve` on a folder, from its start until it has ended."""
    with serving(data, secret_key=SECRET_KEY, port=port) as served:
        yield Product(served.process, served.data, served.url, served.start_seconds)

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.models import converted_models
from trulybot.llm.e5 import convert
from trulybot.llm.e5.model import Model
from trulybot.llm.embedder import command
from trulybot.llm.embeddings import OpenAIEmbedder


class EmbedderProcess:
    """A real embedder on a socket of its own, started as the supervisor does: with nothing in its environment."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "embedder.sock"
        self.start()

    def start(self) -> None:
        argv = command(self.socket, converted_models())
        self.process = subprocess.Popen(argv, env={}, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        with self.process.stdout as said:
            assert said.readline() == "The embedder is ready.\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def niceness_of_threads(self) -> list[int]:
        threads = Path(f"/proc/{self.process.pid}/task")
        return [os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in threads.iterdir()]


@pytest.fixture(scope="session")
def embedder() -> Iterator[EmbedderProcess]:
    with TemporaryDirectory() as folder:
        running = EmbedderProcess(Path(folder))
        yield running
        running.kill()


@pytest.fixture
def own_embedder() -> Iterator[EmbedderProcess]:
    """For tests that end it."""
    with TemporaryDirectory() as folder:
        running = EmbedderProcess(Path(folder))
        yield running
        running.kill()


@pytest.fixture
async def client(embedder: EmbedderProcess) -> AsyncIterator[OpenAIEmbedder]:
    client = OpenAIEmbedder.local(embedder.socket)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def model() -> Model:
    return Model(convert.folder(converted_models()))

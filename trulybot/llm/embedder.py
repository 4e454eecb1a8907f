"""
The embedder: a process that speaks the OpenAI embeddings protocol on a Unix socket.

    python -m trulybot.llm.embedder --socket PATH --models FOLDER [--parent PID]

One serves every web and worker process of the machine. It reads hostile text with native code, so it holds nothing
worth stealing (no environment, no database, no network) and may fall over without taking anyone along.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import uvicorn

from trulybot.llm import e5, minilm
from trulybot.llm.e5 import QUESTION_PREFIX, protocol

if TYPE_CHECKING:
    from trulybot.llm.e5.model import Embedding

THREADS = 2  # for questions, and as many for passages: no visitor's question waits for one other visitor's

# Passages give way to questions and to the web process. Linux keeps niceness by thread and hands a waking question the
# core in the middle of a passage: beside a full queue of passages, questions were measured as quick as alone.
PASSAGE_NICENESS = 10

MEMORY_BYTES = 1 << 30  # of data; four of the longest texts at once need a third. Mapped files do not count.
PARENT_SECONDS = 1.0  # between looks whether our parent lives
KEEP_ALIVE_SECONDS = 60
SHUTDOWN_SECONDS = 2  # a question needs milliseconds, and passages are asked for again


def command(socket: Path, models: Path) -> list[str]:
    """What to run, from the process that is to be its parent: the embedder ends when that one does."""
    return [
        *(sys.executable, "-P", "-m", "trulybot.llm.embedder"),
        *("--socket", str(socket)),
        *("--models", str(models)),
        *("--parent", str(os.getpid())),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="embedder", description="Serves embeddings on a Unix socket.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="where the converted model is or will be")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="end when this process is not our parent")
    options = parser.parse_args()
    try:
        lanes = Lanes(_load(options.models))
        listener = _listen(options.socket)
    except Exception as error:  # noqa: BLE001 - whatever it is, the log gets one line and our parent an exit code
        sys.exit(f"The embedder cannot start: {error!r}")
    sys.stdout.write("The embedder is ready.\n")
    sys.stdout.flush()
    asyncio.run(_serve(lanes, listener, options.parent))


class Model(Protocol):
    def embed(self, text: str) -> "Embedding": ...


class Lanes:
    """Two queues over the models, with threads of their own: one for questions, one for passages."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models
        self._questions = ThreadPoolExecutor(THREADS, "questions")
        self._passages = ThreadPoolExecutor(THREADS, "passages", initializer=_give_way)

    async def embed(self, model: str, texts: list[str]) -> "list[Embedding]":
        """What is cancelled leaves the queue."""
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(self._lane(text), self._models[model].embed, text) for text in texts]
        return await asyncio.gather(*work)

    def _lane(self, text: str) -> ThreadPoolExecutor:
        return self._questions if text.startswith(QUESTION_PREFIX) else self._passages


def _give_way() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PASSAGE_NICENESS)


def _load(models: Path) -> Mapping[str, Model]:
    # Not at the top: who only wants command() needs neither onnxruntime nor numpy.
    from trulybot.llm.e5 import convert, model
    from trulybot.llm.minilm import model as english

    try:
        folder = convert.ensure(models)
    except subprocess.CalledProcessError as error:
        raise RuntimeError("the model could not be converted") from error
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    loaded: Mapping[str, Model] = {e5.MODEL: model.Model(folder), minilm.MODEL: english.Model()}
    for one in loaded.values():
        one.embed(QUESTION_PREFIX)  # what cannot work fails now, not at a visitor's first question
    _give_memory_back()
    return loaded


def _give_memory_back() -> None:
    """What loading needed for a moment and the C library holds on to: 75 MB with glibc."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _listen(path: Path) -> socket.socket:
    """For our own user only. Nobody can connect before the model is loaded: to be refused is quicker than to wait."""
    path.unlink(missing_ok=True)  # of a process that was killed
    listener = socket.socket(socket.AF_UNIX)
    os.umask(0o077)
    listener.bind(str(path))
    listener.listen()
    return listener


async def _serve(lanes: Lanes, listener: socket.socket, parent: int) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            protocol.App(lanes.embed),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    watch = asyncio.create_task(_end_with(parent, server))
    await server.serve([listener])
    watch.cancel()


async def _end_with(parent: int, server: uvicorn.Server) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(PARENT_SECONDS)
    server.should_exit = True


if __name__ == "__main__":
    main()

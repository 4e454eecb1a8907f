import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError

from tests.models import converted_models
from trulybot.llm import minilm
from trulybot.llm.e5 import DIMENSIONS, MODEL, convert
from trulybot.llm.embedder import PASSAGE_NICENESS, THREADS, Lanes, command


class Model:
    """Takes its time over passages: until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.asked: list[str] = []

    def embed(self, text: str) -> str:
        self.asked.append(text)
        if text.startswith("passage: "):
            self.released.wait()
        return text


@pytest.fixture
async def openai(embedder):
    transport = httpx2.AsyncHTTPTransport(uds=str(embedder.socket))
    async with AsyncOpenAI(
        api_key="none",
        base_url="http://embedder/v1",
        http_client=httpx2.AsyncClient(transport=transport),
        max_retries=0,
    ) as client:
        yield client


async def test_a_question_overtakes_passages():
    model = Model()
    lanes = Lanes({MODEL: model})
    passages = asyncio.create_task(lanes.embed(MODEL, [f"passage: {number}" for number in range(100)]))
    try:
        async with asyncio.timeout(5):
            answered = await lanes.embed(MODEL, ["query: overtaking"])
    finally:
        waiting = not passages.done()
        model.released.set()

    assert answered == ["query: overtaking"]
    assert waiting
    assert len(await passages) == 100


async def test_passages_that_nobody_waits_for_are_not_embedded():
    model = Model()
    lanes = Lanes({MODEL: model})
    passages = asyncio.create_task(lanes.embed(MODEL, [f"passage: {number}" for number in range(100)]))
    await lanes.embed(MODEL, ["query: the passages are queued by now"])

    passages.cancel()
    await asyncio.wait([passages])
    model.released.set()
    await lanes.embed(MODEL, ["passage: next"])

    assert len(model.asked) <= 1 + THREADS + 1
    assert model.asked[-1] == "passage: next"


async def test_passages_give_way_to_everything_else(embedder, client):
    await client.embed_passages(["one", "two", "three"])

    niceness = embedder.niceness_of_threads()

    assert set(niceness) == {0, PASSAGE_NICENESS}
    assert niceness.count(PASSAGE_NICENESS) <= THREADS


async def test_openais_own_client_gets_embeddings(openai):
    answer = await openai.embeddings.create(model=MODEL, input=["query: a", "passage: b"])

    assert [len(entry.embedding) for entry in answer.data] == [DIMENSIONS, DIMENSIONS]
    assert [model.id async for model in openai.models.list()] == [MODEL, minilm.MODEL]


async def test_openais_own_client_understands_refusals(openai):
    with pytest.raises(BadRequestError, match="At most 256 texts"):
        await openai.embeddings.create(model=MODEL, input=["a"] * 257)
    with pytest.raises(NotFoundError, match=MODEL):
        await openai.embeddings.create(model="another", input="a")


def test_only_our_own_user_may_connect(embedder):
    assert embedder.socket.stat().st_mode & 0o777 == 0o700


def test_sigterm_ends_it(own_embedder):
    own_embedder.process.send_signal(signal.SIGTERM)

    assert own_embedder.process.wait(timeout=5) == -signal.SIGTERM


def test_it_ends_with_its_parent(tmp_path):
    start = "import subprocess, sys; from pathlib import Path; from trulybot.llm.embedder import command;"
    start += "subprocess.run(command(Path(sys.argv[1]), Path(sys.argv[2])))"
    argv = [sys.executable, "-c", start, str(tmp_path / "embedder.sock"), str(converted_models())]
    parent = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"The embedder is ready.\n"

    parent.kill()

    assert parent.stdout.read() == b""  # ends when the last process that could write to it has ended
    parent.communicate()


def run_to_its_end(socket: Path, models: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(socket, models), capture_output=True, text=True, timeout=60, check=False)


def test_a_model_that_cannot_be_loaded_is_told_and_ends_it(tmp_path):
    broken = convert.folder(tmp_path)
    broken.mkdir()
    for file in convert.folder(converted_models()).iterdir():
        (broken / file.name).write_bytes(file.read_bytes()[:10_000])

    ended = run_to_its_end(tmp_path / "embedder.sock", tmp_path)

    assert ended.returncode == 1
    assert "The embedder cannot start" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_conversion_that_fails_is_told_and_ends_it(tmp_path):
    (tmp_path / "models").touch()

    ended = run_to_its_end(tmp_path / "embedder.sock", tmp_path / "models")

    assert ended.returncode == 1
    assert "the model could not be converted" in ended.stderr


def test_its_command_needs_no_native_code():
    argv = [sys.executable, "-c", "import sys, trulybot.llm.embedder; print(*sys.modules)"]

    modules = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()

    assert not {"onnx", "onnxruntime", "numpy"} & set(modules)


def test_its_parent_is_who_asked_for_the_command():
    argv = command(Path("a"), Path("b"))

    assert argv[-2:] == ["--parent", str(os.getpid())]

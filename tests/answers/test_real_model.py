"""A real model on a real server, through the whole path: whatever becomes of either, the visitor is answered."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.answers.test_answering import kept
from tests.conversations.test_chat import stream
from tests.llama import Llama
from tests.world import Person, World
from trulybot.llm import model as models
from trulybot.llm.model import CutOff, OpenAIModel, Patience, Prompt, Spent

pytestmark = pytest.mark.timeout(300)  # a small model takes seconds, and on a busy machine a minute

HOURS = "We are open from 10:00 to 14:00 on Saturdays."
QUESTION = "When are you open on Saturdays?"
PATIENCE = Patience(first_word=90.0, silence=60.0, whole=120.0)
MAX_TOKENS = 60  # of an answer, so that it is short enough to wait for
WORDS = 5  # into the first sentence


@pytest.fixture(scope="module")
def llama() -> Iterator[Llama]:
    with Llama.serving() as llama:
        yield llama


@pytest.fixture
def mortal() -> Iterator[Llama]:
    """One for a single test, which may end it; in the middle of an answer, for it never ends one."""
    with Llama.serving(endless=True) as llama:
        yield llama


@pytest.fixture
async def alice(world: World, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(models, "MAX_TOKENS", MAX_TOKENS)
    alice = await world.alice()
    await alice.knows(HOURS, title="Opening hours")
    await world.work()
    return alice


class Overheard(OpenAIModel):
    """Tells us when it is in the middle of its first sentence. answers: how often it was asked."""

    def __init__(self, llama: Llama, patience: Patience, in_the_middle: Callable[[], None]) -> None:
        super().__init__("smollm2", api_key="none", base_url=llama.url, patience=patience)
        self.in_the_middle, self.answers = in_the_middle, 0

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Spent | CutOff]:
        self.answers, pieces = self.answers + 1, 0
        async for piece in super().stream(prompt):
            pieces += 1
            if pieces == WORDS:
                self.in_the_middle()
            yield piece


def use(
    world: World, llama: Llama, patience: Patience = PATIENCE, in_the_middle: Callable[[], None] = lambda: None
) -> Overheard:
    model = world.app.state.answering.model = Overheard(llama, patience, in_the_middle)
    return model


def assert_quoted(parts: list[tuple[str, Any]]) -> None:
    assert [kind for kind, _ in parts] == ["start", "delta", "citation", "done"]
    done = parts[-1][1]
    assert (done["source"], done["answered"], done["answer"]) == ("documents", True, HOURS)
    assert parts[1][1]["text"] == HOURS


async def test_what_it_writes_is_streamed_bound_to_a_passage_and_counted(world: World, alice: Person, llama: Llama):
    use(world, llama)

    parts = await stream(alice, QUESTION)

    kinds, done = [kind for kind, _ in parts], parts[-1][1]
    assert (kinds[0], kinds[-1]) == ("start", "done")
    assert set(kinds[1:-1]) <= {"delta", "citation"}
    assert "".join(data["text"] for kind, data in parts if kind == "delta") == done["answer"]
    # It is too small to rely on: it may find no answer, or say what no passage says, which is not said to anybody.
    assert done["source"] in ("model", "documents", "none")
    assert done["answered"] is (done["source"] != "none")
    assert set(re.findall(r"\d+", done["answer"])) <= set(re.findall(r"\d+", HOURS))
    assert done["usage"]["prompt_tokens"] > 100
    assert 0 < done["usage"]["completion_tokens"] <= MAX_TOKENS


async def test_it_writes_to_its_end_when_the_visitor_leaves_in_the_middle(
    world: World, alice: Person, llama: Llama, live: str
):
    middle, message_id = asyncio.Event(), str(uuid4())
    model = use(world, llama, in_the_middle=middle.set)
    sent = {"message": QUESTION, "message_id": message_id}
    headers = {"Authorization": f"Bearer {alice.token}", "Accept": "text/event-stream"}

    async with (
        httpx.AsyncClient(base_url=live, timeout=300) as http,
        http.stream("POST", "/api/chat", json=sent, headers=headers),
    ):
        await middle.wait()

    async with asyncio.timeout(60):
        while not await kept(world, alice, message_id):
            await asyncio.sleep(0.01)
    reply = await alice.asks(QUESTION, message_id=message_id)
    assert reply["answer"]
    assert reply["usage"]["completion_tokens"] >= WORDS
    assert model.answers == 1


async def test_a_quotation_answers_when_it_is_slower_than_our_patience(world: World, alice: Person, llama: Llama):
    use(world, llama, Patience(first_word=0.05))

    assert_quoted(await stream(alice, QUESTION))


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "falls silent"])
async def test_a_quotation_answers_when_its_server_goes_away_in_mid_sentence(
    world: World, alice: Person, mortal: Llama, fate: signal.Signals
):
    model = use(world, mortal, Patience(90.0, 0.5, 120.0), in_the_middle=lambda: mortal.process.send_signal(fate))

    parts = await stream(alice, QUESTION)

    assert_quoted(parts)
    assert model.answers == 1
    assert parts[-1][1]["usage"]["completion_tokens"] >= WORDS  # what it had said by then is paid for


async def test_a_quotation_answers_when_its_server_is_gone(world: World, alice: Person, mortal: Llama):
    use(world, mortal)
    mortal.process.kill()
    mortal.process.wait()

    assert_quoted(await stream(alice, QUESTION))

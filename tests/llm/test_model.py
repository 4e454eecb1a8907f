"""The model behind the OpenAI protocol: what it is sent, what it says, and every way in which it fails in time."""

import asyncio
import gzip
import json
import subprocess
import sys
import time
import tracemalloc
from decimal import Decimal

import pytest

from tests.providers import (
    Act,
    Provider,
    Reply,
    answers,
    babbles,
    breaks,
    dies,
    ends_early,
    refuses,
    says,
    sends,
    stalls,
    thinks,
)
from trulybot.llm.model import CutOff, Message, ModelUnavailable, OpenAIModel, Patience, Prompt, Spent

PROMPT = Prompt([Message("system", "Be brief."), Message("user", "When are you open?")], asked_by="a pseudonym")
PATIENCE = Patience()
HASTE = Patience(first_word=0.3, silence=0.3, whole=1.0)
LONG_SECONDS = 5.0  # far more than the haste allows, for a machine that is busy


def model(provider: Provider, patience: Patience = PATIENCE, name: str = "gpt-4o-mini") -> OpenAIModel:
    return OpenAIModel(name, api_key="sk-played", base_url=provider.url, patience=patience)


async def said(model: OpenAIModel) -> list[str | Spent | CutOff]:
    return [piece async for piece in model.stream(PROMPT)]


async def test_the_answer_comes_in_pieces_and_then_its_cost():
    async with Provider.playing(says("We open ", "at nine.", usage=(1000, 200))) as provider:
        pieces = await said(model(provider))

    assert pieces == ["We open ", "at nine.", Spent(1000, 200, Decimal("0.00027"))]


async def test_a_model_of_ones_own_costs_nothing():
    async with Provider.playing(says("Nine.")) as provider:
        pieces = await said(model(provider, name="our-own"))

    assert pieces[-1] == Spent(120, 30, Decimal(0))


async def test_the_provider_is_sent_what_we_promise_and_a_pseudonym():
    async with Provider.playing(says("Nine.")) as provider:
        await said(model(provider))

    (request,) = provider.requests
    assert request.headers["authorization"] == "Bearer sk-played"
    assert request.body == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "When are you open?"}],
        "max_tokens": 500,
        "temperature": 0.7,
        "user": "a pseudonym",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_an_answer_that_grew_too_long_says_so():
    async with Provider.playing(says("We open at nine. And we", finish="length")) as provider:
        pieces = await said(model(provider))

    assert CutOff() in pieces


@pytest.mark.parametrize(
    "act",
    [
        refuses(401),
        refuses(400),
        refuses(404),
        dies(),
        dies("We open "),
        ends_early("We open at nine."),
        breaks(),
        breaks("We open "),
        sends("We open ", data="{not json"),
        sends("We open ", data='{"choices": [7]}'),
        sends("We open ", data='{"choices": [{"index": 0}]}'),
        sends("We open ", data="[]"),
        sends(data='"what"'),
        says("We open ", finish="content_filter"),
        sends("We open ", data='{"choices": [{"index": 0, "delta": {"content": 7}}]}'),
        sends("We open ", data='{"choices": [{"index": 0, "delta": {"content": ["Nine."]}}]}'),
        sends("We open ", data='{"choices": [{"index": 0, "delta": {"content": "\\ud800"}}]}'),
        sends("We open ", data="[" * 100_000),
        answers(400, b"[" * 60_000),
        sends("We open ", data='{"choices": "' + "x" * 200_000 + '"}'),
        says("x" * 20_000),
        says(*["We open at nine. "] * 1000),
    ],
)
async def test_every_failure_is_one_that_we_can_name(act: Act):
    async with Provider.playing(act) as provider:
        with pytest.raises(ModelUnavailable):
            await said(model(provider))


@pytest.mark.parametrize("act", [thinks(), stalls(), stalls("We open "), babbles("very ")])
async def test_no_provider_keeps_us_waiting(act: Act):
    began = time.monotonic()

    async with Provider.playing(act) as provider:
        with pytest.raises(ModelUnavailable):
            await said(model(provider, HASTE))

    assert time.monotonic() - began < LONG_SECONDS


async def test_nobody_there_is_a_failure_too():
    async with Provider.playing(thinks()) as provider:
        url = provider.url
    gone = OpenAIModel("gpt-4o-mini", api_key="sk-played", base_url=url)

    with pytest.raises(ModelUnavailable):
        await said(gone)


@pytest.mark.parametrize("refusal", [refuses(500), refuses(503), refuses(429, retry_after="0"), dies()])
async def test_what_may_pass_is_tried_once_more(refusal: Act, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("trulybot.llm.model.RETRY_SECONDS", 0.0)

    async def drops(reply: object) -> None:
        """The connection ends before an answer begins."""

    async with Provider.playing(drops if refusal.__qualname__.startswith("dies") else refusal, says("Nine.")) as one:
        assert (await said(model(one)))[0] == "Nine."

    assert len(one.requests) == 2


async def test_a_second_refusal_is_the_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("trulybot.llm.model.RETRY_SECONDS", 0.0)

    async with Provider.playing(refuses(500)) as provider:
        with pytest.raises(ModelUnavailable):
            await said(model(provider))

    assert len(provider.requests) == 2


@pytest.mark.parametrize("later", ["60", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_provider_that_wants_us_back_later_than_a_visitor_waits_is_not_asked_again(later: str):
    began = time.monotonic()

    async with Provider.playing(refuses(429, retry_after=later)) as provider:
        with pytest.raises(ModelUnavailable):
            await said(model(provider))

    assert len(provider.requests) == 1
    assert time.monotonic() - began < LONG_SECONDS


async def test_a_wrong_key_is_not_tried_again():
    async with Provider.playing(refuses(401)) as provider:
        with pytest.raises(ModelUnavailable):
            await said(model(provider))

    assert len(provider.requests) == 1


def test_the_sdk_is_not_imported_with_the_application():
    code = "import sys, trulybot.app; sys.exit('openai' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_warming_up_imports_the_sdk_beside_the_event_loop():
    code = """
import asyncio, sys, time
from trulybot.llm.model import OpenAIModel

async def main():
    model = OpenAIModel("m", api_key="k", base_url="http://127.0.0.1:9/v1")
    warming, beats = asyncio.create_task(model.warm_up()), 0
    while not warming.done():
        await asyncio.sleep(0)
        beats += 1
    return beats

beats = asyncio.run(main())
assert "openai" in sys.modules
sys.exit(beats < 20)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_listener_who_leaves_ends_the_call():
    async with Provider.playing(babbles("very ")) as provider:
        pieces = model(provider).stream(PROMPT)
        assert await anext(pieces) == "very "

        await asyncio.wait_for(pieces.aclose(), LONG_SECONDS)


@pytest.mark.parametrize(
    ("refusal", "then"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_completion_tokens"),
        ("Unsupported value: 'temperature' does not support 0.7 with this model.", "max_tokens"),
        ("extra fields not permitted: user", "max_tokens"),
        ("unknown field stream_options", "max_tokens"),
    ],
)
async def test_a_server_that_lacks_a_parameter_is_asked_without_it_from_then_on(refusal: str, then: str):
    async with Provider.playing(refuses(400, says=refusal), says("Nine.")) as provider:
        asking = model(provider)
        first, second = await said(asking), await said(asking)

    assert (first[0], second[0]) == ("Nine.", "Nine.")
    assert len(provider.requests) == 3
    assert provider.requests[1].body == provider.requests[2].body != provider.requests[0].body
    assert then in provider.requests[2].body


async def test_a_stream_with_empty_choices_and_without_usage_is_read():
    async def act(reply: Reply) -> None:
        await reply.begin()
        await reply.chunk()
        await reply.chunk({"index": 0, "delta": {"content": None}, "finish_reason": None})
        await reply.say("Nine.")
        await reply.chunk({"index": 0, "delta": {}, "finish_reason": "stop"})
        await reply.event("[DONE]")
        await reply.end()

    async with Provider.playing(act) as provider:
        assert await said(model(provider)) == ["Nine."]


@pytest.mark.parametrize("count", ["null", "-1", "1.5", "1e400", '"many"', "99999999999999999999"])
async def test_a_count_of_tokens_that_is_none_is_not_believed(count: str):
    usage = f'{{"choices": [], "usage": {{"prompt_tokens": {count}, "completion_tokens": 1, "total_tokens": 1}}}}'

    async def act(reply: Reply) -> None:
        await reply.begin()
        await reply.chunk({"index": 0, "delta": {"content": "Nine."}, "finish_reason": "stop"})
        await reply.event(usage)
        await reply.end()

    async with Provider.playing(act) as provider:
        assert await said(model(provider)) == ["Nine."]


@pytest.mark.parametrize("status", [200, 400])
async def test_what_is_compressed_is_not_unpacked(status: int):
    bomb = gzip.compress(b" " * 50_000_000)

    async with Provider.playing(answers(status, bomb, content_encoding="gzip")) as provider:
        provider.moderation = answers(status, bomb, content_encoding="gzip")
        asked = model(provider)
        tracemalloc.start()
        with pytest.raises(ModelUnavailable):
            await said(asked)
        with pytest.raises(ModelUnavailable):
            await asked.moderate("Hello")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert {request.headers["accept-encoding"] for request in provider.requests} == {"identity"}
    assert peak < 30_000_000


@pytest.mark.parametrize("status", [200, 400])
async def test_no_more_is_read_of_an_answer_than_it_may_hold(status: int):
    read = 0

    async def pours(reply: Reply) -> None:
        nonlocal read
        await reply.begin(status, {"content-type": "application/json"})
        for _ in range(1000):
            await reply.data(b" " * 65_536)
            read += 65_536
        await reply.end()

    async with Provider.playing(pours) as provider:
        provider.moderation = pours
        asked = model(provider)
        with pytest.raises(ModelUnavailable):
            await said(asked)
        with pytest.raises(ModelUnavailable):
            await asked.moderate("Hello")

    assert read < 30_000_000  # what the buffers of sockets hold, of 130 MB and more


async def test_others_get_a_turn_while_a_server_sends_all_at_once():
    """Many chunks in one packet are read one after the other without waiting for the network."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        piece = json.dumps({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
        await reply.data(f"data: {piece}\n\n".encode() * 500)
        await reply.end()

    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    async with Provider.playing(act) as provider:
        pieces = model(provider).stream(PROMPT)
        assert await anext(pieces) == "a"
        beating = asyncio.create_task(beat())
        with pytest.raises(ModelUnavailable):
            [piece async for piece in pieces]
        beating.cancel()

    assert beats >= 400


async def test_a_tenants_server_hears_nothing_of_the_operators_account(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-operator")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-operator")

    async with Provider.playing(says("Nine.")) as provider:
        tenants = OpenAIModel("our-own", api_key="sk-theirs", base_url=provider.url, is_tenants=True)
        await said(tenants)

    assert "of-the-operator" not in str(provider.requests[0].headers)

"""The way to a model server that a tenant named."""

import asyncio
import socket
import threading

import pytest

from trulybot.llm import guarded
from trulybot.llm.model import Message, ModelUnavailable, OpenAIModel, Prompt


async def test_a_name_that_is_not_found_is_looked_up_once_and_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch):
    threads: list[str] = []

    def fails(*_: object, **__: object) -> None:
        threads.append(threading.current_thread().name)
        raise socket.gaierror

    model = OpenAIModel(
        "m", api_key="k", base_url="http://nobody.example/v1", choose=lambda _host, _port, found: found[0]
    )
    await model.warm_up()
    monkeypatch.setattr(socket, "getaddrinfo", fails)

    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            [piece async for piece in model.stream(Prompt([Message("user", "When?")], "a pseudonym"))]

    assert len(threads) == 1
    assert threads[0].startswith("model-names")


async def test_a_slow_name_holds_one_thread_however_many_ask_and_nobody_elses_answer(monkeypatch: pytest.MonkeyPatch):
    let_go, asked = threading.Event(), list[str]()

    def looks(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        if host == "slow.example":
            let_go.wait()
        raise socket.gaierror

    def model(host: str) -> OpenAIModel:
        return OpenAIModel("m", api_key="k", base_url=f"http://{host}/v1", choose=lambda _host, _port, found: found[0])

    async def fails(model: OpenAIModel) -> None:
        with pytest.raises(ModelUnavailable):
            [piece async for piece in model.stream(Prompt([Message("user", "When?")], "a pseudonym"))]

    slow, other = model("slow.example"), model("other.example")
    await slow.warm_up()
    monkeypatch.setattr(socket, "getaddrinfo", looks)
    monkeypatch.setattr(guarded, "LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr(guarded, "UNKNOWN_SECONDS", 0.0)

    await asyncio.gather(*(fails(slow) for _ in range(40)))
    await fails(slow)
    monkeypatch.setattr(guarded, "LOOK_UP_SECONDS", 30.0)
    await fails(other)
    let_go.set()

    assert asked[0] == "slow.example"
    assert set(asked[1:]) == {"other.example"}

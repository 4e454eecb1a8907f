"""The way to a model server that a tenant named."""

import socket
import threading

import pytest

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

import asyncio
import base64
import json

import numpy as np
import pytest

from trulybot.llm.e5 import DIMENSIONS, MODEL, protocol
from trulybot.llm.e5.model import Embedding


class Model:
    """Embeds a text as its length."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def embed(self, _: str, texts: list[str]) -> list[Embedding]:
        self.asked.append(texts)
        return [Embedding(np.full(DIMENSIONS, len(text), np.float32), tokens=len(text)) for text in texts]


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def call(model):
    """Send a request to the app, whose body may come in parts, and get the status and the answer."""

    async def call(method, path, *body):
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in body]
        messages.append({"type": "http.request", "body": b"", "more_body": False})
        sent = []

        async def receive():
            if messages:
                return messages.pop(0)
            return await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        await protocol.App(model.embed)({"type": "http", "method": method, "path": path}, receive, send)
        start, end = sent
        return start["status"], json.loads(end["body"])

    return call


@pytest.fixture
def embed(call):
    async def embed(**request):
        return await call("POST", "/v1/embeddings", json.dumps({"model": MODEL} | request).encode())

    return embed


async def test_texts_are_answered_in_their_order(embed):
    status, answer = await embed(input=["one", "three"])

    assert status == 200
    assert [(entry["index"], entry["embedding"][0]) for entry in answer["data"]] == [(0, 3.0), (1, 5.0)]
    assert answer["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    assert answer["model"] == MODEL


async def test_one_text_needs_no_list(embed):
    _, answer = await embed(input="one")

    assert len(answer["data"]) == 1


async def test_base64_carries_the_same_numbers(embed):
    _, floats = await embed(input="one", encoding_format="float")
    _, packed = await embed(input="one", encoding_format="base64")

    unpacked = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), "<f4")
    assert unpacked.tolist() == floats["data"][0]["embedding"]


@pytest.mark.parametrize(
    ("request_body", "status", "code", "parameter"),
    [
        ({"input": 7}, 400, "invalid_input", "input"),
        ({"input": []}, 400, "invalid_input", "input"),
        ({"input": ["a", 7]}, 400, "invalid_input", "input"),
        ({"input": None}, 400, "invalid_input", "input"),
        ({"input": ["a"] * 257}, 400, "too_many_inputs", "input"),
        ({"input": "a", "encoding_format": "hex"}, 400, "invalid_encoding", "encoding_format"),
        ({"input": "a", "encoding_format": []}, 400, "invalid_encoding", "encoding_format"),
        ({"input": "a", "dimensions": 2}, 400, "invalid_dimensions", "dimensions"),
        ({"input": "a", "model": "gpt"}, 404, "model_not_found", "model"),
    ],
)
async def test_a_wrong_request_is_told_what_is_wrong(embed, request_body, status, code, parameter):
    answered = await embed(**request_body)

    assert answered[0] == status
    error = answered[1]["error"]
    assert (error["code"], error["param"], error["type"]) == (code, parameter, "invalid_request_error")


@pytest.mark.parametrize("body", [b"", b"{", b"7", b"null", b"\xff", b"[" * 100_000, b"9" * 10_000])
async def test_what_is_not_json_is_refused(call, body):
    status, answer = await call("POST", "/v1/embeddings", body)

    assert (status, answer["error"]["code"]) == (400, "invalid_json")


async def test_a_body_without_end_is_refused_before_it_is_read(call, model):
    part = b" " * 1_000_000

    status, answer = await call("POST", "/v1/embeddings", *[part] * 100)

    assert (status, answer["error"]["code"]) == (413, "request_too_large")
    assert model.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/v1/embeddings", 405),
        ("POST", "/v1/chat/completions", 404),
    ],
)
async def test_only_known_places_answer(call, method, path, status):
    assert (await call(method, path))[0] == status


async def test_work_stops_when_the_client_hangs_up():
    stopped = asyncio.Event()

    async def embed(_, texts):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    body = json.dumps({"model": MODEL, "input": "a"}).encode()
    messages = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    async def send(message):
        pytest.fail("answered nobody")

    await protocol.App(embed)({"method": "POST", "path": "/v1/embeddings"}, receive, send)

    async with asyncio.timeout(5):
        await stopped.wait()

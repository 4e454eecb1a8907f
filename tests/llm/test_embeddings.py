import asyncio
import base64
import json
import struct
import sys
import unicodedata
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trulybot.llm.e5 import DIMENSIONS
from trulybot.llm.embeddings import EmbeddingsUnavailable, OpenAIEmbedder


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


@asynccontextmanager
async def played(answer, *, status=200):
    """A server elsewhere that answers every request alike, and a client of it."""

    async def serve(reader, writer):
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
        writer.write(
            b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (status, len(body)) + body
        )
        writer.close()

    requests: list[bytes] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = OpenAIEmbedder(f"http://127.0.0.1:{port}/v1", model="elsewhere", dimensions=2, api_key="a key")
    client.requests = requests
    async with server:
        yield client
    await client.close()


async def test_a_question_finds_its_passage(client):
    question = await client.embed_question("Where is my parcel?")
    near, far = await client.embed_passages(["Follow your delivery on the tracking page.", "We were founded in 1987."])

    assert len(question) == client.dimensions == DIMENSIONS
    assert cosine(question, question) == pytest.approx(1)
    assert cosine(question, near) > cosine(question, far)


async def test_passages_keep_their_order_over_several_requests(client):
    texts = [f"number {number}" for number in range(70)]

    vectors = await client.embed_passages(texts)

    assert len(vectors) == 70
    assert cosine(vectors[69], (await client.embed_passages(["number 69"]))[0]) == pytest.approx(1)


async def test_no_passages_need_no_server(tmp_path):
    client = OpenAIEmbedder.local(tmp_path / "nobody.sock")

    assert await client.embed_passages([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "\udfff\ud800 reversed",
        "\ufdfa" * 100,
        "\ufdfa" * 100_000,
        "a" * 100_000,
        " " * 100_000,
        "e" + "\u0301" * 50_000,
        "[" * 50_000,
        "</s><s><mask>",
        "𐀀" * 5_000,
    ],
    ids=range(12),
)
async def test_hostile_text_has_a_vector_like_any_other(client, text):
    (passage,) = await client.embed_passages([text])
    question = await client.embed_question(text)

    assert cosine(question, question) == pytest.approx(1)
    assert cosine(passage, passage) == pytest.approx(1)


async def test_every_character_that_grows_when_normalised_is_survived(client):
    characters = (chr(code) for code in range(sys.maxunicode + 1))
    growing = [character for character in characters if len(unicodedata.normalize("NFKC", character)) > 1]
    texts = ["".join(growing[start : start + 100]) for start in range(0, len(growing), 100)]

    vectors = await client.embed_passages(texts)

    assert len(vectors) == len(texts) > 10


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(exclude_categories=())))
async def test_any_text_has_a_vector(embedder, text):
    client = OpenAIEmbedder.local(embedder.socket)

    vector = await client.embed_question(text)
    await client.close()

    assert cosine(vector, vector) == pytest.approx(1)


async def test_a_killed_embedder_is_told_at_once_and_found_again_after_a_restart(own_embedder):
    client = OpenAIEmbedder.local(own_embedder.socket)
    before = await client.embed_question("Are you there?")

    own_embedder.kill()
    async with asyncio.timeout(1):
        with pytest.raises(EmbeddingsUnavailable, match="did not answer"):
            await client.embed_question("Are you there?")
    own_embedder.start()

    assert await client.embed_question("Are you there?") == before
    await client.close()


async def test_a_restart_between_two_questions_is_not_noticed(own_embedder):
    client = OpenAIEmbedder.local(own_embedder.socket)
    before = await client.embed_question("Are you there?")

    own_embedder.kill()
    own_embedder.start()

    assert await client.embed_question("Are you there?") == before
    await client.close()


async def test_an_embedder_killed_at_work_is_told(own_embedder):
    client = OpenAIEmbedder.local(own_embedder.socket)
    passages = asyncio.create_task(client.embed_passages(["a long passage " * 200] * 32))
    await client.embed_question("Has it begun?")

    own_embedder.kill()

    async with asyncio.timeout(1):
        with pytest.raises(EmbeddingsUnavailable):
            await passages
    await client.close()


async def test_a_server_elsewhere_may_send_plain_numbers_in_any_order_and_length():
    later, sooner = {"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3.0, 4.0]}

    async with played({"data": [later, sooner]}) as client:
        assert await client.embed_passages(["sooner", "later"]) == [[0.6, 0.8], [0.0, 1.0]]
        assert b"authorization: bearer a key" in client.requests[0].lower()


async def test_a_server_elsewhere_may_send_base64():
    packed = base64.b64encode(struct.pack("<2f", 0, 5)).decode()

    async with played({"data": [{"index": 0, "embedding": packed}]}) as client:
        assert await client.embed_question("anything") == [0.0, 1.0]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff",
        [],
        {"data": []},
        {"data": None},
        {"data": [{}]},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": [1.0, float("nan")]}]},
        {"data": [{"index": 0, "embedding": [1.0, None]}]},
        {"data": [{"index": 0, "embedding": "AAA"}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
    ],
)
async def test_an_answer_that_makes_no_sense_is_no_embedding(answer):
    async with played(answer) as client:
        with pytest.raises(EmbeddingsUnavailable, match=r"makes no sense|0 vectors for 1"):
            await client.embed_question("anything")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_server_that_refuses_is_named_with_its_status(status):
    async with played({"error": {"message": "no"}}, status=status) as client:
        with pytest.raises(EmbeddingsUnavailable, match=str(status)):
            await client.embed_question("anything")


async def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr("trulybot.llm.embeddings.QUESTION_SECONDS", 0.05)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = OpenAIEmbedder(f"http://127.0.0.1:{port}/v1", model="elsewhere", dimensions=2)

    async with server:
        with pytest.raises(EmbeddingsUnavailable, match="TimeoutError"):
            await client.embed_question("anything")
        await client.close()

"""A workspace that has outgrown exact comparison, and one whose embedding model is changed."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tests.documents.test_ingestion import Worker, found, worker_of
from tests.world import Person, World
from trulybot.curated import service as curated
from trulybot.documents import tending
from trulybot.kit.db import Database
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable, OpenAIEmbedder

PAGES = {
    "Returns": "Send it back within thirty days.",
    "Shipping": "A parcel to Lisbon takes three days.",
    "Hours": "The shop opens at nine in the morning.",
    "Repairs": "Our workshop mends broken kettles.",
}
WITHOUT_ENGLISH = """
    select (select count(*) from passage_vectors where english is null),
           (select count(*) from curated_phrasings where english is null)
"""
TOPICS = ("thirty", "parcel", "opens", "kettle")


class Elsewhere(OpenAIEmbedder):
    """A client of another model, which knows four topics. texts: what it was asked to embed."""

    url: str
    texts: list[str]
    answers: int
    goes_silent: asyncio.Event | None = None  # instead of refusing, once it has no answer left; set when it does


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    async def serve(reader: Any, writer: Any) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        asked = json.loads(await reader.readexactly(length))["input"]
        if client.answers <= 0:
            if client.goes_silent is not None:
                client.goes_silent.set()
                await reader.read()  # until whoever asked is gone
            writer.close()
            return
        client.answers -= 1
        client.texts += asked
        vectors = [_unit([0.1 + (topic in text) for topic in TOPICS]) for text in asked]
        body = json.dumps({"data": [{"index": n, "embedding": v} for n, v in enumerate(vectors)]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    client = Elsewhere(url, model="topics-4", dimensions=len(TOPICS))
    client.url, client.texts, client.answers = url, [], 1_000
    async with server:
        yield client
    await client.close()


def _unit(vector: list[float]) -> list[float]:
    return [value / math.hypot(*vector) for value in vector]


async def look(worker: Worker, query: str) -> list[tuple[Any, ...]]:
    async with worker.db.workspace(worker.job) as tx:
        return list(await (await tx.connection.execute(query)).fetchall())  # type: ignore[arg-type]


async def knowing(world: World) -> Person:
    alice = await world.alice()
    texts = [{"title": title, "text": text} for title, text in PAGES.items()]
    await alice.post("/api/text-upload", {"documents": texts})
    return alice


@pytest.fixture
def soon_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tending, "COUNTED", (4, 3))
    monkeypatch.setattr(tending, "INDEXED_FROM", (4, 3))
    monkeypatch.setattr(tending, "COMMON_TERM", 2)
    monkeypatch.setattr(tending, "MOVED_AT_ONCE", 3)


@pytest.mark.usefixtures("soon_large")
async def test_a_large_workspace_is_searched_by_its_index_and_finds_the_same(world: World, owner_url: str):
    alice = await knowing(world)
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()
        exactly = await found(alice, "When may I bring something back?")

        while await tending.tend(worker.db, world.embedder, (), worker.job):
            pass
        state = await look(worker, "select indexing, counted from knowledge")
        await alice.knows("We sell gift cards of fifty euros.", title="Gifts")
        await worker.works()
        indexed = await look(worker, "select indexed, count(*) from passage_vectors group by indexed")
        common = await look(worker, "select term, passages from common_terms order by term")

    assert state == [("whole", 4)]
    assert indexed == [(384, 5)]  # the one that came later as well
    assert [row[1] for row in common] == [2] * len(common) != []
    by_index = [one["text"] for one in await found(alice, "When may I bring something back?")]
    assert [text for text in by_index if "gift" not in text] == [one["text"] for one in exactly]
    assert (await found(alice, "present for a friend"))[0]["title"] == "Gifts"


@pytest.mark.usefixtures("soon_large")
async def test_a_workspace_that_has_become_small_again_costs_the_index_nothing(world: World, owner_url: str):
    alice = await knowing(world)
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()
        while await tending.tend(worker.db, world.embedder, (), worker.job):
            pass
        for one in (await alice.get("/api/documents")).json()["items"][:2]:
            await alice.delete(f"/api/documents/{one['id']}")

        while await tending.tend(worker.db, world.embedder, (), worker.job):
            pass

        assert await look(worker, "select indexing, counted from knowledge") == [("none", 0)]
        assert await look(worker, "select distinct indexed from passage_vectors") == [(0,)]
        assert await look(worker, "select count(*) from common_terms") == [(0,)]
    assert len(await found(alice, "anything")) == 2


async def test_another_model_takes_over_when_all_is_embedded_anew_and_the_old_one_answers_until_then(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    async def nobody_waits(_db: Database) -> bool:
        return False

    monkeypatch.setattr(tending, "PASSAGES_AT_ONCE", 1)
    monkeypatch.setattr(tending, "_documents_wait", nobody_waits)
    alice = await knowing(world)
    async with elsewhere() as other, worker_of(world, owner_url, alice) as worker:
        await worker.works()
        changed_over_to(world, other, worker)
        other.answers = 2  # and then it is away: nothing comes of the rest

        with pytest.raises(EmbeddingsUnavailable):
            await tending.tend(worker.db, other, [world.embedder], worker.job)
        half = (await alice.get("/api/documents/summary")).json()
        assert (half["embedded_anew"], half["passages"]) == (2, 4)
        assert (await found(alice, "my goods came to pieces"))[0]["title"] == "Repairs"  # topics-4 knows no such word

        other.answers, other.texts = 1_000, []
        await alice.knows("Gift cards are worth fifty euros.", title="Gifts")
        await worker.works()
        assert (await alice.get("/api/documents/summary")).json()["ready"] == 5
        while await tending.tend(worker.db, other, [world.embedder], worker.job):
            pass

        titles = {text.partition("\n")[0] for text in other.texts if "\n" in text}
        assert len(titles) == 3  # what was embedded before it went away is not asked for again
        assert await look(worker, "select distinct model, vector_dims(embedding) from passage_vectors") == [
            ("topics-4", 4)
        ]
        assert await look(worker, "select embedding_model from knowledge") == [("topics-4",)]
    assert (await alice.get("/api/documents/summary")).json()["embedded_anew"] is None


async def test_where_nothing_can_be_compared_with_the_old_vectors_the_new_model_takes_over_at_once(
    world: World, owner_url: str
):
    alice = await knowing(world)
    async with elsewhere() as other, worker_of(world, owner_url, alice) as worker:
        await worker.works()
        changed_over_to(world, other, worker)

        while await tending.tend(worker.db, other, [], worker.job):
            pass
        half_way = await look(worker, "select sum(unembedded)::int, bool_and(status = 'ready') from documents")
        await worker.works()

        assert half_way == [(4, True)]  # words find them meanwhile
        assert await look(worker, "select model, count(*) from passage_vectors group by 1") == [("topics-4", 4)]
        assert (await found(alice, "something about a parcel"))[0]["title"] == "Shipping"


async def test_new_documents_go_first(world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch):
    alice = await knowing(world)
    looks = []

    async def sleep(seconds: float) -> None:
        looks.append(seconds)
        monkeypatch.setattr(tending, "TURN_SECONDS", 0)

    async def wait(_db: Database) -> bool:
        return len(looks) < 2

    monkeypatch.setattr(tending, "_documents_wait", wait)
    monkeypatch.setattr(tending, "asyncio", SimpleNamespace(sleep=sleep))  # its own sleep, and nobody else's
    async with elsewhere() as other, worker_of(world, owner_url, alice) as worker:
        await worker.works()
        await tending.tend(worker.db, other, [world.embedder], worker.job)

    assert len(looks) == 2


async def test_headings_of_before_are_read_by_the_model_that_knows_english(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    async def nothing_waits(_db: Database) -> bool:
        return False

    monkeypatch.setattr(tending, "_documents_wait", nothing_waits)
    alice = await knowing(world)
    await alice.post("/api/knowledge/answers", {"question": "Where is my parcel?", "answer": "On its way."})
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()
        while await curated.embed_some(worker.db, world.embedder, worker.job):
            pass
        await jobs(owner_url, alice, "curated.embed")
        before = await look(worker, WITHOUT_ENGLISH)
        async with worker.db.workspace(worker.job) as tx:
            await tx.connection.execute("update passage_vectors set english = null")
            await tx.connection.execute("update curated_phrasings set english = null")

        for _ in range(2):
            await tending.queue_what_is_due(worker.db, world.embedder.model, english=True)
        queued = await jobs(owner_url, alice), await jobs(owner_url, alice, "curated.embed")
        while await tending.tend(worker.db, world.embedder, [], worker.job):
            pass
        while await curated.embed_some(worker.db, world.embedder, worker.job):
            pass

        assert queued == (1, 1)
        assert before == await look(worker, WITHOUT_ENGLISH) == [(0, 0)]


async def test_the_worker_looks_for_what_is_to_tend_when_it_starts(world: World, owner_url: str):
    alice = await knowing(world)
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()

        models = await tending.queue_what_is_due(worker.db, "topics-4")
        await tending.queue_what_is_due(worker.db, "topics-4")

        waiting = await jobs(owner_url, alice)
    assert world.embedder.model in models
    assert waiting == 1


async def test_answers_of_the_owners_are_found_by_their_meaning_again_where_there_are_no_passages(
    world: World, owner_url: str
):
    alice = await world.alice()
    for question, answer in (("Where is my parcel?", "On its way."), ("Who mends a kettle?", "Our workshop.")):
        await alice.post("/api/knowledge/answers", {"question": question, "answer": answer})
    async with elsewhere() as other, worker_of(world, owner_url, alice) as worker:
        await jobs(owner_url, alice, "curated.embed")
        changed_over_to(world, other, worker)
        asked = "My parcel did not come"
        before = [await alice.asks(question) for question in (asked, "where is my PARCEL?")]

        await tending.queue_what_is_due(worker.db, other.model)
        await tending.queue_what_is_due(worker.db, other.model)
        waiting = await jobs(owner_url, alice, "curated.embed")
        while await curated.embed_some(worker.db, other, worker.job):
            pass
        await tending.queue_what_is_due(worker.db, other.model)

        assert waiting == 1
        assert await jobs(owner_url, alice, "curated.embed") == 0
        assert [reply["source"] for reply in before] == ["none", "curated"]  # by its very words always
        assert (await alice.asks(asked))["answer"] == "On its way."


async def jobs(owner_url: str, person: Person, task: str = "documents.tend") -> int:
    """How many jobs waited for a workspace, which then wait no more."""
    async with await psycopg.AsyncConnection.connect(owner_url) as owner:
        rows = await owner.execute(
            """
            delete from queue.procrastinate_jobs
             where task_name = %s and args ->> 'workspace_id' = %s and status = 'todo'
            """,
            (task, str(person.workspace_id)),
        )
        return rows.rowcount


def changed_over_to(world: World, other: Embedder, worker: Worker) -> None:
    """As if the settings had named another embedder at the last start."""
    before = world.embedder
    world.app.state.embedder = world.app.state.answering.embedder = other
    world.app.state.answering.former = [before]
    worker.embedder, worker.former = other, [before]

"""From what was taken in to what is found: again and again, side by side, with others in the way."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.documents.test_uploads import document, found, uploads
from tests.world import Person, World
from trulybot.documents import ingestion, passage_queries
from trulybot.documents.files import Files
from trulybot.documents.reading import reader
from trulybot.documents.reading.models import Reading, ReadingError, Section
from trulybot.kit.db import Database
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable
from trulybot.settings import WORKER_LOGIN
from trulybot.workspaces.identity import JobOwner, Member

Act = Callable[[], Awaitable[object]]


@dataclass
class Worker:
    """A worker in the middle of a job of one workspace. meanwhile: what others do while passages are embedded."""

    db: Database
    files: Files
    embedder: Embedder
    job: JobOwner
    meanwhile: Act | None = None
    former: Sequence[Embedder] = ()

    async def works(self) -> None:
        while await ingestion.ingest(self.db, self.files, self, self.job, self.former):
            pass

    @property
    def model(self) -> str:
        return self.embedder.model

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    @property
    def english(self) -> Embedder | None:
        return self.embedder.english

    async def embed_question(self, text: str) -> list[float]:
        return await self.embedder.embed_question(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            await act()
        return await self.embedder.embed_passages(texts)


@asynccontextmanager
async def worker_of(world: World, owner_url: str, person: Person) -> AsyncIterator[Worker]:
    db = Database(world.settings.database_url(WORKER_LOGIN), size=2)
    await db.open()
    async with await psycopg.AsyncConnection.connect(
        owner_url, autocommit=True, options="-c search_path=queue"
    ) as owner:
        running = await owner.execute(
            """
            insert into queue.procrastinate_jobs (queue_name, task_name, args, status)
            values ('ingest', 'documents.ingest', jsonb_build_object('workspace_id', %s::text), 'doing')
            returning id
            """,
            (str(person.workspace_id),),
        )
        (job_id,) = await running.fetchone() or (0,)
        files = Files(world.settings.files_directory)
        try:
            yield Worker(db, files, world.embedder, JobOwner(job_id, person.workspace_id))
        finally:
            await owner.execute("delete from queue.procrastinate_jobs where id = %s", (job_id,))
            await db.close()


async def pauses_end(worker: Worker) -> None:
    """As if the time had passed after which what failed is read again."""
    async with worker.db.workspace(worker.job) as tx:
        await tx.run("update documents set retry_at = null where workspace_id = %(id)s", id=tx.workspace_id)


@dataclass(frozen=True)
class Kept:
    """What the knowledge says of itself, and what there is."""

    passages: int
    terms: int
    document_passages: int
    document_terms: int
    unembedded: int
    real_passages: int
    real_terms: int
    real_unembedded: int

    @property
    def is_exact(self) -> bool:
        return (
            self.passages == self.document_passages == self.real_passages
            and self.terms == self.document_terms == self.real_terms
            and self.unembedded == self.real_unembedded
        )


async def kept(world: World, person: Person) -> Kept:
    member = Member(person.user_id, person.workspace_id, "owner", person.email, uuid4())
    async with world.app.state.db.workspace(member) as tx:
        return await tx.one(
            Kept,
            """
            select k.passages, k.terms,
                   (select coalesce(sum(passages), 0) from documents) as document_passages,
                   (select coalesce(sum(terms), 0) from documents) as document_terms,
                   (select coalesce(sum(unembedded), 0) from documents) as unembedded,
                   (select count(*) from passages) as real_passages,
                   (select coalesce(sum(length), 0) from passages) as real_terms,
                   (select count(*) from passages p
                     where not exists (select from passage_vectors v
                                        where v.passage_id = p.id and v.model = k.embedding_model)) as real_unembedded
              from knowledge k
            """,
        )


async def test_a_replacement_that_arrives_while_the_old_version_is_embedded_is_not_lost(world: World, owner_url: str):
    alice = await world.alice()
    first = await alice.knows("The price is 10 euros.", title="Price", external_id="price")

    async with worker_of(world, owner_url, alice) as worker:
        worker.meanwhile = lambda: alice.knows("The price is 12 euros.", title="Price", external_id="price")
        await worker.works()

    assert (await document(alice, first["id"]))["status"] == "ready"
    assert [result["text"] for result in await found(alice, "price")] == ["The price is 12 euros."]
    assert (await kept(world, alice)).is_exact


async def test_a_replacement_that_arrives_while_the_old_version_is_read_is_not_lost(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    first = await alice.knows("The price is 10 euros.", title="Price", external_id="price")
    swap_in = passage_queries.swap_in

    async def after_a_replacement(*args: object) -> None:
        monkeypatch.setattr(passage_queries, "swap_in", swap_in)
        await alice.knows("The price is 12 euros.", title="Price", external_id="price")
        # The new version is written in a transaction of its own, before this one looks.
        await swap_in(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(passage_queries, "swap_in", after_a_replacement)
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()

    assert (await document(alice, first["id"]))["status"] == "ready"
    assert [result["text"] for result in await found(alice, "price")] == ["The price is 12 euros."]


async def test_a_broken_replacement_leaves_the_old_version_answering_and_stays_failed(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    cut = ingestion.cut
    monkeypatch.setattr(ingestion, "cut", lambda sections: [] if sections[0].text == "Nothing." else cut(sections))
    first = await alice.knows("The price is 10 euros.", title="Price", external_id="price")

    async with worker_of(world, owner_url, alice) as worker:
        worker.meanwhile = lambda: alice.knows("Nothing.", title="Price", external_id="price")
        await worker.works()

    assert (await document(alice, first["id"]))["error"]["code"] == "no_text"
    assert [result["text"] for result in await found(alice, "price")] == ["The price is 10 euros."]
    assert (await kept(world, alice)).is_exact


@pytest.mark.parametrize("moment", ["embedded", "indexed"])
async def test_a_document_that_is_deleted_meanwhile_leaves_nothing_behind(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch, moment: str
):
    alice = await world.alice()
    gone = await alice.knows("Soon to be forgotten.", title="Gone")
    stays = await alice.knows("This one stays.", title="Stays")
    swap_in = passage_queries.swap_in

    async def delete() -> None:
        assert (await alice.delete(f"/api/documents/{gone['id']}")).status_code == 204

    async def after_the_deletion(*args: object) -> None:
        await delete()
        monkeypatch.setattr(passage_queries, "swap_in", swap_in)
        await swap_in(*args)  # type: ignore[arg-type]

    if moment == "indexed":
        monkeypatch.setattr(passage_queries, "swap_in", after_the_deletion)
    async with worker_of(world, owner_url, alice) as worker:
        worker.meanwhile = delete if moment == "embedded" else None
        await worker.works()

    assert (await document(alice, stays["id"]))["status"] == "ready"
    assert [result["text"] for result in await found(alice, "forgotten stays")] == ["This one stays."]
    left = await kept(world, alice)
    assert left.is_exact
    assert left.passages == 1


async def test_the_same_job_twice_at_once_does_no_harm(world: World, owner_url: str):
    alice = await world.alice()
    texts = [{"text": f"Text number {number} is about lamps.", "title": f"Lamp {number}"} for number in range(60)]
    await alice.post("/api/text-upload", {"documents": texts})

    async with worker_of(world, owner_url, alice) as one, worker_of(world, owner_url, alice) as other:
        await asyncio.gather(one.works(), other.works())
        await one.works()

    summary = (await alice.get("/api/documents/summary")).json()
    assert (summary["ready"], summary["total"]) == (60, 60)
    assert (await kept(world, alice)).is_exact


async def test_the_counts_are_exact_after_a_storm_of_uploads_replacements_and_deletions(world: World, owner_url: str):
    alice = await world.alice()
    dice = random.Random(2)  # noqa: S311

    def text(number: int) -> dict[str, str]:
        words = " ".join(dice.choices("lamp table chair oak price euro return box green small".split(), k=12))
        return {"text": f"{words}.", "title": f"Thing {number}", "external_id": f"thing-{number}"}

    async def uploads_some() -> None:
        for _ in range(6):
            numbers = dice.sample(range(30), 10)
            response = await alice.post("/api/text-upload", {"documents": [text(number) for number in numbers]})
            assert response.status_code == 202, response.text

    async def deletes_some() -> None:
        for _ in range(12):
            listed = (await alice.get("/api/documents?limit=100")).json()["items"]
            for one in dice.sample(listed, min(2, len(listed))):
                assert (await alice.delete(f"/api/documents/{one['id']}")).status_code in (204, 404)

    async with worker_of(world, owner_url, alice) as one, worker_of(world, owner_url, alice) as other:
        async with asyncio.TaskGroup() as storm:
            for act in (uploads_some, uploads_some, uploads_some, deletes_some, one.works, other.works):
                storm.create_task(act())
        await asyncio.gather(one.works(), other.works())

    summary = (await alice.get("/api/documents/summary")).json()
    left = await kept(world, alice)
    assert summary["ready"] == summary["total"]
    assert left.is_exact
    assert (left.passages, left.unembedded) == (summary["total"], 0)


async def test_uploads_of_the_same_documents_in_another_order_wait_for_each_other_in_turn(world: World):
    alice = await world.alice()
    texts = [{"text": f"Text {number}.", "external_id": f"text-{number}"} for number in range(50)]

    responses = await asyncio.gather(
        *(alice.post("/api/text-upload", {"documents": texts[:: 1 - 2 * (turn % 2)]}) for turn in range(8))
    )

    assert [response.status_code for response in responses] == [202] * 8
    assert (await alice.get("/api/documents/summary")).json()["total"] == 50


async def test_a_file_that_ends_its_reader_twice_is_set_aside_and_stops_no_other(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    read = reader.read
    readings: list[str] = []

    async def crashes_on_poison(path: Path, name: str, *more: str) -> Reading:
        readings.append(name)
        if name == "poison":
            raise ReadingError("reader_crashed", where="exit status -11")
        return await read(path, name, *more)

    monkeypatch.setattr(reader, "read", crashes_on_poison)
    taken = await uploads(alice, ("poison.txt", b"Poison."), ("one.txt", b"First."), ("two.txt", b"Second."))

    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()
        meanwhile = await document(alice, taken[0]["id"])
        await pauses_end(worker)
        await worker.works()

    ended = [await document(alice, one["id"]) for one in taken]
    assert meanwhile["status"] == "queued"
    assert [one["status"] for one in ended] == ["failed", "ready", "ready"]
    assert ended[0]["error"]["code"] == "reader_crashed"
    assert readings == ["poison", "one", "two", "poison"]


async def test_a_document_that_failed_can_be_read_again(world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch):
    alice, charlie = await world.alice(), await world.charlie()
    read = reader.read
    reasons = iter(["password_protected"])

    async def fails_once(path: Path, name: str, *more: str) -> Reading:
        if reason := next(reasons, None):
            raise ReadingError(reason)
        return await read(path, name, *more)

    monkeypatch.setattr(reader, "read", fails_once)
    (taken,) = await uploads(alice, ("price.txt", b"The price is 10 euros."))
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()
        stranger = await charlie.post(f"/api/documents/{taken['id']}/attempts")
        again = await alice.post(f"/api/documents/{taken['id']}/attempts")
        await worker.works()
    twice = await alice.post(f"/api/documents/{taken['id']}/attempts")

    assert stranger.status_code == 404
    assert (again.status_code, again.json()["status"], again.json()["error"]) == (202, "queued", None)
    assert (await document(alice, taken["id"]))["status"] == "ready"
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "nothing_to_read")


async def test_a_file_that_ends_the_worker_twice_is_set_aside_without_a_third_time(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    read = reader.read

    async def ends_the_worker(path: Path, name: str, *more: str) -> Reading:
        if name == "poison":
            raise SystemExit
        return await read(path, name, *more)

    monkeypatch.setattr(reader, "read", ends_the_worker)
    taken = await uploads(alice, ("poison.txt", b"Poison."), ("one.txt", b"First."), ("two.txt", b"Second."))

    for _ in range(2):
        with pytest.raises(SystemExit):
            async with worker_of(world, owner_url, alice) as worker:
                await worker.works()
    async with worker_of(world, owner_url, alice) as worker:
        await worker.works()

    ended = [await document(alice, one["id"]) for one in taken]
    assert [one["status"] for one in ended] == ["failed", "ready", "ready"]


async def test_a_text_that_we_stumble_over_does_not_take_its_neighbours_along(
    world: World, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    cut = ingestion.cut

    def stumbles(sections: Sequence[Section]) -> object:
        if sections[0].text == "Stumble.":
            raise ZeroDivisionError
        return cut(sections)

    monkeypatch.setattr(ingestion, "cut", stumbles)
    texts = [{"text": text} for text in ("Before.", "Stumble.", "After.")]
    await alice.post("/api/text-upload", {"documents": texts})

    async with worker_of(world, owner_url, alice) as worker:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await worker.works()
        await worker.works()

    summary = (await alice.get("/api/documents/summary")).json()
    assert (summary["ready"], summary["failed"]) == (2, 1)


async def test_a_file_that_is_sent_again_after_it_failed_leaves_no_copy_behind(world: World):
    alice = await world.alice()
    broken = ("blank.txt", b" \n ")
    (first,) = await uploads(alice, broken)
    await world.work()

    (second,) = await uploads(alice, broken)
    await world.work()

    assert first["id"] == second["id"]
    assert len(list((world.settings.files_directory / str(alice.workspace_id)).iterdir())) == 1


async def test_while_the_embedder_is_away_words_find_and_the_job_comes_again(world: World, owner_url: str):
    alice = await world.alice()
    taken = await alice.knows("Order number ZX-9000 is a lamp.", title="Lamps")

    async with worker_of(world, owner_url, alice) as worker:
        async with world.without_embedder():
            worker.embedder = world.embedder
            with pytest.raises(EmbeddingsUnavailable):
                await worker.works()
        waiting = await document(alice, taken["id"])
        worker.embedder = world.embedder
        await worker.works()

    assert (waiting["status"], waiting["passages"], waiting["embedded"]) == ("processing", 1, 0)
    assert (await document(alice, taken["id"]))["status"] == "ready"


async def test_a_document_that_begins_with_its_title_does_not_say_it_twice(world: World) -> None:
    alice = await world.alice()
    page = b"<html><head><title>Visit us</title></head><body><h1>Visit us</h1><h2>Parking</h2><p>Behind the mill.</p>"
    await alice.request("POST", "/api/text-upload", files={"file": ("visit.html", page)})
    await world.work()

    async with await psycopg.AsyncConnection.connect(world.settings.database_url("trulybot_app")) as web:
        await web.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
            (json.dumps({"sub": str(alice.user_id)}),),
        )
        rows = await (await web.execute("select heading from passages")).fetchall()
    assert rows == [("Parking",)]


async def test_a_list_of_questions_answers_in_the_owners_words_until_it_is_removed(world: World):
    alice = await world.alice()
    rows = "Question;Other ways to ask;Answer\nCan I bring my dog?;;Dogs are welcome on the terrace.\n"
    (taken,) = await uploads(alice, ("faq.csv", rows.encode()))
    await world.work()

    asked = await alice.asks("can i bring my dog")
    await alice.delete(f"/api/documents/{taken['id']}")
    await world.work()

    assert (asked["source"], asked["answer"]) == ("curated", "Dogs are welcome on the terrace.")
    assert (await alice.get("/api/knowledge/answers")).json()["items"] == []

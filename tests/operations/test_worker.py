"""The worker: real processes that are killed, jobs that fail, and the queue between them."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.jobs import Job

from tests.documents.test_uploads import document, found
from tests.world import Person, World
from trulybot.documents.files import Files
from trulybot.kit.db import Database
from trulybot.llm.embeddings import EmbeddingsUnavailable
from trulybot.operations.worker import EMBEDDER_SECONDS, Patience, queue_app, take_up_lost_jobs, tasks
from trulybot.parts import fetcher_of
from trulybot.settings import WORKER_LOGIN
from trulybot.workspaces.identity import JobOwner

ROOT = Path(__file__).parents[2]
SECONDS = 60  # for what takes two on a quiet machine


async def until(true: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await true():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def owner_of(owner_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(
        owner_url, autocommit=True, options="-c search_path=queue"
    ) as owner:
        yield owner


async def jobs_of(owner_url: str, person: Person) -> list[tuple[str, int, bool]]:
    """Of each job its status, its attempts, and whether it is to wait."""
    async with owner_of(owner_url) as owner:
        rows = await owner.execute(
            """
            select status::text, attempts, coalesce(scheduled_at > now(), false)
              from procrastinate_jobs
             where args ->> 'workspace_id' = %s
             order by id
            """,
            (str(person.workspace_id),),
        )
        return await rows.fetchall()


@asynccontextmanager
async def worker_process(world: World, owner_url: str, embedder: Path, **more: str) -> AsyncIterator[Process]:
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": owner_url,
        "SECRET_KEY": world.settings.secret_key,
        "TRULYBOT_DATA_DIR": str(world.settings.trulybot_data_dir),
        "TRULYBOT_EMBEDDER_SOCKET": str(embedder),
        **more,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "trulybot", "worker", env=env, stderr=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def taken_for_dead(owner_url: str) -> None:
    """As if the time had passed after which we do so with a worker that is not heard of."""
    async with owner_of(owner_url) as owner:
        await owner.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")


@asynccontextmanager
async def an_embedder_that_never_answers(folder: Path) -> AsyncIterator[tuple[Path, asyncio.Event]]:
    """Its socket, and an event that is set when it is asked: then a job is in the middle of its work."""
    asked, stopped = asyncio.Event(), asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await stopped.wait()
        writer.close()

    server = await asyncio.start_unix_server(serve, folder / "embedder.sock")
    yield folder / "embedder.sock", asked
    stopped.set()
    server.close()


@pytest.fixture(autouse=True)
async def quiet_queue(owner_url: str) -> None:
    """Without the jobs that other tests left, which would keep these workers busy."""
    async with owner_of(owner_url) as owner:
        await owner.execute("delete from procrastinate_jobs")


async def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    world: World, owner_url: str, embedder_socket: Path, tmp_path: Path
):
    alice = await world.alice()
    taken = await alice.knows("We deliver on Tuesdays.", title="Delivery")

    async with (
        an_embedder_that_never_answers(tmp_path) as (silent, asked),
        worker_process(world, owner_url, silent) as first,
    ):
        await asyncio.wait_for(asked.wait(), SECONDS)
        first.kill()
        await first.wait()
    assert [status for status, _, _ in await jobs_of(owner_url, alice)] == ["doing"]
    await taken_for_dead(owner_url)

    async def ready() -> bool:
        return (await document(alice, taken["id"]))["status"] == "ready"

    async with worker_process(world, owner_url, embedder_socket):
        await until(ready)
    assert [result["document_id"] for result in await found(alice, "Tuesdays")] == [taken["id"]]


async def test_a_worker_that_is_told_to_stop_gives_its_job_back(world: World, owner_url: str, tmp_path: Path):
    alice = await world.alice()
    await alice.knows("We deliver on Tuesdays.", title="Delivery")

    async with (
        an_embedder_that_never_answers(tmp_path) as (silent, asked),
        worker_process(world, owner_url, silent) as process,
    ):
        await asyncio.wait_for(asked.wait(), SECONDS)
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), SECONDS)

    assert code == 0
    assert [(status, waits) for status, _, waits in await jobs_of(owner_url, alice)] == [("todo", False)]
    await world.work()
    assert (await alice.get("/api/documents/summary")).json()["ready"] == 1


async def test_two_workers_share_the_work(world: World):
    people = [await world.person(f"Shop {number}") for number in range(4)]
    for person in people:
        for number in range(5):
            await person.knows(f"Text {number} of {person.email}.", title=f"Text {number}")

    await asyncio.gather(world.work(), world.work())

    for person in people:
        summary = (await person.get("/api/documents/summary")).json()
        assert (summary["ready"], summary["total"]) == (5, 5)


@asynccontextmanager
async def queue_of(world: World, known: Mapping[str, Any] | None = None) -> AsyncIterator[Any]:
    url = world.settings.database_url(WORKER_LOGIN)
    db = Database(url, size=2)
    await db.open()
    files, fetcher, answering = (
        Files(world.settings.files_directory),
        fetcher_of(world.settings),
        world.app.state.answering,
    )
    usual = tasks(db, files, world.embedder, fetcher, answering)
    queue = queue_app(url, {**usual, **(known or {})})
    async with queue.open_async():
        yield queue
    await db.close()


async def run(queue: Any) -> None:
    await queue.run_worker_async(
        wait=False, install_signal_handlers=False, delete_jobs="successful", listen_notify=False
    )


async def test_a_job_that_fails_waits_longer_each_time(world: World, owner_url: str):
    alice = await world.alice()
    await alice.knows("Something.")

    async def fails(_job: JobOwner, _ids: Mapping[str, str]) -> None:
        raise ZeroDivisionError

    async with queue_of(world, {"documents.ingest": fails}) as queue:
        await run(queue)

    assert await jobs_of(owner_url, alice) == [("todo", 1, True)]
    waits = [
        decision.retry_at - Patience().get_retry_decision(exception=ZeroDivisionError(), job=attempt(0)).retry_at
        for decision in (
            Patience().get_retry_decision(exception=ZeroDivisionError(), job=attempt(number)) for number in (1, 3, 50)
        )
    ]
    assert [round(wait.total_seconds()) for wait in waits] == [2, 14, 598]
    async with owner_of(owner_url) as owner:
        await owner.execute("update procrastinate_jobs set scheduled_at = null")
    await world.work()
    assert (await alice.get("/api/documents/summary")).json()["ready"] == 1


def attempt(number: int) -> Job:
    return Job(
        id=1, queue="ingest", lock=None, queueing_lock=None, task_name="x", priority=0, attempts=number, status="doing"
    )


async def test_while_the_embedder_is_away_the_job_comes_again_soon(world: World, owner_url: str):
    alice = await world.alice()
    taken = await alice.knows("Order number ZX-9000 is a lamp.", title="Lamps")

    async with world.without_embedder():
        await world.work()
    assert [(status, waits) for status, _, waits in await jobs_of(owner_url, alice)] == [("todo", True)]
    assert [result["document_id"] for result in await found(alice, "ZX-9000")] == [taken["id"]]
    async with owner_of(owner_url) as owner:
        await owner.execute(
            "update procrastinate_jobs set scheduled_at = scheduled_at - make_interval(secs => %s)", (EMBEDDER_SECONDS,)
        )
    await world.work()

    assert (await document(alice, taken["id"]))["status"] == "ready"
    assert await jobs_of(owner_url, alice) == []


def test_an_absent_embedder_is_asked_again_as_soon_after_the_hundredth_time():
    waits = [
        Patience().get_retry_decision(exception=EmbeddingsUnavailable(), job=attempt(number)).retry_at
        for number in (0, 100)
    ]

    assert (waits[1] - waits[0]).total_seconds() < 1


async def test_a_lost_job_is_taken_up_once_and_a_running_one_never(world: World, owner_url: str):
    alice, charlie = await world.alice(), await world.charlie()
    for person in (alice, charlie):
        await person.knows("Something.")
    async with owner_of(owner_url) as owner:
        for person, sign in ((alice, "1 minute"), (charlie, "0 seconds")):
            await owner.execute(
                """
                with worker as (
                    insert into procrastinate_workers (last_heartbeat) values (now() - %s::interval) returning id
                )
                update procrastinate_jobs
                   set status = 'doing', worker_id = worker.id
                  from worker
                 where args ->> 'workspace_id' = %s
                """,
                (sign, str(person.workspace_id)),
            )

    async with queue_of(world) as one, queue_of(world) as other:
        await asyncio.gather(*(take_up_lost_jobs(queue) for queue in (one, other) * 5))

    assert await jobs_of(owner_url, alice) == [("todo", 1, False)]
    assert await jobs_of(owner_url, charlie) == [("doing", 0, False)]
    async with owner_of(owner_url) as owner:
        await owner.execute("update procrastinate_jobs set status = 'todo', worker_id = null where status = 'doing'")
        await owner.execute("delete from procrastinate_workers")


@pytest.mark.timeout(240)
async def test_ten_thousand_short_texts_are_taken_in_while_others_are_answered(world: World, owner_url: str):
    alice, charlie = await world.alice(), await world.charlie()
    done = asyncio.Event()
    answered: list[int] = []

    async def upload(number: int) -> int:
        texts = [{"text": f"Part {number}-{part} fits the lamp.", "title": f"Part {part}"} for part in range(500)]
        return (await alice.post("/api/text-upload", {"documents": texts})).status_code

    async def goes_on() -> None:
        while not done.is_set():
            answered.append((await charlie.get("/api/monitoring/health")).status_code)
            answered.append((await charlie.post("/api/chat", {"message": "When are you open?"})).status_code)

    others = asyncio.create_task(goes_on())
    statuses = [await upload(number) for number in range(16)] + await asyncio.gather(*map(upload, range(16, 20)))
    done.set()
    await others

    assert statuses == [202] * 20
    assert set(answered) == {200}
    assert (await alice.get("/api/documents/summary")).json()["total"] == 10_000
    async with owner_of(owner_url) as owner:  # so that no other test embeds them
        await owner.execute(
            "delete from procrastinate_jobs where args ->> 'workspace_id' = %s", (str(alice.workspace_id),)
        )

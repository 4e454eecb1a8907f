"""The worker: takes jobs of every workspace from the queue, each under its own workspace's policies."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from trulybot.documents.files import Files
from trulybot.documents.ingestion import ingest
from trulybot.kit.db import Database
from trulybot.kit.log import get_logger
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable
from trulybot.workspaces.identity import JobOwner

log = get_logger()

CONCURRENCY = 4  # jobs at once; of one workspace's documents only one
HEARTBEAT_SECONDS = 2.0
POLL_SECONDS = 1.0  # nothing announces that a lock is free again, so a job that waited for one is found by looking
DEAD_AFTER_SECONDS = 10.0  # without a heartbeat a worker's jobs are taken up by another
EMBEDDER_SECONDS = 5  # until we ask again for one that is away: new texts wait as long for their keywords
LONGEST_WAIT_SECONDS = 600  # between two attempts; a job is never given up, since somebody was promised what it does
QUEUES = ["ingest", "deliver", "default"]

Task = Callable[[JobOwner, dict[str, str]], Awaitable[None]]


def tasks(db: Database, files: Files, embedder: Embedder) -> dict[str, Task]:
    """Every kind of job by its name. A job may run twice without harm."""

    async def ingest_documents(job: JobOwner, _ids: dict[str, str]) -> None:
        if await ingest(db, files, embedder, job):
            # More waits than one turn may take: queue up again behind the other workspaces.
            async with db.workspace(job) as tx:
                await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{job.workspace_id}")

    async def forget_file(_job: JobOwner, ids: dict[str, str]) -> None:
        files.forget(ids["file_key"])

    return {"documents.ingest": ingest_documents, "documents.forget_file": forget_file}


class Patience(procrastinate.BaseRetryStrategy):
    """When a job that did not succeed is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision:
        if isinstance(exception, asyncio.CancelledError):  # we are ending, and another worker goes on
            return procrastinate.RetryDecision()
        if isinstance(exception, EmbeddingsUnavailable):
            return procrastinate.RetryDecision(retry_in={"seconds": EMBEDDER_SECONDS})
        return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_WAIT_SECONDS)})


async def run(database_url: str, files: Files, embedder: Embedder) -> None:
    """Work until told to stop; jobs that are running then get a few seconds to end, and are taken up again if not."""
    db = Database(database_url, size=CONCURRENCY + 2)
    await db.open()
    queue = queue_app(database_url, tasks(db, files, embedder))
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with queue.open_async():
        await take_up_lost_jobs(queue)
        worker = asyncio.create_task(
            queue.run_worker_async(
                queues=QUEUES,
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLL_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,
                shutdown_graceful_timeout=3.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
            )
        )
        watch = asyncio.create_task(_watch_for_lost_jobs(queue))
        stopped = asyncio.create_task(stopping.wait())
        log.info("worker.ready")
        await asyncio.wait({worker, watch, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (watch, stopped, worker):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    await db.close()


def queue_app(database_url: str, known: dict[str, Task]) -> procrastinate.App:
    """The queue with its tasks. The connections see the queue's own schema and nothing else."""
    connector = procrastinate.PsycopgConnector(conninfo=database_url, kwargs={"options": "-c search_path=queue"})
    app = procrastinate.App(connector=connector)
    for name, task in known.items():
        app.task(name=name, pass_context=True, retry=Patience())(_as_job(name, task))
    return app


async def take_up_lost_jobs(queue: procrastinate.App) -> None:
    """Put the jobs of workers that died back into the queue."""
    # procrastinate's own way would let two workers take up the same job, one of them while the other runs it.
    lost = await queue.connector.execute_query_all_async(
        "select id, task_name from private.take_up_lost_jobs(make_interval(secs => %(seconds)s))",
        seconds=DEAD_AFTER_SECONDS,
    )
    for job in lost:
        log.warning("job.lost", job_id=job["id"], task=job["task_name"])


def _as_job(name: str, task: Task) -> Callable[..., Awaitable[None]]:
    async def run(context: procrastinate.JobContext, **ids: Any) -> None:
        job_id = context.job.id
        assert job_id is not None  # noqa: S101  (a job that runs has been kept)
        await _take_along(context)
        job = JobOwner(job_id, UUID(ids.pop("workspace_id")))
        began = time.perf_counter()
        try:
            await task(job, ids)
        except EmbeddingsUnavailable:
            log.warning("job.later", job_id=job_id, task=name)
            raise
        except Exception:
            log.error("job.failed", job_id=job_id, task=name, exc_info=True)
            raise
        log.info("job.done", job_id=job_id, task=name, milliseconds=round((time.perf_counter() - began) * 1000, 1))

    return run


async def _take_along(context: procrastinate.JobContext) -> None:
    """
    Take the jobs out of the queue that wait for this one's lock: it does what they would.

    What they were queued for is committed, or we would not see them, so it is found by whoever begins now.
    One job a document would wait in line otherwise, and the queue looks for the next in line only now and then.
    """
    if context.job.lock is not None:
        await context.app.connector.execute_query_async(
            "delete from procrastinate_jobs where lock = %(lock)s and task_name = %(task)s and status = 'todo'",
            lock=context.job.lock,
            task=context.job.task_name,
        )


async def _watch_for_lost_jobs(queue: procrastinate.App) -> None:
    while True:
        await asyncio.sleep(DEAD_AFTER_SECONDS / 2)
        with contextlib.suppress(ConnectorException):
            await take_up_lost_jobs(queue)

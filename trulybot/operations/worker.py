"""The worker: takes jobs of every workspace from the queue, each under its own workspace's policies."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from trulybot.accounts import session_queries
from trulybot.answers import cache
from trulybot.answers.answering import Answering
from trulybot.bots import telling
from trulybot.conflicts import finding
from trulybot.curated import service as curated
from trulybot.documents import keeping, removal_queries, tending
from trulybot.documents.files import Files
from trulybot.documents.ingestion import ingest
from trulybot.evaluation.gate import service as gate
from trulybot.evaluation.gate import trying
from trulybot.evaluation.sets import runs as golden_runs
from trulybot.history import receipts
from trulybot.history.replaying import SNAPSHOTS_KEPT
from trulybot.kit.db import Database, Sealer
from trulybot.kit.keyring import Keyring
from trulybot.kit.log import get_logger
from trulybot.kit.security import Origin, coming_from
from trulybot.llm import e5
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable
from trulybot.mail import queries as mail_queries
from trulybot.mail.delivery import Delivery, Postman, deliver
from trulybot.mail.smtp import Later
from trulybot.operations import deletion
from trulybot.operations.alerts import Alerts, WebhookRefused
from trulybot.operations.security_log import SecurityLog
from trulybot.operations.vitals import look_at_connections
from trulybot.settings import WORKER_LOGIN, Settings
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.sources.syncing import sync
from trulybot.unanswered import service as unanswered
from trulybot.workspaces.identity import JobOwner

log = get_logger()

CONCURRENCY = 4  # jobs at once; of one workspace's documents only one
HEARTBEAT_SECONDS = 2.0
POLL_SECONDS = 1.0  # nothing announces that a lock is free again, so a job that waited for one is found by looking
DEAD_AFTER_SECONDS = 10.0  # without a heartbeat a worker's jobs are taken up by another
EMBEDDER_SECONDS = 5  # until we ask again for one that is away: new texts wait as long for their keywords
LONGEST_WAIT_SECONDS = 600  # between two attempts; a job is never given up, since somebody was promised what it does
QUEUES = ["ingest", "deliver", "default"]
# Visiting websites is mostly waiting for them, so it has workers of its own and holds nothing else up.
CRAWLS = 4
# A golden set takes minutes to be asked. Nobody's mail or documents wait for it: one question at a time, of whomever.
ASKING = ["evaluation"]
BEHIND = ["tend"]  # a lane of its own, with one job at once, behind everything that somebody waits for

Task = Callable[[JobOwner, dict[str, str]], Awaitable[None]]
Errand = Callable[[int, dict[str, str]], Awaitable[None]]  # the job's number, its ids


@dataclass(frozen=True)
class Chore:
    """What is done by the clock, for no workspace in particular. cron: when, in UTC. One worker of all does it."""

    cron: str
    do: Callable[[], Awaitable[None]]


def tasks(
    db: Database,
    files: Files,
    embedder: Embedder,
    fetcher: Fetcher,
    answering: Answering,
    former: Sequence[Embedder] = (),
) -> dict[str, Task]:
    """
    Every kind of job by its name. A job may run twice without harm.

    former: embedders of the models before the one of the settings, while they may still answer.
    """

    async def ingest_documents(job: JobOwner, _ids: dict[str, str]) -> None:
        more = await ingest(db, files, embedder, job, former)
        async with db.workspace(job) as tx:
            if more:  # than one turn may take: queue up again behind the other workspaces.
                await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{job.workspace_id}")
            else:
                await tx.enqueue("conflicts.find", lock=f"conflicts:{job.workspace_id}")
                await gate.begin_when_ready(tx)
                await tending.queue_after_ingestion(tx)

    async def read_again(job: JobOwner, _ids: dict[str, str]) -> None:
        async with db.workspace(job) as tx:
            await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{job.workspace_id}")

    async def forget_file(job: JobOwner, ids: dict[str, str]) -> None:
        async with db.workspace(job) as tx:
            unneeded = await removal_queries.unneeded_files(tx, [ids["file_key"]])
        for key in unneeded:
            files.forget(key)

    async def sync_sources(job: JobOwner, _ids: dict[str, str]) -> None:
        if await sync(db, files, fetcher, job):
            async with db.workspace(job) as tx:
                await tx.enqueue("sources.sync", queue="crawl", lock=f"sync:{job.workspace_id}")

    async def tell_owners(job: JobOwner, ids: dict[str, str]) -> None:
        await telling.tell_owners(db, job, ids["what"])

    return {
        "bots.tell_owners": tell_owners,
        **history_tasks(db, files, embedder),
        **golden_tasks(db, answering),
        "documents.ingest": ingest_documents,
        "documents.tend": _tending(db, embedder, former),
        "documents.forget_file": forget_file,
        "documents.read_again": read_again,
        "curated.embed": _embedding_answers(db, embedder),
        "sources.sync": sync_sources,
        "unanswered.group": _grouping(db, embedder),
    }


def _embedding_answers(db: Database, embedder: Embedder) -> Task:
    async def embed(job: JobOwner, _ids: dict[str, str]) -> None:
        while await curated.embed_some(db, embedder, job):
            pass
        async with db.workspace(job) as tx:
            await tx.enqueue("conflicts.find", lock=f"conflicts:{job.workspace_id}")
            await gate.begin_when_ready(tx)

    return embed


def _grouping(db: Database, embedder: Embedder) -> Task:
    async def group(job: JobOwner, _ids: dict[str, str]) -> None:
        while await unanswered.group_some(db, embedder, job):
            pass

    return group


def golden_tasks(db: Database, answering: Answering) -> dict[str, Task]:
    """What golden sets are asked for."""

    async def go_on(task: str, job: JobOwner, lock: str, ids: dict[str, str]) -> None:
        """At another turn, behind the other workspaces."""
        async with db.workspace(job) as tx:
            await tx.enqueue(task, queue="evaluation", lock=lock, **ids)

    async def ask_golden_set(job: JobOwner, ids: dict[str, str]) -> None:
        if await golden_runs.ask(db, answering, job, UUID(ids["run_id"])):
            await go_on("evaluation.ask", job, f"golden:{ids['run_id']}", ids)
        else:
            await begin_when_ready(job, {})  # what waited meanwhile at the gate

    async def begin_when_ready(job: JobOwner, _ids: dict[str, str]) -> None:
        async with db.workspace(job) as tx:
            await gate.begin_when_ready(tx)

    async def try_what_is_held(job: JobOwner, ids: dict[str, str]) -> None:
        if await trying.try_held(db, answering, job, **{name: UUID(id) for name, id in ids.items()}):
            await go_on("evaluation.try", job, f"golden:{ids['candidate_run_id']}", ids)

    return {
        "evaluation.ask": ask_golden_set,
        "evaluation.begin": begin_when_ready,
        "evaluation.try": try_what_is_held,
    }


def history_tasks(db: Database, files: Files, embedder: Embedder) -> dict[str, Task]:
    """The jobs that look back on what was known and said."""

    async def prove_deletion(job: JobOwner, ids: dict[str, str]) -> None:
        await receipts.prove(db, files, embedder, job, UUID(ids["receipt_id"]))

    async def find_conflicts(job: JobOwner, _ids: dict[str, str]) -> None:
        if await finding.find(db, job):
            async with db.workspace(job) as tx:
                await tx.enqueue("conflicts.find", lock=f"conflicts:{job.workspace_id}")

    return {"history.prove_deletion": prove_deletion, "conflicts.find": find_conflicts}


def _tending(db: Database, embedder: Embedder, former: Sequence[Embedder]) -> Task:
    async def tend(job: JobOwner, _ids: dict[str, str]) -> None:
        if await tending.tend(db, embedder, former, job):
            async with db.workspace(job) as tx:
                await tx.enqueue("documents.tend", queue="tend", lock=f"tend:{job.workspace_id}")

    return tend


def chores(db: Database, files: Files, security: SecurityLog) -> dict[str, Chore]:
    """Everything that is done by the clock. A chore may run twice, or late, without harm."""

    async def delete_what_is_due() -> None:
        await deletion.delete_what_is_due(db, files)

    async def sweep_mails() -> None:
        async with db.chore("mails that are over") as tx:
            await mail_queries.sweep(tx)

    async def check_isolation() -> None:
        # A process of its own: it signs in to the database as the web does, which the worker never does.
        command = (sys.executable, "-P", "-m", "trulybot", "doctor", "--isolation")
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
        log.info("isolation.checked", exit_code=code)

    async def sweep_sessions() -> None:
        async with db.chore("sessions that are over") as tx:
            await session_queries.sweep(tx)

    async def sweep_security_events() -> None:
        async with db.chore("security events that are over") as tx:
            await tx.run("select private.sweep_security_events()")

    async def queue_due_sources() -> None:
        async with db.chore("sources that are due") as tx:
            await tx.run("select private.queue_due_sources()")

    async def look_around() -> None:
        await look_at_connections(db, security)

    return {
        "security.connections": Chore("* * * * *", look_around),
        "sources.due": Chore("*/5 * * * *", queue_due_sources),
        "security.sweep": Chore("53 4 * * *", sweep_security_events),
        **history_chores(db, files),
        "answers.sweep": Chore("37 * * * *", partial(cache.sweep, db)),
        "workspaces.delete_due": Chore("7 * * * *", delete_what_is_due),
        "mail.sweep": Chore("23 * * * *", sweep_mails),
        "isolation.check": Chore("17 4 * * *", check_isolation),
        "sessions.sweep": Chore("41 3 * * *", sweep_sessions),
    }


def history_chores(db: Database, files: Files) -> dict[str, Chore]:
    """The sweeping of what is kept to look back on."""

    async def sweep_document_versions() -> None:
        await keeping.sweep(db, files)

    async def sweep_snapshots() -> None:
        async with db.chore("snapshots of answers that are over") as tx:
            await tx.run("select private.sweep_snapshots(%(kept)s)", kept=SNAPSHOTS_KEPT)

    return {
        "documents.sweep_versions": Chore("31 3 * * *", sweep_document_versions),
        "history.sweep_snapshots": Chore("37 3 * * *", sweep_snapshots),
    }


def errands(db: Database, postman: Postman | None, alerts: Alerts) -> dict[str, Errand]:
    """The jobs that belong to no workspace, by name. One may run twice without harm."""

    async def deliver_mail(job_id: int, _ids: dict[str, str]) -> None:
        await deliver(db, postman, Delivery(job_id))

    async def post_alert(_job_id: int, ids: dict[str, str]) -> None:
        await alerts.post(db, UUID(ids["alert_id"]))

    async def mail_alert(job_id: int, ids: dict[str, str]) -> None:
        await alerts.mail(db, UUID(ids["alert_id"]), Delivery(job_id))

    return {"mail.deliver": deliver_mail, "alerts.post": post_alert, "alerts.mail": mail_alert}


class Patience(procrastinate.BaseRetryStrategy):
    """When a job that did not succeed is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision:
        if isinstance(exception, asyncio.CancelledError):  # we are ending, and another worker goes on
            return procrastinate.RetryDecision()
        if isinstance(exception, EmbeddingsUnavailable):
            return procrastinate.RetryDecision(retry_in={"seconds": EMBEDDER_SECONDS})
        return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_WAIT_SECONDS)})


async def run(
    settings: Settings,
    files: Files,
    embedder: Embedder,
    former: Sequence[Embedder],
    fetcher: Fetcher,
    answering_of: Callable[[Sealer], Answering],
    postman: Postman | None,
) -> None:
    """Work until told to stop; jobs that are running then get a few seconds to end, and are taken up again if not."""
    db = database_of(settings, size=CONCURRENCY + CRAWLS + 3)
    assert db.keyring is not None  # noqa: S101  (database_of gives it one)
    answering = answering_of(db.keyring)
    await db.open()
    security = SecurityLog(db)
    of_nobody = errands(db, postman, Alerts.of(settings))
    of_workspaces = tasks(db, files, embedder, fetcher, answering, former)
    regular = {
        **chores(db, files, security),
        "workspaces.tend": Chore("37 * * * *", partial(_tend_what_is_due, db, settings, embedder)),
    }
    queue = queue_app(db.url, of_workspaces, regular, of_nobody)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with queue.open_async(), security.keeping(), contextlib.AsyncExitStack() as within:
        within.enter_context(coming_from(Origin(sink=security)))  # of whatever its jobs note
        await take_up_lost_jobs(queue)
        await _tend_what_is_due(db, settings, embedder)  # the settings may name another model than before
        workers = [
            asyncio.create_task(_work(queue, queues, at_once))
            for queues, at_once in ((QUEUES, CONCURRENCY), (["crawl"], CRAWLS), (ASKING, 1), (BEHIND, 1))
        ]
        watch = asyncio.create_task(_watch_for_lost_jobs(queue))
        stopped = asyncio.create_task(stopping.wait())
        log.info("worker.ready")
        await asyncio.wait({*workers, watch, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (watch, stopped, *workers):
            task.cancel()
        for task in (watch, stopped, *workers):
            with contextlib.suppress(asyncio.CancelledError):
                await task
    await fetcher.close()
    await answering.close()
    await db.close()


async def _tend_what_is_due(db: Database, settings: Settings, embedder: Embedder) -> None:
    models = await tending.queue_what_is_due(db, embedder.model, english=embedder.english is not None)
    if settings.embeddings_base_url is not None and e5.MODEL not in models:
        settings.embeds_here.unlink(missing_ok=True)


async def _work(queue: procrastinate.App, queues: Sequence[str], at_once: int) -> None:
    """Do the jobs of some queues, so many at once."""
    await queue.run_worker_async(
        queues=list(queues),
        concurrency=at_once,
        fetch_job_polling_interval=POLL_SECONDS,
        delete_jobs="successful",
        install_signal_handlers=False,
        shutdown_graceful_timeout=3.0,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=DEAD_AFTER_SECONDS,
    )


def database_of(settings: Settings, *, size: int) -> Database:
    """The database as the worker signs in to it."""
    db = Database(settings.database_url(WORKER_LOGIN), size=size)
    db.keyring = Keyring(db, settings.secret_key, previous=settings.secret_key_previous)
    return db


def queue_app(
    database_url: str,
    known: dict[str, Task],
    regular: dict[str, Chore] | None = None,
    of_nobody: dict[str, Errand] | None = None,
) -> procrastinate.App:
    """The queue with its tasks. The connections see the queue's own schema and nothing else."""
    connector = procrastinate.PsycopgConnector(conninfo=database_url, kwargs={"options": "-c search_path=queue"})
    app = procrastinate.App(connector=connector)
    for name, task in known.items():
        app.task(name=name, pass_context=True, retry=Patience())(_as_job(name, task))
    for name, errand in (of_nobody or {}).items():
        app.task(name=name, pass_context=True, retry=Patience())(_as_errand(name, errand))
    for name, chore in (regular or {}).items():
        # Whether it failed shows in the log and the metrics; the clock tries again.
        app.periodic(cron=chore.cron)(app.task(name=name, queueing_lock=name)(_as_chore(name, chore)))
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
        await _done(name, job_id, task(job, ids))

    return run


def _as_errand(name: str, errand: Errand) -> Callable[..., Awaitable[None]]:
    async def run(context: procrastinate.JobContext, **ids: Any) -> None:
        job_id = context.job.id
        assert job_id is not None  # noqa: S101  (a job that runs has been kept)
        await _done(name, job_id, errand(job_id, ids))

    return run


async def _done(name: str, job_id: int, work: Awaitable[None]) -> None:
    """Do a job, and log how it went."""
    began = time.perf_counter()
    try:
        await work
    except (EmbeddingsUnavailable, Later, WebhookRefused):
        log.warning("job.later", job_id=job_id, task=name)
        raise
    except Exception:
        log.error("job.failed", job_id=job_id, task=name, exc_info=True)
        raise
    log.info("job.done", job_id=job_id, task=name, milliseconds=round((time.perf_counter() - began) * 1000, 1))


def _as_chore(name: str, chore: Chore) -> Callable[..., Awaitable[None]]:
    async def run(timestamp: int) -> None:  # noqa: ARG001  (when it was due, as the queue gives it)
        try:
            await chore.do()
        except Exception:
            log.error("chore.failed", task=name, exc_info=True)
            raise
        log.info("chore.done", task=name)

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

"""Whether we are alive, whether we can work, and how well: for probes and Prometheus."""

import asyncio
import contextlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from trulybot.answers.answering import Answering
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, Forbidden
from trulybot.kit.limits import Limiter
from trulybot.kit.metrics import ISOLATION_CHECKED, ISOLATION_LEAKS, MAILS, QUEUE_JOBS, QUEUE_OLDEST_SECONDS
from trulybot.kit.migrations import known
from trulybot.kit.openapi import example
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable
from trulybot.mail import queries as mail_queries

router = APIRouter(tags=["monitoring"])

PROBE_SECONDS = 2.0
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")  # a proxy on this machine speaks for somebody else


@dataclass(frozen=True)
class Check:
    """
    degraded: not as it should be, but something else does its work. off: not set up here, and not missed.
    milliseconds: what finding out took.
    """

    state: Literal["ok", "degraded", "failed", "off"]
    milliseconds: float


@example({"status": "ready", "checks": {"database": {"state": "ok", "milliseconds": 1.2}}})
@dataclass(frozen=True)
class Readiness:
    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, Check]


class MetricsClosed(Forbidden):
    """Metrics are read from this machine, or with the operator's token."""

    status, code = 403, "metrics_closed"


@router.get("/api/monitoring/health", responses={200: {"content": {"application/json": {"example": {"status": "ok"}}}}})
async def health() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get(
    "/api/monitoring/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready: something that every request needs is away."}},
)
async def ready(request: Request) -> Response:
    """Everything that a request needs is there; what has a stand-in may be `degraded`."""
    db: Database = request.app.state.db
    probes: dict[str, tuple[Callable[[], Awaitable[None]], bool]] = {
        "database": (lambda: _database(db), True),
        "migrations": (lambda: _migrations(db), True),
        "queue": (lambda: _queue(db), False),
        "embedder": (lambda: _embedder(request.app.state.embedder), False),
        "model": (lambda: _model(request.app.state.answering), False),
        "redis": (lambda: _redis(request.app.state.limiter), False),
    }
    states = await asyncio.gather(*(_check(probe, needed) for probe, needed in probes.values()))
    checks = dict(zip(probes, states, strict=True))
    found = {check.state for check in states}
    status: Literal["ready", "degraded", "not_ready"] = (
        "not_ready" if "failed" in found else "degraded" if "degraded" in found else "ready"
    )
    body = {"status": status, "checks": {name: vars(check) for name, check in checks.items()}}
    return JSONResponse(body, status_code=503 if status == "not_ready" else 200)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    token: str | None = request.app.state.metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    by_token = token is not None and hmac.compare_digest(sent.encode(), token.encode())
    client = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in FORWARDED)
    if not by_token and (token is not None or forwarded or not _is_loopback(client)):
        raise MetricsClosed
    await _measure_queue(request.app.state.db)
    await _measure_mails(request.app.state.db)
    await _measure_isolation(request.app.state.db)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _check(probe: Callable[[], Awaitable[None]], needed: bool) -> Check:
    began = time.perf_counter()
    state: Literal["ok", "degraded", "failed", "off"] = "ok"
    try:
        await asyncio.wait_for(probe(), PROBE_SECONDS)
    except _Off:
        state = "off"
    except (AppError, EmbeddingsUnavailable, OSError, psycopg.Error, RedisError, _Missing):
        state = "failed" if needed else "degraded"
    return Check(state, round((time.perf_counter() - began) * 1000, 1))


class _Missing(Exception):
    pass


class _Off(Exception):
    pass


async def _database(db: Database) -> None:
    async with db.system("is the database there") as tx:
        await tx.value("select 1")


async def _migrations(db: Database) -> None:
    async with db.system("are the migrations applied") as tx:
        applied = await tx.value("select array_agg(name) from private.migrations")
    if known() - set(applied or ()):
        raise _Missing


async def _queue(db: Database) -> None:
    """Some worker has shown a sign of life within the last half minute."""
    async with db.system("is a worker there") as tx:
        if not await tx.value("select private.worker_is_alive()"):
            raise _Missing


async def _embedder(embedder: Embedder) -> None:
    await embedder.embed_question("ready")


async def _model(answering: Answering) -> None:
    """The operator's model answers, as far as the last calls tell; answers are quoted while it does not."""
    if answering.model is None:
        raise _Off
    if answering.turns.breakers.rests(answering.model.provider):
        raise _Missing


async def _redis(limiter: Limiter) -> None:
    """Limits are counted together. Away, each process counts for itself."""
    if not limiter.uses_redis:
        raise _Off
    await limiter.ping()


async def _measure_queue(db: Database) -> None:
    """The queue as it is now. Without the database the rest is told, and of the queue nothing rather than the past."""
    QUEUE_JOBS.clear()
    QUEUE_OLDEST_SECONDS.clear()
    with contextlib.suppress(AppError, TimeoutError):
        async with asyncio.timeout(PROBE_SECONDS), db.system("what waits in the queue") as tx:
            queues = await tx.all(_Queue, "select queue, waiting, running, oldest_seconds from private.queue_state()")
        for one in queues:
            QUEUE_JOBS.labels(one.queue, "waiting").set(one.waiting)
            QUEUE_JOBS.labels(one.queue, "running").set(one.running)
            QUEUE_OLDEST_SECONDS.labels(one.queue).set(one.oldest_seconds)


async def _measure_mails(db: Database) -> None:
    """Of the database, so that every process tells the same; without it, nothing rather than the past."""
    MAILS.clear()
    with contextlib.suppress(AppError, TimeoutError):
        async with asyncio.timeout(PROBE_SECONDS), db.system("what became of mails") as tx:
            counted = await mail_queries.count(tx)
        for one in counted:
            MAILS.labels(one.kind, one.state).set(one.count)


async def _measure_isolation(db: Database) -> None:
    """What the last check found that came to its end."""
    with contextlib.suppress(AppError, TimeoutError):
        async with asyncio.timeout(PROBE_SECONDS), db.system("the last isolation check") as tx:
            last = await tx.maybe(
                _Checked,
                """
                select jsonb_array_length(leaks) as leaks, extract(epoch from ended_at)::double precision as ended
                  from trulybot_auth.isolation_checks
                 where ended_at is not null
                 order by began_at desc
                 limit 1
                """,
            )
        if last is not None:
            ISOLATION_LEAKS.set(last.leaks)
            ISOLATION_CHECKED.set(last.ended)


@dataclass(frozen=True)
class _Checked:
    leaks: int
    ended: float


@dataclass(frozen=True)
class _Queue:
    queue: str
    waiting: int
    running: int
    oldest_seconds: float


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

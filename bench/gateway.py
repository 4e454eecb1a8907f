"""What a request costs on its way through the gateway: one call to the product, and to the same route by itself."""

import asyncio
import logging
import time
from statistics import median

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Scope

from trulybot.app import build
from trulybot.evaluation.table import show
from trulybot.kit import log
from trulybot.operations import health
from trulybot.settings import Settings

ROUNDS = 2000
PATH = "/api/monitoring/health"  # asks no database, so that all the time is the gateway's
HEADERS = [(b"host", b"localhost"), (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)"), (b"accept", b"*/*")]


def run() -> None:
    log.configure(json=True, level=logging.ERROR)
    whole = build(Settings.read({"DATABASE_URL": "postgresql://nobody@localhost/none", "SECRET_KEY": "x" * 32}))
    alone = FastAPI()
    alone.include_router(health.router)
    ours, beneath = asyncio.run(_measured(whole, alone))
    row = ("gateway", f"{ours:.2f} ms", f"route alone {beneath:.2f} ms", f"+{ours - beneath:.2f} ms", "< 2 ms")
    show(("what", "ours", "beneath", "adds", "aim"), [row])


async def _measured(*apps: ASGIApp) -> list[float]:
    """Milliseconds in the middle, the apps in turn."""
    taken: list[list[float]] = [[] for _ in apps]
    for _ in range(ROUNDS):
        for app, times in zip(apps, taken, strict=True):
            began = time.perf_counter()
            await _call(app)
            times.append((time.perf_counter() - began) * 1000)
    return [median(times) for times in taken]


async def _call(app: ASGIApp) -> None:
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"verbose=1",
        "root_path": "",
        "headers": HEADERS,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    assert statuses == [200], statuses

"""What counting costs a request: the same application with and without its limits, in memory and in Redis."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.timing import in_turn
from tests.redis_server import RedisServer
from trulybot.accounts.limits import AccountLimits
from trulybot.app import limits_of
from trulybot.evaluation.table import show
from trulybot.kit.http import as_json
from trulybot.kit.limiting import RateLimits, identified
from trulybot.kit.limits import Limiter

ROUNDS = 40
REQUESTS = 100  # a round; one alone is shorter than the clock is even
WORKSPACE = "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11"
HEAD = ("what", "ours", "beneath", "ratio", "aim")


def run() -> None:
    """A question of a member: counted by address at the door, and by workspace once they are known."""
    table = limits_of(AccountLimits())
    with RedisServer.running() as server, asyncio.Runner() as runner:
        limiters = (Limiter(), Limiter(redis_url=server.url))
        limited = [RateLimits(_answer, limiter=one, table=table, answer=as_json, aliases={}) for one in limiters]
        ping = limiters[1].ping

        async def pings() -> None:
            for _ in range(REQUESTS):
                await ping()

        apps: list[ASGIApp] = [_answer, *limited]
        calls = [_requests(app, runner) for app in apps]
        without, memory, redis, alone = in_turn(ROUNDS, *calls, lambda _round: runner.run(pings()))
        runner.run(limiters[1].close())
    one = 1 / REQUESTS
    rows = [
        ("limits of a request, in memory", memory.minus(without) * one, without.median * one, "no limits"),
        ("limits of a request, in Redis", redis.minus(without) * one, alone.median * one, "one command"),
    ]
    show(
        HEAD,
        [
            (what, f"{ours:.3f} ms", f"{name} {beneath:.3f} ms", f"{ours / beneath:.1f}", "< 1 ms")
            for what, ours, beneath, name in rows
        ],
    )


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    await identified(Request(scope, receive), {"workspace": WORKSPACE, "user": WORKSPACE})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def _requests(app: ASGIApp, runner: asyncio.Runner) -> Callable[[int], object]:
    async def send(_message: Any) -> None:
        pass

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask(number: int) -> None:
        for one in range(REQUESTS):
            client = (f"203.0.{number % 250}.{one}", 4711)
            scope = {"type": "http", "method": "POST", "path": "/api/search", "headers": [], "client": client}
            await app(scope, receive, send)

    return lambda number: runner.run(ask(number))

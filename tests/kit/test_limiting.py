"""The table of limits, held at the door: which rows hold, what an answer tells, how many streams are open."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.routing import Match

from tests.world import SHOP, World
from trulybot.accounts.wire import gotrue_error
from trulybot.app import limits_of
from trulybot.kit.http import answer_errors
from trulybot.kit.limit_words import HEAD, listed, period, rows
from trulybot.kit.limiting import EVERYWHERE, RateLimits, StreamLimit, Table, canonical, identified
from trulybot.kit.limits import Limit, Limiter

ASKING = Limit("asking", 3, 60, "address", "…", ("POST /ask",))
THINGS = Limit("things", 3, 60, "address", "…", ("/things/{id}/parts",))
PERSONAL = Limit("personal", 2, 60, "user", "…", ("GET /things/{id}",))
REST = Limit("rest", 1000, 60, "address", "…", (EVERYWHERE,))
STREAMS = (StreamLimit("streams", 3, "address", "…"), StreamLimit("own-streams", 2, "user", "…"))
TABLE = Table((ASKING, THINGS, PERSONAL, REST), STREAMS, free=("/free", "/files/"))


def app_of(limiter: Limiter) -> FastAPI:
    app = FastAPI()

    @app.post("/ask")
    async def ask() -> dict[str, str]:
        return {"answer": "yes"}

    @app.get("/things/{id}")
    async def thing(request: Request, id: str) -> dict[str, str]:
        await identified(request, {"user": id})
        return {}

    @app.get("/free")
    async def free() -> dict[str, str]:
        return {}

    answer = answer_errors(app, by_prefix={"/auth/v1": gotrue_error})
    app.add_middleware(RateLimits, limiter=limiter, table=TABLE, answer=answer, aliases={"/api/auth/": "/auth/v1/"})
    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(Limiter()))
    async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as client:
        yield client


def anonymous(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def names(method: str, path: str) -> list[str]:
    return [limit.name for limit in TABLE.of(method, path)]


def test_a_row_holds_for_what_it_names_and_the_rest_for_everything_else():
    assert names("POST", "/ask") == ["asking"]
    assert names("OPTIONS", "/ask") == ["rest"]
    assert names("GET", "/things/7") == ["personal", "rest"]
    assert names("HEAD", "/things/7") == ["personal", "rest"]
    assert names("PATCH", "/things/7/parts") == ["things"]
    assert names("GET", "/nothing") == ["rest"]
    assert names("GET", "/free") == []
    assert names("GET", "/files/a/b") == []


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("/ask", "/ask"),
        ("/ASK/", "/ask"),
        ("//ask//", "/ask"),
        ("/", "/"),
        ("///", "/"),
        ("/api/auth/token", "/auth/v1/token"),
        ("/API//Auth/Token/", "/auth/v1/token"),
    ],
)
def test_a_path_has_one_spelling(path: str, spelled: str):
    assert canonical(path, {"/api/auth/": "/auth/v1/"}) == spelled


async def test_an_answer_tells_what_is_left(http: httpx.AsyncClient):
    answer = await http.post("/ask")

    assert answer.headers["RateLimit-Policy"] == '"asking";q=3;w=60'
    assert re.fullmatch(r'"asking";r=2;t=(60|59)', answer.headers["RateLimit"])


async def test_an_answer_tells_of_every_limit_that_it_counted_against(http: httpx.AsyncClient):
    answer = await http.get("/things/7")

    assert answer.headers["RateLimit-Policy"] == '"rest";q=1000;w=60, "personal";q=2;w=60'
    assert [part.partition(";t=")[0] for part in answer.headers["RateLimit"].split(", ")] == [
        '"rest";r=999',
        '"personal";r=1',
    ]
    assert "RateLimit" not in (await http.get("/free")).headers


async def test_a_refusal_comes_before_anything_else_and_can_be_read_by_any_page(http: httpx.AsyncClient):
    for _ in range(3):
        await http.post("/ask")

    refused = await http.post("/ask", content=b"not even JSON", headers={"Authorization": "Bearer nonsense"})

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "limit_reached")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"asking";r=0;t=')
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]


async def test_who_is_known_is_counted_wherever_they_come_from():
    app, statuses = app_of(Limiter()), []
    for number in range(3):
        transport = httpx.ASGITransport(app, client=(f"203.0.113.{number}", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as http:
            statuses.append((await http.get("/things/7")).status_code)

    assert statuses == [200, 200, 429]


class Streaming:
    """An application whose answers end when they are told to."""

    def __init__(self) -> None:
        self.users: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        await identified(request, {"user": request.query_params.get("user", "")})

        async def parts() -> AsyncIterator[str]:
            yield "data: one\n\n"
            message = await receive()
            assert message["type"] == "http.disconnect"

        await StreamingResponse(parts(), media_type="text/event-stream")(scope, receive, send)


async def test_open_streams_are_counted_until_whoever_listens_leaves():
    app = FastAPI()
    answer = answer_errors(app, by_prefix={})
    app.mount("/", Streaming())
    limited = RateLimits(app, limiter=Limiter(), table=TABLE, answer=answer, aliases={})
    leaving: list[asyncio.Event] = []

    async def listen(user: str, accept: bytes = b"text/event-stream", path: str = "/events") -> int:
        gone, asked, status = asyncio.Event(), False, asyncio.get_running_loop().create_future()
        leaving.append(gone)

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                status.set_result(message["status"])

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": f"user={user}".encode(),
            "headers": [(b"accept", accept)],
            "client": ("203.0.113.9", 1),
            "app": app,
        }
        tasks.append(asyncio.create_task(limited(scope, receive, send)))
        return await status  # type: ignore[no-any-return]

    tasks: list[asyncio.Task[None]] = []
    assert [await listen("ana"), await listen("ana")] == [200, 200]
    assert await listen("ana") == 429
    assert await listen("bob") == 200
    assert await listen("eve") == 429
    assert await listen("eve", accept=b"application/json", path="/ask") == 200
    assert await listen("eve", accept=b"*/*") == 429  # a stream whatever was asked for

    leaving[0].set()
    await tasks[0]
    assert await listen("ana") == 200

    for gone in leaving:
        gone.set()
    await asyncio.gather(*tasks)
    assert len(limited.open) == 0


async def test_a_visitor_asks_twenty_times_a_minute_and_their_colleague_is_not_held_up(world: World):
    alice = await world.alice()
    visitor, colleague = await alice.visitor(), await alice.visitor()

    statuses = [(await visitor.post("/api/chat", {"message": "hello"})).status_code for _ in range(21)]
    refused = await visitor.post("/api/chat", {"message": "hello"})

    assert statuses == [200] * 20 + [429]
    assert refused.json()["error"]["code"] == "limit_reached"
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP
    assert '"chat";q=20;w=60' in refused.headers["RateLimit-Policy"]
    assert (await colleague.post("/api/chat", {"message": "hello"})).status_code == 200
    assert (await alice.post("/api/chat", {"message": "hello"})).status_code == 200


async def test_guessing_tokens_is_noticed(world: World):
    statuses = [
        (await world.http.get("/api/leads", headers={"Authorization": "Bearer tb_sk_guess"})).status_code
        for _ in range(301)
    ]

    assert statuses == [401] * 300 + [429]


async def test_each_part_refuses_in_its_own_shape(world: World):
    limiter, everything = world.app.state.limiter, limits_of(world.app.state.accounts.limits).limits[-1]
    await limiter.take(everything, "127.0.0.1", cost=everything.amount)

    api = await world.http.get("/api/leads")
    accounts = await world.http.get("/auth/v1/user", headers={"X-Supabase-Api-Version": "2024-01-01"})
    free = await world.http.get("/api/monitoring/health")

    assert (api.status_code, api.json()["error"]["code"]) == (429, "limit_reached")
    assert (accounts.status_code, accounts.json()["code"]) == (429, "over_request_rate_limit")
    assert free.status_code == 200


async def test_every_limit_has_a_name_of_its_own_a_reason_and_stands_at_docs(world: World):
    table = limits_of(world.app.state.accounts.limits)
    names = [one.name for one in (*table.limits, *table.streams)]
    document = (await world.http.get("/openapi.json")).json()

    assert len(names) == len(set(names))
    assert all(len(one.reason) > 20 and one.reason.endswith(".") for one in (*table.limits, *table.streams))
    assert all(len(row) == len(HEAD) and all(row) for row in rows(table))
    assert listed(table) in document["info"]["description"]
    page = (await world.http.get("/docs")).text
    assert [name for name in names if f"<code>{name}</code>" not in page] == []


async def test_every_row_names_endpoints_that_there_are(world: World):
    document = (await world.http.get("/openapi.json")).json()
    programs = {(verb.upper(), anonymous(path)) for path, item in document["paths"].items() for verb in item}

    def is_there(method: str, path: str) -> bool:
        if path.startswith(("/api/", "/auth/")):
            return any(there == anonymous(path) and method in ("", verb) for verb, there in programs)
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in world.app.routes)

    missing = []
    for limit in limits_of(world.app.state.accounts.limits).limits:
        for endpoint in limit.endpoints:
            method, _, path = endpoint.rpartition(" ")
            if path != EVERYWHERE and not is_there(method, path):
                missing.append(endpoint)

    assert missing == []


async def test_refusals_are_described_with_their_headers(world: World):
    document = (await world.http.get("/openapi.json")).json()
    answers = [operation["responses"] for item in document["paths"].values() for operation in item.values()]

    assert [one for one in answers if "429" not in one] == []
    assert all({"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(one["429"]["headers"]) for one in answers)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "a second"), (60, "a minute"), (300, "5 minutes"), (3600, "an hour"), (86_400, "a day")]
)
def test_a_period_is_said_in_words(seconds: int, words: str):
    assert period(seconds) == words

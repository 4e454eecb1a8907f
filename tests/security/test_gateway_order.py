"""The gateway's order: rate limit, CORS, authentication, tenant, validation, the work, security headers."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.world import SHOP, Person, World
from trulybot.app import limits_of
from trulybot.kit.headers import HEADERS
from trulybot.kit.openapi import operations

ELSEWHERE = "https://evil.example"
NONSENSE = b'{"query": '


def from_address(world: World, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://trulybot.test")


def said(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    return response.status_code, body["error"]["code"] if "error" in body else body.get("error_code", "")


async def exhaust(world: World, address: str, method: str = "POST", path: str = "/api/search") -> None:
    """Take all that is left to the address at an endpoint."""
    for limit in limits_of(world.app.state.accounts.limits).of(method, path):
        if limit.by == "address":
            await world.app.state.limiter.take(limit, address, cost=limit.amount)


async def test_a_request_that_breaks_every_rule_is_told_of_them_in_order(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    headers = {
        "Origin": ELSEWHERE,
        "Authorization": "Bearer nonsense",
        "X-Workspace-Id": str(charlie.workspace_id),
        "Content-Type": "application/json",
    }
    answers = []

    async def send(address: str, content: bytes = NONSENSE) -> None:
        async with from_address(world, address) as http:
            answers.append(await http.post("/api/search", headers=headers, content=content))

    await exhaust(world, "192.0.2.1")
    await send("192.0.2.1")
    await send("192.0.2.2")
    del headers["Origin"]
    await send("192.0.2.2")
    headers["Authorization"] = f"Bearer {alice.token}"
    await send("192.0.2.2")
    del headers["X-Workspace-Id"]
    await send("192.0.2.2")
    await send("192.0.2.2", b'{"query": "When do you open?"}')

    assert [said(answer) for answer in answers[:-1]] == [
        (429, "limit_reached"),
        (403, "origin_not_allowed"),
        (401, "unauthenticated"),
        (403, "not_a_member"),
        (400, "validation_failed"),
    ]
    assert answers[-1].status_code == 200
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["x-request-id"]


async def test_the_widgets_calls_keep_the_order(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    visitor = await alice.visitor()
    await charlie.patch("/api/widget/config", {"allowed_origins": ["https://charlie.example"]})
    token = {"Authorization": f"Bearer {visitor.token}"}
    answers = []

    async def chat(address: str, content: bytes = NONSENSE, **headers: str) -> None:
        async with from_address(world, address) as http:
            sent = {"Content-Type": "application/json", **headers}
            answers.append(said(await http.post("/api/chat", headers=sent, content=content)))

    await exhaust(world, "192.0.2.3", "POST", "/api/chat")
    await chat("192.0.2.3", Origin=ELSEWHERE)
    await chat("192.0.2.4", Origin=ELSEWHERE)
    await chat("192.0.2.4", Origin=SHOP)
    await chat("192.0.2.4", Origin="https://charlie.example", **token)
    await chat("192.0.2.4", Origin=SHOP, **token)

    assert answers == [
        (429, "limit_reached"),
        (403, "origin_not_allowed"),
        (401, "unauthenticated"),
        (403, "session_of_another_site"),
        (400, "validation_failed"),
    ]


async def test_the_accounts_calls_keep_the_order_and_any_website_may_make_them(world: World):
    alice = await world.alice()
    headers = {"Origin": ELSEWHERE, "Content-Type": "application/json"}
    answers = []

    async def change(address: str, **more: str) -> None:
        async with from_address(world, address) as http:
            answers.append(await http.put("/auth/v1/user", headers=headers | more, content=NONSENSE))

    await exhaust(world, "192.0.2.5", "PUT", "/auth/v1/user")
    await change("192.0.2.5")
    await change("192.0.2.6")
    await change("192.0.2.6", Authorization=f"Bearer {alice.token}")

    assert [answer.status_code for answer in answers] == [429, 401, 400]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}


async def test_a_page_keeps_the_order(world: World):
    form = {"question": "x"}
    answers = []

    async def ask(address: str, cookie: str, **headers: str) -> None:
        async with from_address(world, address) as http:
            http.cookies.set("trulybot", cookie)
            answers.append((await http.post("/dashboard/try", data=form, headers=headers)).status_code)

    await exhaust(world, "192.0.2.7", "POST", "/dashboard/try")
    await ask("192.0.2.7", "nonsense", Origin=ELSEWHERE)
    await ask("192.0.2.8", "nonsense", Origin=ELSEWHERE)
    await ask("192.0.2.8", "nonsense", Origin="http://trulybot.test", **{"X-Partial": "true"})

    assert answers == [429, 403, 401]


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every call that needs somebody, and takes a body."""
    for method, path, operation in operations(document):
        if operation.get("security") and "requestBody" in operation:
            yield method.upper(), re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", path)


@pytest.mark.parametrize("sent", ["not JSON", "of another type", "too large"])
async def test_nobody_learns_what_is_wrong_with_a_body_before_saying_who_they_are(world: World, sent: str):
    found = {}
    bodies = {"not JSON": NONSENSE, "of another type": b"x", "too large": b"x" * 1_100_000}
    kind = "text/plain" if sent == "of another type" else "application/json"

    for method, path in calls(world.app.openapi()):
        if sent == "too large" and path.startswith(("/auth/", "/api/auth/")):
            continue  # GoTrue's limit comes first, as in GoTrue
        response = await world.http.request(method, path, content=bodies[sent], headers={"Content-Type": kind})
        found[method, path] = response.status_code

    assert len(found) > 3
    assert {call: status for call, status in found.items() if status != 401} == {}


async def test_not_a_byte_of_a_strangers_upload_is_taken_in(world: World):
    taken = 0

    async def upload() -> Any:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b"x" * 1_000_000

    response = await world.http.post(
        "/api/text-upload", content=upload(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )

    assert response.status_code == 401
    assert taken == 0


async def test_a_known_persons_upload_stops_at_the_limit(world: World, person: Person):
    response = await person.request(
        "POST", "/api/search", content=b"x" * 1_100_000, headers={"Content-Type": "application/json"}
    )

    assert said(response) == (413, "body_too_large")
    assert response.headers["connection"] == "close"


@pytest.fixture
async def person(world: World) -> Person:
    return await world.alice()

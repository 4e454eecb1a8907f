"""What a client can do to us below HTTP's meaning: over raw sockets, against the real server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.world import World
from trulybot.kit import server
from trulybot.kit.headers import HEADERS

HEAD = b"HTTP/1.1 "


async def say(live: str, *parts: bytes, wait_seconds: float = 5.0) -> bytes:
    """Send, and read until the server closes or says nothing more."""
    host, port = live.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        while True:
            async with asyncio.timeout(wait_seconds):
                more = await reader.read(65_536)
            if not more:
                return answer
            answer += more
    except (TimeoutError, ConnectionError):
        return answer
    finally:
        writer.close()


def parts(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (get("/" + "a" * 40_000), 431),
        (get("/", f"X-Long: {'a' * 40_000}"), 431),
        (get("/", *(f"X-{number}: y" for number in range(200))), 431),
        (b"GET / HTTP/1.1\r\n" + b"X-Endless: " + b"a" * 200_000, 431),
    ],
    ids=["words", "version", "method", "header", "two lengths", "negative", "TLS", "address", "one", "many", "endless"],
)
async def test_what_is_no_request_is_answered_in_our_shape(world: World, live: str, sent: bytes, status: int):
    found, headers, body = parts(await say(live, sent))

    assert found == status
    assert json.loads(body)["error"]["request_id"] == headers["x-request-id"]
    assert headers["connection"] == "close"
    assert {name: headers.get(name.lower()) for name in HEADERS} == HEADERS
    assert "server" not in headers


@asynccontextmanager
async def impatient(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    yield


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: y", b"\r\n"])
async def test_headers_that_do_not_come_are_not_waited_for(
    world: World, live: str, monkeypatch: pytest.MonkeyPatch, sent: bytes
):
    async with impatient(monkeypatch):
        status, _, _ = parts(await say(live, sent))

    assert status == 408


async def test_a_kept_connection_must_not_trickle_either(world: World, live: str, monkeypatch: pytest.MonkeyPatch):
    whole = b"GET /api/monitoring/health HTTP/1.1\r\nHost: x\r\n\r\n"

    async with impatient(monkeypatch):
        answer = await say(live, whole, b"GET / HTTP/1.1\r\nX-Slow: ")

    assert answer.startswith(HEAD + b"200")
    assert HEAD + b"408" in answer or answer.endswith(b"}")


async def test_a_body_that_trickles_in_is_given_up(world: World, live: str):
    alice = await world.alice()
    pace = _step(world.app, "Pace")
    pace.grace_seconds = 0.3
    head = (
        f"POST /api/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )

    began = time.monotonic()
    status, headers, body = parts(await say(live, head.encode(), b'{"query'))

    assert (status, json.loads(body)["error"]["code"]) == (408, "request_timeout")
    assert headers["connection"] == "close"
    assert time.monotonic() - began < 4


async def test_more_connections_than_we_hold_are_turned_away(world: World, live: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 0)

    status, headers, body = parts(await say(live))

    assert (status, json.loads(body)["error"]["code"]) == (503, "unavailable")
    assert headers["retry-after"] == "2"


@pytest.mark.parametrize("path", ["/", "/api/search", "/auth/v1/user", "/widget.js", "/metrics"])
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "TRACK"])
async def test_methods_that_nobody_needs_are_closed(world: World, live: str, method: str, path: str):
    target = "x:443" if method == "CONNECT" else path
    status, headers, _ = parts(
        await say(live, f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    )

    assert status in (400, 405)
    assert "server" not in headers


async def test_json_as_deep_as_a_well_is_no_fault_of_ours(world: World):
    alice = await world.alice()
    for body in (b"[" * 500_000, b'{"query":' * 100_000, b'{"query": ' + b"9" * 900_000 + b"}"):
        for path in ("/api/search", "/auth/v1/token?grant_type=password"):
            response = await alice.request("POST", path, content=body, headers={"Content-Type": "application/json"})
            assert response.status_code == 400, (path, body[:20])


async def test_a_form_of_very_many_fields_is_not_taken_apart(world: World):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://trulybot.test"}

    response = await world.http.post("/sign-in", content=b"a=&" * 300_000, headers=headers)

    assert response.status_code == 400


def _step(app: Any, name: str) -> Any:
    step = app.middleware_stack
    while type(step).__name__ != name:
        step = step.app
    return step

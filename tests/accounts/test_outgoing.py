"""What a server that vouches for people may do to us: hang, trickle, flood, lead elsewhere, talk nonsense."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from trulybot.accounts import outgoing
from trulybot.accounts.outgoing import KEPT_SECONDS, LARGEST_ANSWER, RENEWED_SECONDS, Away, Kept

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def playing(act: Act) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads a request and then does this; its address, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await act(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", asked
    finally:
        server.close()


def answers(text: bytes) -> Act:
    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return act


async def hangs(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def trickles(writer: asyncio.StreamWriter) -> None:
    """Each byte comes in time, and the whole never."""
    writer.write(HEAD + b"Content-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def floods(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(LARGEST_ANSWER // 65_536 + 2):
        writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        await writer.drain()
    await asyncio.Event().wait()


@pytest.mark.parametrize("act", [hangs, trickles, floods, answers(b""), answers(b"nonsense\r\n\r\n")])
async def test_a_server_that_does_not_answer_properly_is_away(act: Act, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.5)

    async with playing(act) as (url, _), asyncio.timeout(20):
        with pytest.raises(Away):
            await outgoing.ask(url)


async def test_a_redirect_is_not_followed():
    async with playing(answers(HEAD + b"Content-Length: 2\r\n\r\n{}")) as (elsewhere, asked):
        led = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode()
        async with playing(answers(led)) as (url, _):
            answer = await outgoing.ask(url)

    assert answer.status == 302
    assert asked == []


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_object_is_nothing(content: bytes):
    length = f"Content-Length: {len(content)}\r\n\r\n".encode()

    async with playing(answers(HEAD + length + content)) as (url, _):
        assert (await outgoing.ask(url)).content == {}
        with pytest.raises(Away):
            await outgoing.read(url)


async def test_an_object_is_read():
    content = json.dumps({"issuer": "https://example.com"}).encode()
    length = f"Content-Length: {len(content)}\r\n\r\n".encode()

    async with playing(answers(HEAD + length + content)) as (url, _):
        assert await outgoing.read(url) == {"issuer": "https://example.com"}


class Other:
    """Another server, as `Kept` reads it."""

    def __init__(self) -> None:
        self.says, self.asked, self.now = 1, 0, 0.0
        self.is_there = asyncio.Event()
        self.is_there.set()

    async def read(self) -> int:
        self.asked += 1
        await self.is_there.wait()
        return self.says


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def kept(other: Other) -> Kept[int]:
    return Kept(other.read, lambda: other.now)


async def test_nobody_waits_for_a_server_that_hangs_while_we_know_enough(other: Other, kept: Kept[int]):
    await kept.get()
    other.is_there.clear()
    other.says, other.now = 2, RENEWED_SECONDS + 1

    async with asyncio.timeout(5):
        known = [await kept.get() for _ in range(20)]
        await asyncio.sleep(0)
        asked_meanwhile = other.asked
        other.is_there.set()
        while await kept.get() != 2:
            await asyncio.sleep(0)

    assert known == [1] * 20
    assert asked_meanwhile == 2


async def test_what_is_too_old_is_waited_for_and_asked_once(other: Other, kept: Kept[int]):
    await kept.get()
    other.is_there.clear()
    other.says, other.now = 2, KEPT_SECONDS

    waiting = [asyncio.ensure_future(kept.get()) for _ in range(20)]
    await asyncio.sleep(0)
    other.is_there.set()

    assert await asyncio.gather(*waiting) == [2] * 20
    assert other.asked == 2

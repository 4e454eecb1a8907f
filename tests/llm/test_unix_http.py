import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from trulybot.llm.unix_http import UnixServer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def played(folder: Path, answer: bytes, *, requests_a_connection: int = 100) -> AsyncIterator[list[bytes]]:
    """A server on a Unix socket that always says the same; what each connection heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"")
        for _ in range(requests_a_connection):
            heard[-1] += await reader.read(1000)
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(serve, folder / "socket"):
        yield heard


async def test_a_connection_is_used_again(tmp_path):
    async with played(tmp_path, ANSWER) as heard:
        server = UnixServer(str(tmp_path / "socket"), "/path")

        assert [await server.post(b"one"), await server.post(b"two")] == [(200, b"ok"), (200, b"ok")]
        assert len(heard) == 1
        assert heard[0].count(b"POST /path HTTP/1.1\r\n") == 2
        await server.close()


async def test_a_server_that_hung_up_meanwhile_is_called_again(tmp_path):
    async with played(tmp_path, ANSWER, requests_a_connection=1) as heard:
        server = UnixServer(str(tmp_path / "socket"), "/path")

        assert [await server.post(b"one"), await server.post(b"two")] == [(200, b"ok"), (200, b"ok")]
        assert len(heard) == 2
        await server.close()


@pytest.mark.parametrize("answer", [b"\r\n\r\n", b"HTTP/1.1 fine\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nendless"])
async def test_what_is_not_http_as_we_know_it_is_refused(tmp_path, answer):
    async with played(tmp_path, answer):
        with pytest.raises(ValueError, match="invalid literal"):
            await UnixServer(str(tmp_path / "socket"), "/path").post(b"")


async def test_a_server_that_is_away_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await UnixServer(str(tmp_path / "socket"), "/path").post(b"")

"""Websites of our own, over real sockets: what a page answers is said in the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

# The tests allow fetching from this address alone, so that 127.0.0.1 stays a private network like any other.
SITE_ADDRESS = "127.0.0.2"

Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def sent(self) -> bytes:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        headers = {"Content-Type": self.media_type, "Content-Length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Such", *(f"{name}: {value}" for name, value in headers.items() if value)]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@dataclass
class Asked:
    path: str
    headers: Mapping[str, str]


@dataclass
class Site:
    """pages: by path, an answer or what speaks to the connection itself."""

    url: str = ""
    pages: dict[str, Answer | Speak] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked if one.path != "/robots.txt"]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            path = head[0].split(" ")[1]
            self.asked.append(Asked(path, headers))
            page = self.pages.get(path, Answer("Nothing here.", status=404))
            if isinstance(page, Answer):
                etag = page.headers.get("ETag")
                unchanged = etag is not None and headers.get("if-none-match") == etag.lower()
                writer.write(
                    Answer(status=304, media_type="", headers=page.headers).sent() if unchanged else page.sent()
                )
            else:
                await page(writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def site(pages: Mapping[str, Answer | Speak] | None = None, address: str = SITE_ADDRESS) -> AsyncIterator[Site]:
    served = Site(pages=dict(pages or {}))
    async with await asyncio.start_server(served.answer, address, 0) as server:
        served.url = f"http://{address}:{server.sockets[0].getsockname()[1]}"
        yield served
        server.close()


def page(title: str, text: str, *links: str, head: str = "", **headers: str) -> Answer:
    """A small page with a frame around what it says."""
    listed = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    body = f"<nav><ul>{listed}</ul></nav><main><h1>{title}</h1><p>{text}</p></main><footer>All rights reserved</footer>"
    html = f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    return Answer(html, headers={name.replace("_", "-"): value for name, value in headers.items()})

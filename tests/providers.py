"""A model's provider, played over a real socket: it speaks the OpenAI protocol, and fails in every way we know."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Act = Callable[["Reply"], Awaitable[None]]


@dataclass
class Request:
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def asked(self) -> dict[str, Any]:
        """The passages and the question, as the model reads them."""
        return dict(json.loads(self.body["messages"][-1]["content"]))


@dataclass
class Reply:
    """What an act answers through. stopped: set when the server ends."""

    writer: asyncio.StreamWriter
    stopped: asyncio.Event

    async def begin(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        lines = {"content-type": "text/event-stream", "transfer-encoding": "chunked", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(f"HTTP/1.1 {status} Played\r\n{head}\r\n".encode())
        await self.writer.drain()

    async def data(self, sent: bytes) -> None:
        self.writer.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")
        await self.writer.drain()

    async def event(self, data: str) -> None:
        await self.data(f"data: {data}\n\n".encode())

    async def chunk(self, *choices: dict[str, Any], **more: Any) -> None:
        whole = {"id": "played", "object": "chat.completion.chunk", "created": 1, "model": "played"}
        await self.event(json.dumps({**whole, "choices": list(choices), **more}))

    async def say(self, text: str) -> None:
        await self.chunk({"index": 0, "delta": {"content": text}, "finish_reason": None})

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()


@dataclass
class Provider:
    """Plays its acts in turn, one a request, and the last one for ever."""

    url: str
    acts: list[Act] = field(default_factory=list)
    flags: dict[str, bool] | None = None  # what its moderation finds
    flagged: str = ""  # only in texts that hold this
    moderated: list[str] = field(default_factory=list)
    moderation: Act | None = None  # instead
    requests: list[Request] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def plays(self, *acts: Act) -> None:
        self.acts = list(acts)

    @classmethod
    @asynccontextmanager
    async def playing(cls, *acts: Act) -> AsyncIterator["Provider"]:
        provider = cls("", list(acts))
        server = await asyncio.start_server(provider._serve, "127.0.0.1", 0)
        provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        yield provider
        provider.stopped.set()
        server.close()

    async def _moderate(self, reply: Reply, text: str) -> None:
        """As OpenAI does when something is to be flagged; otherwise as a server that has no such endpoint."""
        self.moderated.append(text)
        if self.moderation is not None:
            await self.moderation(reply)
            return
        if self.flags is None:
            await refuses(404)(reply)
            return
        body = json.dumps(
            {
                "id": "played",
                "model": "played",
                "results": [
                    {
                        "flagged": self.flagged in text,
                        "categories": self.flags if self.flagged in text else {},
                        "category_scores": {},
                        "category_applied_input_types": {},
                    }
                ],
            }
        ).encode()
        await reply.begin(200, {"content-type": "application/json"})
        await reply.data(body)
        await reply.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            if head[0].startswith("POST /v1/moderations "):
                await self._moderate(Reply(writer, self.stopped), body["input"])
                return
            assert head[0].startswith("POST /v1/chat/completions ")
            self.requests.append(Request(headers, body))
            self.asked.set()
            act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
            await act(Reply(writer, self.stopped))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked did not wait
        finally:
            writer.close()


def says(*pieces: str, usage: tuple[int, int] = (120, 30), finish: str = "stop") -> Act:
    async def act(reply: Reply) -> None:
        await reply.begin()
        await reply.chunk({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None})
        for piece in pieces:
            await reply.say(piece)
        await reply.chunk({"index": 0, "delta": {}, "finish_reason": finish})
        prompt, completion = usage
        await reply.chunk(usage={"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": 150})
        await reply.event("[DONE]")
        await reply.end()

    return act


def thinks() -> Act:
    """Takes the question, and never says a word."""

    async def act(reply: Reply) -> None:
        await reply.stopped.wait()

    return act


def stalls(*pieces: str) -> Act:
    """Keeps the connection open with chunks that say nothing."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        for piece in pieces:
            await reply.say(piece)
        while not reply.stopped.is_set():
            await reply.chunk({"index": 0, "delta": {"content": ""}, "finish_reason": None})
            await asyncio.sleep(0.01)

    return act


def babbles(piece: str) -> Act:
    """Says the same for ever."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        while not reply.stopped.is_set():
            await reply.say(piece)
            await asyncio.sleep(0.01)

    return act


def dies(*pieces: str) -> Act:
    """Breaks the connection in mid-sentence."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        for piece in pieces:
            await reply.say(piece)

    return act


def ends_early(*pieces: str) -> Act:
    """Ends in good form, but without saying that the answer has ended."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        for piece in pieces:
            await reply.say(piece)
        await reply.end()

    return act


def sends(*pieces: str, data: str) -> Act:
    """Sends an event that is no chunk."""

    async def act(reply: Reply) -> None:
        await reply.begin()
        for piece in pieces:
            await reply.say(piece)
        await reply.event(data)
        await reply.event("[DONE]")
        await reply.end()

    return act


def breaks(*pieces: str) -> Act:
    """An error in mid-stream, as OpenAI sends it."""
    return sends(*pieces, data=json.dumps({"error": {"message": "The server had an error", "type": "server_error"}}))


def answers(status: int, body: bytes, **headers: str) -> Act:
    async def act(reply: Reply) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await reply.begin(status, {"content-type": "application/json", **named})
        await reply.data(body)
        await reply.end()

    return act


def refuses(status: int, says: str = "no", **headers: str) -> Act:
    body = json.dumps({"error": {"message": says, "type": "played", "param": None, "code": None}})
    return answers(status, body.encode(), **headers)

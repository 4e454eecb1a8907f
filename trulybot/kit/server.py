"""How we listen: uvicorn, with patience for slow people and none for those who only hold a connection."""

import asyncio
import json
from http import HTTPStatus

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trulybot.kit.headers import HEADERS
from trulybot.kit.ids import uuid7

DRAIN_SECONDS = 5  # what we give the answers we are in the middle of when we end
KEEP_ALIVE_SECONDS = 75  # longer than a proxy keeps an idle connection to us, so that it is never the surprised one

MOST_CONNECTIONS = 2000  # of one process; each idle one holds about 50 kB
HEADER_SECONDS = 10.0  # from the first byte of a request, or from connecting, to its last header
HEADER_BYTES = 32_768  # of one request, its address included; the largest honest one is a token of 8 kB
MOST_HEADERS = 100
READING_SECONDS = 60.0  # that a client may leave what we sent it unread


class Connection(HttpToolsProtocol):
    """
    A client's connection, closed when its headers do not end, do not come, or when nobody reads what we answer.

    uvicorn bounds neither the size of the headers nor the time they take: without this, a client that opens
    connections and says one byte a minute on each would have them all for itself.
    """

    _waiting: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _in_headers = False
    _unparsed_bytes = 0  # of headers that go on
    _parsed_bytes = 0
    _refusal = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_headers:
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > HEADER_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self.cycle is None or self.cycle.response_complete:
            self._wait()  # what came was no request yet: line ends between two of them, say

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._unparsed_bytes, self._parsed_bytes = True, 0, 0
        self._wait()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's words; ours have a shape)
        self._refuse(self._refusal)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _count(self, size: int) -> None:
        self._parsed_bytes += size
        if self._parsed_bytes > HEADER_BYTES or len(self.headers) > MOST_HEADERS:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise httptools.HttpParserError  # stops the parser, which would go on to the end of what has arrived

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self, status: HTTPStatus) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(refusal(status))
        self.transport.close()


def refusal(status: HTTPStatus) -> bytes:
    """A whole answer to what never became a request, in the shape of all our errors."""
    code, message = SAID[status]
    own_id = str(uuid7())
    body = json.dumps({"error": {"code": code, "message": message, "request_id": own_id}}).encode()
    headers = {
        **HEADERS,
        "X-Request-Id": own_id,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "2"
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


SAID = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "This is not a valid HTTP request."),
    HTTPStatus.REQUEST_TIMEOUT: ("request_timeout", "The request came too slowly."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("headers_too_large", "The request's headers are too large."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("unavailable", "The server is busy. Try again in a moment."),
}


def configured(app: ASGIApp) -> uvicorn.Config:
    """As every process of ours that answers HTTP runs it."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )

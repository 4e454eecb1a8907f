"""The embedder's side of the OpenAI embeddings protocol, as a bare ASGI app."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trulybot.llm import minilm
from trulybot.llm.e5 import DIMENSIONS, MODEL

if TYPE_CHECKING:
    from trulybot.llm.e5.model import Embedding

MODELS = (MODEL, minilm.MODEL)  # of the same width, as it happens
MAX_TEXTS = 256
MAX_BODY_BYTES = 4 << 20  # 256 texts of 4,000 characters, nearly all of ASCII

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Embed = Callable[[str, list[str]], Coroutine[Any, Any, "list[Embedding]"]]


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        kind = "invalid_request_error" if status < 500 else "server_error"
        self.answer = {"error": {"message": message, "type": kind, "param": parameter, "code": code}}


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Request:
    model: str
    texts: list[str]
    as_base64: bool

    @classmethod
    def read(cls, body: bytes) -> "Request":
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "invalid_json", "The body is not JSON.") from None
        if not isinstance(sent, dict):
            raise Refused(400, "invalid_json", "The body must be a JSON object.")
        if sent.get("model") not in MODELS:
            raise Refused(404, "model_not_found", f"The models here are {' and '.join(MODELS)}.", "model")
        if sent.get("dimensions") not in (None, DIMENSIONS):
            raise Refused(400, "invalid_dimensions", f"The models have {DIMENSIONS} dimensions.", "dimensions")
        encoding = sent.get("encoding_format", "float")
        if encoding not in ("float", "base64"):
            raise Refused(400, "invalid_encoding", "encoding_format must be float or base64.", "encoding_format")
        texts = [sent["input"]] if isinstance(sent.get("input"), str) else sent.get("input")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise Refused(400, "invalid_input", "input must be a string or a list of strings.", "input")
        if len(texts) > MAX_TEXTS:
            raise Refused(400, "too_many_inputs", f"At most {MAX_TEXTS} texts a request.", "input")
        return cls(sent["model"], texts, encoding == "base64")


class App:
    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._routes = {
            ("POST", "/v1/embeddings"): self._embeddings,
            ("GET", "/v1/models"): self._models,
            ("GET", "/health"): self._health,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, answer = 200, await self._route(scope)(receive)
        except Refused as refused:
            status, answer = refused.status, refused.answer
        except ClientGone:
            return
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _route(self, scope: Scope) -> Callable[[Receive], Awaitable[dict[str, Any]]]:
        route = self._routes.get((scope["method"], scope["path"]))
        if route:
            return route
        if any(path == scope["path"] for _, path in self._routes):
            raise Refused(405, "method_not_allowed", f"{scope['path']} does not take {scope['method']}.")
        raise Refused(404, "not_found", "There is nothing here.")

    async def _embeddings(self, receive: Receive) -> dict[str, Any]:
        request = Request.read(await _body(receive))
        embeddings = await _unless_gone(self._embed(request.model, request.texts), receive)
        tokens = sum(embedding.tokens for embedding in embeddings)
        return {
            "object": "list",
            "model": request.model,
            "data": [
                {"object": "embedding", "index": index, "embedding": _write(embedding, request.as_base64)}
                for index, embedding in enumerate(embeddings)
            ],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    async def _models(self, _: Receive) -> dict[str, Any]:
        known = [{"id": model, "object": "model", "created": 0, "owned_by": "trulybot"} for model in MODELS]
        return {"object": "list", "data": known}

    async def _health(self, _: Receive) -> dict[str, Any]:
        return {"status": "ok", "model": MODEL}


def _write(embedding: "Embedding", as_base64: bool) -> str | list[float]:
    if as_base64:
        return base64.b64encode(embedding.vector.astype("<f4").tobytes()).decode()
    values: list[float] = embedding.vector.tolist()
    return values


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, "request_too_large", f"At most {MAX_BODY_BYTES} bytes a request.")
        more = message.get("more_body", False)
    return bytes(body)


async def _unless_gone(embeddings: "Coroutine[Any, Any, list[Embedding]]", receive: Receive) -> "list[Embedding]":
    """Stop the work when the client hangs up: it will ask again, and must not wait behind its own old request."""
    work = asyncio.ensure_future(embeddings)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait([work, gone], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientGone
        return work.result()
    finally:
        work.cancel()
        gone.cancel()

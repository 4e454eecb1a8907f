"""Text as vectors, from any server that speaks the OpenAI embeddings protocol. Our own embedder is one."""

import asyncio
import base64
import json
import math
import struct
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import httpx

from trulybot.llm import e5, minilm
from trulybot.llm.unix_http import UnixServer

CONNECT_SECONDS = 2.0
QUESTION_SECONDS = 5.0  # a visitor waits; without the embedding, keywords answer
PASSAGES_SECONDS = 60.0  # one request of them takes two or three, and may stand behind those of other workers

TEXTS_A_REQUEST = 32  # keeps every thread of the embedder busy, and little is lost with one
MAX_CHARACTERS = 8_000  # further than our model reads, and within what others accept


class EmbeddingsUnavailable(Exception):
    """No embeddings now, and why. Questions then go by keywords alone; passages are embedded later."""


class Embedder(Protocol):
    """
    Vectors have unit length, so that an inner product is a cosine.

    Raises:
        EmbeddingsUnavailable: By both functions.
    """

    @property
    def model(self) -> str:
        """To be kept beside every vector, since those of two models cannot be compared."""

    @property
    def dimensions(self) -> int: ...

    @property
    def english(self) -> "Embedder | None":
        """A second model, which knows English alone and is better there at telling what asks the same."""

    async def embed_question(self, text: str) -> list[float]: ...

    async def embed_questions(self, texts: Sequence[str]) -> list[list[float]]:
        """A conversation's few, in one request."""

    async def embed_passages(self, texts: Sequence[str]) -> list[list[float]]: ...


class OpenAIEmbedder:
    """
    url: what stands before /embeddings, such as https://api.openai.com/v1; or unix:///path/to/socket.

    Source: OpenAI, API reference, Create embeddings.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str,
        dimensions: int,
        api_key: str = "",
        question_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        self.model = model
        self.dimensions = dimensions
        self._question_prefix = question_prefix
        self._passage_prefix = passage_prefix
        self.english: OpenAIEmbedder | None = None
        self._server: UnixServer | _Server
        if url.startswith("unix://"):
            self._server = UnixServer(url.removeprefix("unix://"), "/v1/embeddings")
        else:
            self._server = _Server(url, api_key)

    @classmethod
    def local(cls, socket: Path) -> "OpenAIEmbedder":
        """For the embedder on this machine, which tells questions from passages by their prefix."""
        embedder, english = (
            cls(
                f"unix://{socket.absolute()}",
                model=model,
                dimensions=dimensions,
                question_prefix=e5.QUESTION_PREFIX,
                passage_prefix=e5.PASSAGE_PREFIX,
            )
            for model, dimensions in ((e5.MODEL, e5.DIMENSIONS), (minilm.MODEL, minilm.DIMENSIONS))
        )
        embedder.english = english
        return embedder

    async def embed_question(self, text: str) -> list[float]:
        (vector,) = await self._embed([_sendable(self._question_prefix + text)], QUESTION_SECONDS)
        return vector

    async def embed_questions(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._embed([_sendable(self._question_prefix + text) for text in texts], QUESTION_SECONDS)

    async def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), TEXTS_A_REQUEST):
            batch = [_sendable(self._passage_prefix + text) for text in texts[start : start + TEXTS_A_REQUEST]]
            vectors += await self._embed(batch, PASSAGES_SECONDS)
        return vectors

    async def close(self) -> None:
        await self._server.close()
        if self.english is not None:
            await self.english.close()

    async def _embed(self, texts: list[str], seconds: float) -> list[list[float]]:
        sent = json.dumps({"model": self.model, "input": texts, "encoding_format": "base64"}).encode()
        try:
            async with asyncio.timeout(seconds):
                status, body = await self._server.post(sent)
        except (httpx.HTTPError, OSError, EOFError, ValueError) as error:
            raise EmbeddingsUnavailable(
                f"The embeddings server did not answer: {type(error).__name__} {error}"
            ) from error
        if status != HTTPStatus.OK:
            raise EmbeddingsUnavailable(f"The embeddings server answered with {status}.")
        try:
            entries = sorted(json.loads(body)["data"], key=lambda entry: entry["index"])
            vectors = [self._read(entry["embedding"]) for entry in entries]
        except (ValueError, TypeError, KeyError, struct.error) as error:
            raise EmbeddingsUnavailable(
                f"The embeddings server's answer makes no sense: {type(error).__name__} {error}"
            ) from error
        if len(vectors) != len(texts):
            raise EmbeddingsUnavailable(f"The embeddings server sent {len(vectors)} vectors for {len(texts)} texts.")
        return vectors

    def _read(self, embedding: str | list[float]) -> list[float]:
        """Not every server knows base64; some send unequal lengths."""
        vector = _from_base64(embedding) if isinstance(embedding, str) else [float(value) for value in embedding]
        if len(vector) != self.dimensions:
            raise ValueError(f"{len(vector)} dimensions instead of {self.dimensions}")
        length = math.hypot(*vector)
        if not 0 < length < math.inf:
            raise ValueError(f"a vector of length {length}")
        return [value / length for value in vector]


class _Server:
    """A server anywhere."""

    def __init__(self, url: str, api_key: str) -> None:
        headers = {"content-type": "application/json"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=httpx.Timeout(None, connect=CONNECT_SECONDS)
        )

    async def post(self, body: bytes) -> tuple[int, bytes]:
        try:
            response = await self._client.post("/embeddings", content=body)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            # The server was restarted since we last spoke, or closed an idle connection as we used it.
            response = await self._client.post("/embeddings", content=body)
        return response.status_code, response.content

    async def close(self) -> None:
        await self._client.aclose()


def _from_base64(embedding: str) -> list[float]:
    """Little-endian float32."""
    packed = base64.b64decode(embedding, validate=True)
    return list(struct.unpack(f"<{len(packed) // 4}f", packed))


def _sendable(text: str) -> str:
    """Text of a length that servers take, without what JSON in UTF-8 cannot carry (halves of surrogate pairs)."""
    text = text[:MAX_CHARACTERS].replace("\0", " ")
    # Servers refuse an empty string, and a passage's place in the list must be kept.
    return text.encode("utf-8", "replace").decode() or " "

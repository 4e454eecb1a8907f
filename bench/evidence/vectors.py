"""Vectors of texts by a running embedder, each asked for once and kept in a file."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trulybot.llm.embeddings import Embedder, OpenAIEmbedder

AT_ONCE = 32


class Vectors:
    def __init__(self, socket: Path, kept: Path) -> None:
        self._socket = socket
        self._kept = sqlite3.connect(kept)
        self._kept.execute("create table if not exists v (k blob primary key, v blob)")

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._of("p", texts)

    def questions(self, texts: Sequence[str]) -> np.ndarray:
        return self._of("q", texts)

    def english(self, texts: Sequence[str]) -> np.ndarray:
        return self._of("e", texts)

    def _of(self, kind: str, texts: Sequence[str]) -> np.ndarray:
        keys = [hashlib.sha256(f"{kind}\0{text}".encode()).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if self._read(key) is None}
        if missing:
            asyncio.run(self._embed(kind, missing))
        read = [self._read(key) or b"" for key in keys]
        return np.stack([np.frombuffer(one, np.float16) for one in read]).astype(np.float32)

    def _read(self, key: bytes) -> bytes | None:
        row = self._kept.execute("select v from v where k = ?", (key,)).fetchone()
        return row[0] if row else None

    async def _embed(self, kind: str, texts: dict[bytes, str]) -> None:
        embedder = OpenAIEmbedder.local(self._socket)
        waiting = sorted(texts.items(), key=lambda item: len(item[1]))
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            vectors = await _asked(embedder, kind, [text for _, text in some])
            rows = [(key, np.array(one, np.float16).tobytes()) for (key, _), one in zip(some, vectors, strict=True)]
            self._kept.executemany("insert or replace into v values (?, ?)", rows)
            self._kept.commit()
        await embedder.close()


async def _asked(embedder: OpenAIEmbedder, kind: str, texts: list[str]) -> list[list[float]]:
    if kind == "q":
        return await embedder.embed_questions(texts)
    one: Embedder | None = embedder.english if kind == "e" else embedder
    assert one is not None
    return await one.embed_passages(texts)

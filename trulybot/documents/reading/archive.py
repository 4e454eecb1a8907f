"""Zip containers and the XML in them, neither of which is expanded before it has been looked at."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder  # only to hold; expat reads
from xml.parsers import expat

from trulybot.documents.reading.models import Limits, ReadingError

# A Word file has some twenty parts and one more for each picture.
ENTRIES = 4_000
CENTRAL_DIRECTORY_HEADER = b"PK\x01\x02"

# Deflate reaches 1:1032 on nothing but repetition; XML of real texts stays under 1:50. Small files may do as they like.
RATIO = 200
RATIO_FROM_BYTES = 20 * 1024**2

ENCRYPTED_FLAG = 0x1

# Word nests some twenty deep.
XML_DEPTH = 200
CHUNK_BYTES = 64 * 1024


class Archive:
    """Raises ReadingError from every method when the container is damaged, locked or a bomb."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        # Counted before zipfile makes an object of each.
        if data.count(CENTRAL_DIRECTORY_HEADER) > ENTRIES:
            raise ReadingError("too_large")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ReadingError("damaged_file") from error
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.unpacked_bytes or unpacked > max(RATIO_FROM_BYTES, RATIO * len(data)):
            raise ReadingError("too_large")
        if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
            raise ReadingError("password_protected")
        self.names = frozenset(self._zip.namelist())

    def head(self, name: str, size: int) -> bytes:
        """The first bytes of a part."""
        try:
            with self._zip.open(name) as part:
                return part.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
            raise ReadingError("damaged_file") from error

    def elements(self, name: str, depth: int) -> Iterator[Element]:
        """
        The elements of a part at this depth (the root's children are at 1), each forgotten when the next is asked for.

        Names and attributes come without their namespaces: in a part of Word's they are clear without.
        """
        parser = _Parser(depth)
        try:
            with self._zip.open(name) as part:
                while piece := part.read(CHUNK_BYTES):
                    yield from parser.feed(piece)
            yield from parser.feed(b"", last=True)
        except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, ValueError) as error:
            raise ReadingError("damaged_file") from error


class _Parser:
    def __init__(self, depth: int) -> None:
        self._wanted_depth = depth
        self._depth = 0
        self._builder = TreeBuilder()
        self._parents: list[Element] = []
        self._done: list[Element] = []
        self._local: dict[str, str] = {}
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._builder.data

    def feed(self, piece: bytes, *, last: bool = False) -> list[Element]:
        self._done = []
        self._expat.Parse(piece, last)
        return self._done

    def _refuse(self, *_: Any) -> None:
        """Office writes no document type; who does wants its entities expanded."""
        raise ReadingError("damaged_file")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth >= XML_DEPTH:
            raise ReadingError("damaged_file")
        element = self._builder.start(self._name(name), {self._name(key): value for key, value in attributes.items()})
        if self._depth < self._wanted_depth:
            self._parents.append(element)
        self._depth += 1

    def _end(self, name: str) -> None:
        element = self._builder.end(self._name(name))
        self._depth -= 1
        if self._depth == self._wanted_depth:
            self._done.append(element)
            self._parents[-1].clear()
        elif self._depth < self._wanted_depth:
            self._parents.pop()

    def _name(self, name: str) -> str:
        local = self._local.get(name)
        if local is None:
            local = self._local[name] = name.rpartition(" ")[2]
        return local

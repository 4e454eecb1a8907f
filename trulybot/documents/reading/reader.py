"""Read one file in a process of its own, and end that process whatever happens."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from trulybot.documents.reading import kinds, ocr, texts
from trulybot.documents.reading.models import REASONS, Answered, Kind, Limits, Reading, ReadingError, Section

PACKAGE_ROOT = Path(__file__).parents[3]

# The child's whole environment: no secret of ours is worth anything to it.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

# A character takes at most four bytes in UTF-8 and six when JSON escapes it; headings and braces share the rest.
OUTPUT_BYTES_PER_CHARACTER = 8


async def read(path: Path, name: str, declared_type: str | None = None, limits: Limits = Limits()) -> Reading:  # noqa: B008  (frozen)
    """
    Read a file by what is in it; its name and declared type only decide between kinds of text.

    Raises:
        ReadingError: The file cannot be read; its code says why.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise ReadingError("empty_file")
        if size > limits.file_bytes:
            raise ReadingError("too_large")
        limits = limits.granting(size)
        hint = kinds.hint(name, declared_type)
        try:
            return await _read(file, hint, limits)
        except ReadingError as error:
            if error.code != "scanned" or not ocr.available(ENVIRONMENT["PATH"]):
                raise
        return await _read(file, hint, limits.recognising())


async def _read(file: IO[bytes], hint: Kind | None, limits: Limits) -> Reading:
    task = json.dumps({"hint": hint, "limits": asdict(limits), "parent": os.getpid()})
    return await run([sys.executable, "-s", "-m", "trulybot.documents.reading.child", task], file, limits)


async def run(command: Sequence[str], file: IO[bytes], limits: Limits) -> Reading:
    """Give the command the file as its standard input and take a reading from its standard output."""
    output = await output_of(command, file, limits)
    return await asyncio.to_thread(_reading, output)


async def output_of(command: Sequence[str], file: IO[bytes], limits: Limits) -> bytes:
    """
    What the command writes when the file is its standard input.

    Raises:
        ReadingError: It takes too long, writes too much, or ends badly.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=PACKAGE_ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.wall_seconds):
            output = await _all_of(process, limits.characters * OUTPUT_BYTES_PER_CHARACTER)
            status = await process.wait()
    except TimeoutError:
        raise ReadingError("too_slow") from None
    finally:
        # The group, since a parser that was taken over may have started others.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if status != 0:
        raise ReadingError(_reason(status), where=f"exit status {status}")
    return output


async def _all_of(process: asyncio.subprocess.Process, limit: int) -> bytes:
    assert process.stdout is not None  # noqa: S101  (we asked for a pipe)
    output = bytearray()
    while piece := await process.stdout.read(2**20):
        output += piece
        if len(output) > limit:
            raise ReadingError("too_large")
    return bytes(output)


def _reason(status: int) -> str:
    if status == -signal.SIGXCPU:
        return "too_slow"
    # Nobody but the kernel kills the child before we do, and it does so when the machine runs out of memory.
    if status == -signal.SIGKILL:
        return "out_of_memory"
    return "reader_crashed"


def _reading(output: bytes) -> Reading:
    """Believe nothing: the child may have been taken over by the file it read."""
    try:
        answer: dict[str, Any] = json.loads(output)
        code = answer.get("error")
        reading = None if code in REASONS else _checked(answer)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ReadingError("reader_crashed", where="answer of a wrong shape") from None
    if reading is None:
        raise ReadingError(str(code), where=str(answer.get("where"))[:100])
    return reading


def _checked(answer: dict[str, Any]) -> Reading:
    kind, title = kinds.known(answer["kind"]), answer["title"]
    sections = [
        Section(tuple(map(_storable, heading)), _storable(text), None if page is None else int(page))
        for heading, text, page in answer["sections"]
    ]
    answered = [
        Answered(_storable(question), tuple(map(_storable, alternatives)), _storable(reply))
        for question, alternatives, reply in answer["answered"]
    ]
    if kind is None or not sections:
        raise ValueError
    return Reading(kind, None if title is None else _storable(title), sections, answered)


def _storable(text: object) -> str:
    if not isinstance(text, str) or texts.UNWANTED.search(text):
        raise ValueError
    return text

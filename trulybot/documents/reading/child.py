"""
The process that reads one file: standard input is the file, standard output takes the reading.

It holds nothing worth taking and may use little: limits on memory and time, no new files, no secrets.
"""

import ctypes
import importlib
import json
import mmap
import os
import resource
import signal
import sys
from typing import BinaryIO

from trulybot.documents.reading import kinds, texts
from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Kind, Limits, Reading, ReadingError, Section

PR_SET_PDEATHSIG = 1

# Imported when a file needs it: the start of this process is most of what a small file costs.
PARSERS = {kind: kind for kind in ("pdf", "docx", "xlsx", "pptx", "html")} | {
    "md": "markdown",
    "csv": "tables",
    "txt": "plain",
}


def main() -> None:
    task = json.loads(sys.argv[1])
    limits = Limits(**task["limits"])
    confine(limits, task["parent"])
    answer = _answer(sys.stdin.buffer, kinds.known(task["hint"]), limits)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


def confine(limits: Limits, parent: int) -> None:
    """Take from this process, before it looks at the file, what reading does not need. It cannot be given back."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it went before we asked to follow it
    for limit, amount in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (amount, amount))
    # The signal of the soft limit ends the process and says why; the hard one follows should it be ignored.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def lock_files() -> None:
    """Write nothing more. Not part of `confine`: Python may keep a parser's compiled code for the next file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _answer(file: BinaryIO, hint: Kind | None, limits: Limits) -> dict[str, object]:
    try:
        reading = checked(_read(file, hint, limits), limits)
    except ReadingError as error:
        return {"error": error.code, "where": where(error)}
    except MemoryError as error:
        return {"error": "out_of_memory", "where": where(error)}
    except Exception as error:  # noqa: BLE001  (a parser's bug costs its file, and the parent logs where it is)
        return {"error": "reader_crashed", "where": where(error)}
    sections = [[section.heading, section.text, section.page] for section in reading.sections]
    answered = [[pair.question, pair.alternatives, pair.answer] for pair in reading.answered]
    return {"kind": reading.kind, "title": reading.title, "sections": sections, "answered": answered}


def _read(file: BinaryIO, hint: Kind | None, limits: Limits) -> Reading:
    # Mapped, so that what a parser does not look at takes no memory: most of a large PDF is pictures.
    kind, content = _told(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), hint, limits)
    parser = importlib.import_module(f"trulybot.documents.reading.{PARSERS[kind]}")
    lock_files()
    reading: Reading = parser.read(content, limits)
    return reading


def _told(mapped: mmap.mmap, hint: Kind | None, limits: Limits) -> tuple[Kind, object]:
    """What the file is, and what its parser takes."""
    container = kinds.of_container(mapped)
    if container == "pdf":
        return "pdf", mapped
    if container == "office":
        archive = Archive(mapped[:], limits)
        return kinds.of_office(archive.names), archive
    text = texts.decode(mapped[:])
    if text is None:
        raise kinds.not_text(hint)
    return kinds.of_text(text, hint), text


def checked(reading: Reading, limits: Limits) -> Reading:
    """The reading in characters that can be stored, within its limit."""
    sections = [
        Section(tuple(map(texts.one_line, section.heading)), texts.clean(section.text), section.page)
        for section in reading.sections
    ]
    sections = [section for section in sections if section.text.strip()]
    if not sections:
        raise ReadingError("no_text")
    if sum(len(section.text) for section in sections) > limits.characters:
        raise ReadingError("too_large")
    return Reading(reading.kind, texts.one_line(reading.title or "") or None, sections, reading.answered)


def where(error: BaseException) -> str:
    """The error's type and the place in our code, never its message: that may quote the file."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    return f"{type(error).__name__} at {place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}"


if __name__ == "__main__":
    main()

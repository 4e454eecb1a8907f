"""
Text recognition for scans, by the Tesseract of the system where there is one.

It is run once a page, by the child that reads the file and under its limits: a picture in, words out, nothing written.
"""

import os
import shutil
import subprocess

import pypdfium2

from trulybot.documents.reading.models import ReadingError, Section
from trulybot.documents.reading.texts import clean

PROGRAM = "tesseract"
# One thread: the machine's other cores are answering.
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1"}
DOTS_PER_INCH = 200  # small print is still read, and a page takes a second or two
POINTS_PER_INCH = 72
PAGES = 200  # more would keep a workspace's other files waiting for longer than its limit of time
PAGE_SECONDS = 60.0
LANGUAGES = 4  # each makes a page slower; an operator installs the ones their customers write
SCRIPT_DETECTION = "osd"  # is listed among the languages and is none


def available(path: str) -> bool:
    """Whether there is a Tesseract on this search path."""
    return shutil.which(PROGRAM, path=path) is not None


def recognised(document: pypdfium2.PdfDocument) -> list[Section]:
    """
    What stands on the pages of a scan, a section a page.

    Raises:
        ReadingError: There are too many pages, or Tesseract does not answer.
    """
    if len(document) > PAGES:
        raise ReadingError("too_large")
    command = [PROGRAM, "stdin", "stdout", "-l", "+".join(_languages()), "--dpi", str(DOTS_PER_INCH)]
    return [Section((), clean(_words(command, document[number])), number + 1) for number in range(len(document))]


def _languages() -> list[str]:
    listed = _run([PROGRAM, "--list-langs"], b"").decode(errors="replace").splitlines()[1:]
    return [language for language in listed if language != SCRIPT_DETECTION][:LANGUAGES] or ["eng"]


def _words(command: list[str], page: pypdfium2.PdfPage) -> str:
    bitmap = page.render(scale=DOTS_PER_INCH / POINTS_PER_INCH, grayscale=True)
    # A portable grey map: what Tesseract takes and needs no library to write.
    rows = memoryview(bytes(bitmap.buffer))
    picture = b"".join(bytes(rows[row * bitmap.stride :][: bitmap.width]) for row in range(bitmap.height))
    return _run(command, b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + picture).decode(errors="replace")


def _run(command: list[str], given: bytes) -> bytes:
    try:
        return subprocess.run(  # noqa: S603  (a program of the system, and no word of the file's)
            command, input=given, capture_output=True, check=True, timeout=PAGE_SECONDS, env=ENVIRONMENT
        ).stdout
    except (subprocess.SubprocessError, OSError) as error:
        raise ReadingError("ocr_failed") from error

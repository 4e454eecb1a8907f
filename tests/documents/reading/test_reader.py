import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from tests.documents.reading import making
from trulybot.documents.reading import reader
from trulybot.documents.reading.models import REASONS, Limits, Reading, ReadingError
from trulybot.documents.reading.reader import read, run

LIMITS = Limits()
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SCAN = making.pdf([(12, "")])
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(range(256)) * 4
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200)
NOISE = bytes(range(1, 256)) * 20


@pytest.fixture
def nothing() -> Iterator[IO[bytes]]:
    with Path(os.devnull).open("rb") as file:
        yield file


async def read_bytes(tmp_path: Path, data: bytes, name: str, limits: Limits = LIMITS) -> Reading:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return await read(path, name, limits=limits)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        pytest.param(b"", "a.txt", "empty_file", id="no bytes"),
        pytest.param(b" \n\t\r\n ", "a.txt", "no_text", id="white space"),
        pytest.param(SCAN, "scan.pdf", "no_text", id="a page without text"),
        pytest.param(b"%PDF-1.7\n", "a.pdf", "damaged_file", id="a PDF's header and no more"),
        pytest.param(making.docx(making.paragraph("Hello"))[:-40], "a.docx", "damaged_file", id="a truncated docx"),
        pytest.param(NOISE, "a.docx", "damaged_file", id="noise named docx"),
        pytest.param(
            (making.SAMPLES / "password-willow.pdf").read_bytes(), "a.pdf", "password_protected", id="a locked PDF"
        ),
        pytest.param(
            OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "password_protected", id="a locked docx"
        ),
        pytest.param(OLD_OFFICE + bytes(500), "a.doc", "unsupported_type", id="Word 97"),
        pytest.param(PROGRAM, "invoice.pdf", "unsupported_type", id="a program named pdf"),
        pytest.param(PROGRAM, "notes.txt", "unsupported_type", id="a program named txt"),
        pytest.param(PICTURE, "photo.docx", "unsupported_type", id="a picture named docx"),
        pytest.param(making.archive({"xl/workbook.xml": "<w/>"}), "a.xlsx", "unsupported_type", id="parts of Excel"),
        pytest.param(making.xlsx(Sheet1=[["Hello there"]])[:-40], "a.xlsx", "damaged_file", id="a truncated xlsx"),
        pytest.param(making.xlsx(Sheet1=[[]]), "a.xlsx", "no_text", id="an empty workbook"),
        pytest.param(making.archive({"notes.txt": "Hello"}), "a.docx", "unsupported_type", id="a zip named docx"),
        pytest.param(rb"{\rtf1 Hello}", "a.rtf", "unsupported_type", id="rtf"),
        pytest.param(NOISE, "a.txt", "not_text", id="noise named txt"),
        pytest.param(NOISE, "a.bin", "unsupported_type", id="noise named nothing we know"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, name: str, code: str) -> None:
    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, data, name)

    assert refusal.value.code == code
    assert refusal.value.message == REASONS[code]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        pytest.param(making.pdf([(12, "Hello there")]), "a.txt", "pdf", id="a PDF named txt"),
        pytest.param(b"junk\n" * 9 + making.pdf([(12, "Hello there")]), "a.pdf", "pdf", id="a PDF after junk"),
        pytest.param(making.docx(making.paragraph("Hello there")), "a.pdf", "docx", id="a docx named pdf"),
        pytest.param(making.xlsx(Sheet1=[["Hello there"]]), "a.docx", "xlsx", id="a workbook named docx"),
        pytest.param(making.pptx(making.shape("", "Hello there")), "a.xlsx", "pptx", id="slides named xlsx"),
        pytest.param(b"<!DOCTYPE html><p>Hello there", "a.txt", "html", id="HTML named txt"),
        pytest.param(b"<p>Hello there</p>", "a.html", "html", id="a fragment of HTML"),
        pytest.param(b"Hello there", "a.html", "txt", id="text named html"),
        pytest.param(b"Hello there", "a.pdf", "txt", id="text named pdf"),
        pytest.param(b"# Hi\n\nHello there", "a.md", "md", id="Markdown"),
        pytest.param(b"# Hi\n\nHello there", "a", "md", id="Markdown without a name"),
        pytest.param(b"# Hi\n\nHello there", "a.txt", "txt", id="text with a hash"),
        pytest.param(b"name,greeting\nAna,Hello there", "a.csv", "csv", id="CSV"),
        pytest.param(b"A file that begins with %PDF- is a PDF. Hello there", "a.txt", "txt", id="text about PDF"),
        pytest.param(b"MZ is short for Mozambique. Hello there", "a.txt", "txt", id="text that begins like a program"),
    ],
)
async def test_a_file_is_read_as_what_it_is(tmp_path: Path, data: bytes, name: str, kind: str) -> None:
    reading = await read_bytes(tmp_path, data, name)

    assert reading.kind == kind
    assert "Hello there" in reading.sections[0].text


async def test_a_scan_is_read_where_tesseract_is_installed(tmp_path: Path) -> None:
    scan = making.scan("Refunds take ten days.", "Gift cards never expire.")

    reading = await read_bytes(tmp_path, scan, "scan.pdf")

    assert "Refunds take ten days." in reading.sections[0].text
    assert reading.sections[0].page == 1


async def test_a_scan_says_that_it_is_one_where_nothing_recognises_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader.ENVIRONMENT, "PATH", str(tmp_path))

    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, making.scan("Refunds take ten days."), "scan.pdf")

    assert refusal.value.code == "scanned"


async def test_the_declared_type_decides_where_the_name_does_not(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("name;price\nChair;10")

    reading = await read(path, "prices", "text/csv; charset=utf-8")

    assert reading.sections[0].text == "name: Chair; price: 10"


async def test_more_bytes_than_the_limit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, b"a" * 1001, "a.txt", Limits(file_bytes=1000))

    assert refusal.value.code == "too_large"


async def test_more_text_than_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, b"word " * 1000, "a.txt", Limits(characters=1000))

    assert refusal.value.code == "too_large"


async def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, making.bomb(201), "a.docx", Limits(cpu_seconds=1, memory_bytes=200 * 1024**2))

    assert refusal.value.code == "too_large"


async def test_a_file_that_needs_more_memory_than_there_is_costs_only_itself(tmp_path: Path) -> None:
    with pytest.raises(ReadingError) as refusal:
        await read_bytes(tmp_path, b"<p>a" * 4_000_000, "a.html", Limits(memory_bytes=200 * 1024**2))

    assert refusal.value.code in ("out_of_memory", "reader_crashed")
    assert (await read_bytes(tmp_path, b"Hello", "a.txt")).kind == "txt"


async def test_a_long_line_is_read_whole(tmp_path: Path) -> None:
    reading = await read_bytes(tmp_path, b"x" * 300_000, "a.txt")

    assert reading.sections[0].text == "x" * 300_000


# What a parser might do once a file has taken it over, in a process confined like the reader's.
def taken_over(doing: str, limits: Limits) -> list[str]:
    confined = (
        "import os, sys, signal, time\n"
        "from trulybot.documents.reading import child\n"
        "from trulybot.documents.reading.models import Limits\n"
        f"child.confine({limits!r}, {os.getpid()})\n"
    )
    return [sys.executable, "-s", "-c", confined + doing]


@pytest.mark.parametrize(
    ("doing", "limits", "code"),
    [
        pytest.param("while True: pass", Limits(cpu_seconds=1), "too_slow", id="runs for ever"),
        pytest.param("time.sleep(60)", Limits(wall_seconds=0.5), "too_slow", id="waits for ever"),
        pytest.param(
            "os.close(1); time.sleep(60)", Limits(wall_seconds=0.5), "too_slow", id="answers nothing and stays"
        ),
        pytest.param("bytearray(2**31)", Limits(), "reader_crashed", id="takes memory"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", Limits(), "out_of_memory", id="is killed by the kernel"),
        pytest.param("os.abort()", Limits(), "reader_crashed", id="aborts"),
        pytest.param(
            "while True: os.write(1, b'x' * 65536)", Limits(characters=1000), "too_large", id="writes for ever"
        ),
        pytest.param("print('[1, 2]')", Limits(), "reader_crashed", id="answers with another shape"),
        pytest.param("print('[' * 100_000)", Limits(), "reader_crashed", id="answers too deep"),
        pytest.param("print('{}')", Limits(), "reader_crashed", id="answers with nothing"),
        pytest.param('print(\'{"error": "made_up"}\')', Limits(), "reader_crashed", id="makes up a reason"),
        pytest.param(
            r"""print('{"kind": "txt", "title": null, "sections": [[[], "a\\u0000b", null]], "answered": []}')""",
            Limits(),
            "reader_crashed",
            id="answers what cannot be stored",
        ),
    ],
)
async def test_a_reader_that_was_taken_over_is_ended(nothing: IO[bytes], doing: str, limits: Limits, code: str) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(ReadingError) as refusal:
            await run(taken_over(doing, limits), nothing, limits)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "doing",
    [
        pytest.param("open({path!r}, 'w').write('x' * 10)", id="writes to a file"),
        pytest.param("os.open({path!r}, os.O_RDONLY | os.O_CREAT); os.truncate({path!r}, 10)", id="lengthens a file"),
    ],
)
async def test_a_reader_cannot_leave_anything_on_the_disk(tmp_path: Path, nothing: IO[bytes], doing: str) -> None:
    path = tmp_path / "left"
    locked = "child.lock_files()\n"

    with pytest.raises(ReadingError):
        await run(taken_over(locked + doing.format(path=str(path)), Limits()), nothing, Limits())

    assert not path.exists() or path.stat().st_size == 0


async def test_a_reader_knows_none_of_our_secrets(nothing: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    telling = (
        "import json; print(json.dumps({'kind': 'txt', 'title': None, "
        "'sections': [[[], ' '.join(os.environ), None]], 'answered': []}))"
    )

    reading = await run(taken_over(telling, LIMITS), nothing, LIMITS)

    assert set(reading.sections[0].text.split()) <= {"PATH", "LC_CTYPE"}


async def test_a_reader_inherits_no_open_file_of_ours(tmp_path: Path, nothing: IO[bytes]) -> None:
    telling = (
        "import json; fds = ' '.join(sorted(os.listdir('/proc/self/fd')))\n"
        "print(json.dumps({'kind': 'txt', 'title': None, 'sections': [[[], fds, None]], 'answered': []}))"
    )
    with (tmp_path / "ours").open("w"):
        reading = await run(taken_over(telling, Limits()), nothing, Limits())

    # Its three streams, and the one by which it lists them.
    assert reading.sections[0].text == "0 1 2 3"


async def test_a_cancelled_reading_takes_its_processes_along(tmp_path: Path, nothing: IO[bytes]) -> None:
    before = set(psutil.Process().children(recursive=True))
    os.mkfifo(started := tmp_path / "started")
    helper = f"import time; open({str(started)!r}, 'w').close(); time.sleep(60)"
    doing = f"import subprocess; subprocess.Popen([{sys.executable!r}, '-c', {helper!r}]); time.sleep(60)"
    reading = asyncio.create_task(run(taken_over(doing, LIMITS), nothing, LIMITS))
    await asyncio.to_thread(started.read_bytes)  # returns when the helper has opened and closed its end
    processes = [one for one in psutil.Process().children(recursive=True) if one not in before]

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    _, alive = psutil.wait_procs(processes, timeout=5)
    assert len(processes) == 2
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


async def test_a_reader_dies_with_its_parent() -> None:
    between = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import subprocess, sys, os, time\n"
        "confined = 'import time; from trulybot.documents.reading import child, models;' \\\n"
        "    f'child.confine(models.Limits(), {os.getpid()}); print(1, flush=True); time.sleep(60)'\n"
        "reader = subprocess.Popen([sys.executable, '-c', confined], stdout=subprocess.PIPE)\n"
        "reader.stdout.readline(); print(reader.pid, flush=True); time.sleep(60)",
        stdout=asyncio.subprocess.PIPE,
    )
    assert between.stdout is not None
    reader = psutil.Process(int(await between.stdout.readline()))

    between.kill()
    await between.wait()

    gone, _ = psutil.wait_procs([reader], timeout=5)
    assert gone or reader.status() == psutil.STATUS_ZOMBIE


async def test_two_files_are_read_side_by_side(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    slow.write_bytes(b"<p>word</p>" * 100_000)
    quick.write_bytes(b"Hello")

    slow_reading = asyncio.create_task(read(slow, "slow.html"))
    quick_reading = await read(quick, "quick.txt")

    assert quick_reading.sections[0].text == "Hello"
    assert not slow_reading.done()
    assert (await slow_reading).kind == "html"

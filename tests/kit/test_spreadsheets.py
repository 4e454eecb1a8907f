"""Tables that are safe to open in a spreadsheet."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from tests.world import World
from trulybot.kit.spreadsheets import Row, csv_of, harmless, xlsx_of

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1",
    "'=1+1", '"=1+1', "＝1+1", "＋1", "－1", "＠SUM(A1)", "=cmd|' /C calc'!A0", "|calc", "%0A", "\x00=1",
    " \u3000=1", "\u202e=1",
]  # fmt: skip
TEXTS = ["Ana", "O'Brien", "a=b", "1-2", "ana@example.com", "'tis", '"quoted"', "", "नमस्ते", "5 > 3", "  Ana"]


async def rows(*given: Row) -> AsyncIterator[Row]:
    for row in given:
        yield row


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_what_could_be_a_formula_is_marked_as_text(text: str):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_every_other_text_stays_as_it_is(text: str):
    assert harmless(text) == text


async def test_a_csv_is_read_back_as_it_was_written():
    odd = ['say "hi"', "one, two", "line\r\nbreak", "कखग", "; semicolon"]

    content = await whole(csv_of(["a", "b"], rows(*([text, None] for text in odd))))

    assert content.startswith(b"\xef\xbb\xbfa,b\r\n")
    assert [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))] == ["a", *odd]


def cells(content: bytes) -> list[list[str]]:
    """The sheet's texts and numbers as they are kept, none of which is a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314  (we wrote it)
    assert sheet.find(f".//{MAIN}f") is None
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{MAIN}row")]


async def test_an_xlsx_holds_texts_and_no_formula():
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)

    content = await whole(
        xlsx_of(["text", "more"], rows(*([text, at] for text in FORMULAS), ["Ana", 5], ["+91 98765 43210", True]))
    )

    found = cells(content)
    assert found[-2:] == [["Ana", "5"], ["+91 98765 43210", "1"]]
    assert all(row[0].startswith("'") and row[1] == "2026-11-22T09:00:00Z" for row in found[1:-2])


async def test_leads_are_exported_without_formulas_and_without_a_neighbours(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.asks("=ana@example.com")
    await alice.asks("+91 98765 43210")
    await charlie.asks("carl@example.com")
    shown = (await alice.get("/api/leads")).json()["items"]

    as_csv = await alice.get("/api/leads/export?format=csv")
    as_xlsx = await alice.get("/api/leads/export?format=xlsx")
    neither = await alice.get("/api/leads/export?format=pdf")

    lines = list(csv.DictReader(io.StringIO(as_csv.text.lstrip("\ufeff"))))
    assert len(shown) == 2
    assert [cell for line in lines for cell in line.values() if cell[:1] in ("=", "+", "-", "@")] == []
    assert [line["id"] for line in lines] == [lead["id"] for lead in shown]
    assert len(cells(as_xlsx.content)) == len(shown) + 1
    assert "carl@example.com" not in as_csv.text
    assert as_csv.headers["content-disposition"].startswith('attachment; filename="leads-')
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert neither.status_code == 400


async def test_an_export_needs_the_right_to_read_leads(world: World):
    alice = await world.alice()
    visitor = await alice.visitor()

    assert (await world.http.get("/api/leads/export")).status_code == 401
    assert (await visitor.get("/api/leads/export")).status_code == 403

"""The audit log as a file: for a spreadsheet, or line by line for a program that checks it."""

import csv
import dataclasses
import io
import json
from collections.abc import AsyncIterator
from typing import Literal

from trulybot.audit import queries
from trulybot.audit.models import Entry, Filter
from trulybot.kit.db import Database, Identity
from trulybot.kit.spreadsheets import BYTE_ORDER_MARK, harmless

Format = Literal["csv", "jsonl"]

BATCH = 1000
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
COLUMNS = [field.name for field in dataclasses.fields(Entry)]


async def exported(db: Database, who: Identity, which: Filter, format: Format) -> AsyncIterator[str]:
    """
    Every act, from old to new, in parts.

    Each part has a transaction of its own: a slow reader must not hold a connection. Rows are never changed, and new
    ones come at the end, so the whole is as consistent as if it had been read at once.
    """
    if format == "csv":
        yield BYTE_ORDER_MARK + _csv_line(COLUMNS)
    after = 0
    while True:
        async with db.workspace(who) as tx:
            found = await queries.oldest(tx, which, after=after, limit=BATCH)
        line = _csv_of if format == "csv" else _json_of
        yield "".join(line(entry) for entry in found)
        if len(found) < BATCH:
            return
        after = found[-1].seq


def _json_of(entry: Entry) -> str:
    return json.dumps(_plain(entry), ensure_ascii=False) + "\n"


def _csv_of(entry: Entry) -> str:
    cells = {**_plain(entry), "details": json.dumps(entry.details, ensure_ascii=False)}
    return _csv_line([_shown(cells[column]) for column in COLUMNS])


def _plain(entry: Entry) -> dict[str, object]:
    return {**vars(entry), "id": str(entry.id), "at": entry.at.isoformat(timespec="microseconds")}


def _shown(cell: object) -> str:
    return "" if cell is None else harmless(str(cell))


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()

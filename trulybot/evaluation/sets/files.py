"""
Golden questions from a file: lines of JSON, or CSV whose first row names the columns.

The columns are those of a question: `question` (or `text`), `answers` (or `answer`; several in a CSV cell are parted by
`|`), `must_refuse` (or `answerable`), `language` (or `lang`), and in JSON `history`.
"""

import csv
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from trulybot.evaluation.sets.forms import QUESTIONS_AT_ONCE, NewQuestion
from trulybot.kit.errors import InvalidInput

YES = frozenset(("1", "true", "yes", "y", "x"))


def read(text: str) -> list[NewQuestion]:
    """
    Raises:
        InvalidInput: A line is no question; says which.
    """
    text = text.removeprefix("\ufeff")
    found: list[NewQuestion] = []
    for number, line in _json(text) if text.lstrip().startswith("{") else _csv(text):
        try:
            found.append(NewQuestion.model_validate(line))
        except ValidationError as error:
            what = error.errors()[0]
            raise _wrong(number, f"{'.'.join(map(str, what['loc']))}: {what['msg']}") from None
    if not 0 < len(found) <= QUESTIONS_AT_ONCE:
        raise InvalidInput(details=[{"field": "file", "message": f"holds no question, or over {QUESTIONS_AT_ONCE}"}])
    return found


def _json(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise _wrong(number, "is not JSON") from None
        if not isinstance(value, dict):
            raise _wrong(number, "is not an object")
        yield number, _named(value)


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(keepends=True), delimiter=";" if ";" in head and "," not in head else ",")
    try:
        for row in rows:
            line = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if name}
            given = {name: value for name, value in line.items() if value}
            if given:
                yield rows.line_num, _named(given)
    except csv.Error:
        raise _wrong(rows.line_num, "is not CSV") from None


def _named(line: dict[str, Any]) -> dict[str, Any]:
    """By our own names; what a golden set elsewhere calls them is understood too."""
    found = {"question": line.get("question", line.get("text"))}
    answers = line.get("answers", line.get("answer"))
    if answers is not None:
        found["answers"] = [one.strip() for one in answers.split("|")] if isinstance(answers, str) else answers
    if "must_refuse" in line:
        found["must_refuse"] = _yes(line["must_refuse"])
    elif "answerable" in line:
        found["must_refuse"] = not _yes(line["answerable"])
    language = line.get("language", line.get("lang"))
    if language is not None:
        found["language"] = language
    if "history" in line:
        found["history"] = line["history"]
    return found


def _yes(value: object) -> bool:
    return value.lower() in YES if isinstance(value, str) else bool(value)


def _wrong(number: int, message: str) -> InvalidInput:
    return InvalidInput(details=[{"field": f"file, line {number}", "message": message}])

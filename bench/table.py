"""A table that is read in a terminal and pasted into Markdown as it stands."""

import sys
from collections.abc import Sequence
from unicodedata import east_asian_width


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(_width(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    for row in (head, rule, *rows):
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in text)

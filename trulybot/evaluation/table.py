"""What is read in a terminal: a table that can be pasted into Markdown as it stands, and bars."""

import sys
from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

BAR = 30  # characters of a whole one


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(_width(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    for row in (head, rule, *rows):
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(cells)} |"


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    sys.stdout.write("\n".join(table(head, rows)) + "\n")
    sys.stdout.flush()


def bar(share: float, *, mark: float | None = None) -> str:
    """share: 0 to 1. mark: where it should end."""
    cells = ["█" if at < round(share * BAR) else " " for at in range(BAR)]
    if mark is not None:
        at = max(round(mark * BAR) - 1, 0)
        cells[at] = "┃" if cells[at] == "█" else "│"
    return "".join(cells)


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in text)

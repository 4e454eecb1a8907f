"""The page for a buyer's security engineer names every item, and tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| .+ \| .+ \| (.+) \| .*\|$", re.MULTILINE)


def test_each_of_the_forty_items_has_a_row_and_its_tests():
    written = {
        int(number)
        for file in (ROOT / "tests" / "security").glob("test_*.py")
        for number in re.findall(r"def test_item_(\d\d)_", file.read_text())
    }
    rows = ROW.findall((ROOT / "docs" / "security" / "audit.md").read_text())

    assert [int(number) for number, _ in rows] == list(range(1, 41))
    assert [tests for _, tests in rows] == [f"`test_item_{number:02}_*`" for number in range(1, 41)]
    assert written == set(range(1, 41))

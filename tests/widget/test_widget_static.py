"""What we promise the owner of a page about the bytes that we put into it."""

import gzip
import re
from pathlib import Path

import pytest

import trulybot.widget

STATIC = Path(trulybot.widget.__file__).parent / "static"
FILES = sorted(STATIC.glob("*.js"))
FIRST_LOAD_BYTES = 10_000  # on the slowest phones that we care for, a tenth of a second
ALL_BYTES = 20_000


def zipped(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def test_the_first_load_is_under_ten_kilobytes():
    assert zipped(STATIC / "widget.js") < FIRST_LOAD_BYTES


def test_everything_that_may_ever_load_is_under_twenty_kilobytes():
    assert zipped(*FILES) < ALL_BYTES


def test_the_first_load_brings_no_other_file_by_itself():
    script = (STATIC / "widget.js").read_text()

    assert not re.search(r"^\s*import\b(?!\()", script, re.MULTILINE)
    assert script.count("import(") == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@pytest.mark.parametrize(
    "forbidden",
    [
        r"(inner|outer)HTML",
        r"insertAdjacentHTML",
        r"createContextualFragment",
        r"document\.write",
        r"\beval\(",
        r"new Function",
        r"localStorage",
        r"document\.cookie",
        r"indexedDB",
        r"<style",
        r"<script",
        r"""setAttribute\(["']style""",
        r"data:[a-z]+/",
        r"""["'](https?:)?//(?!www\.w3\.org/)""",
    ],
)
def test_nothing_is_used_that_a_strict_page_forbids_or_a_visitor_would_mind(file, forbidden):
    assert not re.search(forbidden, file.read_text())


def test_the_button_stores_nothing():
    assert "setItem" not in (STATIC / "widget.js").read_text()


def test_every_text_that_is_shown_has_a_default():
    script = (STATIC / "widget.js").read_text()
    english = script.partition("const TEXTS = {")[2].partition("\n  }")[0]
    defaults = set(re.findall(r"^    (\w+):", english, re.MULTILINE))
    panel = (STATIC / "panel.js").read_text()
    taken = re.search(r"const \{ ([\w, ]+) \} = this\.#texts", panel)
    used = set(re.findall(r"texts\.(\w+)", panel + script)) | set(taken.group(1).split(", ") if taken else ())

    assert used - {"title"} == defaults

"""What keeps the pages alike, readable in both directions, and within a policy without inline code."""

import re
from pathlib import Path

import pytest

import trulybot

PACKAGE = Path(trulybot.__file__).parent
SHEETS = sorted((PACKAGE / "web" / "css").glob("*.css"))
TEMPLATES = sorted([*(PACKAGE / "web").glob("*.html"), *PACKAGE.glob("*/templates/*.html")])
OWN_LAYER = {"layers.css", "tokens.css"}  # the one names the layers, the other has values and no style


def name(file: Path) -> str:
    return file.name


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_has_no_code_or_style_of_its_own(template):
    text = template.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_says_at_its_top_what_it_is(template):
    assert template.read_text().startswith("{#")


def test_template_names_are_unique_so_that_one_cannot_hide_another():
    names = [template.name for template in TEMPLATES]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.name not in OWN_LAYER], ids=name)
def test_every_style_is_in_a_layer(sheet):
    without_comments = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL).strip()

    assert re.fullmatch(r"@layer (reset|base|components|utilities) \{.*\}", without_comments, re.DOTALL)


@pytest.mark.parametrize("sheet", SHEETS, ids=name)
def test_a_style_sheet_names_no_left_or_right(sheet):
    physical = r"(margin|padding|border|inset)-(left|right|top|bottom)|[{; ](left|right|top|bottom|width|height):"

    assert not re.search(physical, sheet.read_text())


def test_every_token_that_is_used_exists():
    styles = "".join(sheet.read_text() for sheet in SHEETS)
    without_fallback = set(re.findall(r"var\((--[\w-]+)\)", styles))

    assert without_fallback - set(re.findall(r"(--[\w-]+):", styles)) == set()


def test_dark_mode_redefines_tokens_and_adds_none():
    light, _, dark = (PACKAGE / "web" / "css" / "tokens.css").read_text().partition("prefers-color-scheme")

    assert set(re.findall(r"(--[\w-]+):", dark)) <= set(re.findall(r"(--[\w-]+):", light))

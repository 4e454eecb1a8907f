import pytest

from trulybot.documents.reading import html, markdown
from trulybot.documents.reading.models import Limits, Reading, Section

LIMITS = Limits()


def read(page: str) -> Reading:
    return html.read(page, LIMITS)


def text(page: str) -> str:
    return "\n\n".join(section.text for section in read(page).sections)


def test_headings_are_the_path_to_their_text() -> None:
    reading = read(
        "<title>Shop</title><h1>Help</h1><p>Hi.<h2>Returns</h2><p>45 days.<h3>Sale</h3><p>None.<h2>Post</h2>£4"
    )

    assert reading.title == "Shop"
    assert reading.sections == [
        Section(("Help",), "Hi."),
        Section(("Help", "Returns"), "45 days."),
        Section(("Help", "Returns", "Sale"), "None."),
        Section(("Help", "Post"), "£4"),
    ]


def test_a_heading_with_nothing_under_it_is_read_with_what_follows() -> None:
    assert read("<h1>Help</h1><h2>Returns</h2><h2>Post</h2><p>£4</p><h2>Hours</h2>").sections == [
        Section(("Help", "Post"), "Returns\n\n£4"),
        Section(("Help",), "Hours"),
    ]


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>UNSEEN</script>",
        "<style>UNSEEN</style>",
        "<!-- UNSEEN -->",
        "<template>UNSEEN</template>",
        "<noscript>UNSEEN</noscript>",
        "<nav>UNSEEN</nav>",
        "<footer>UNSEEN</footer>",
        "<div role=navigation>UNSEEN</div>",
        "<div hidden>UNSEEN</div>",
        "<p style='color: red; display : none'>UNSEEN</p>",
        "<p style=visibility:hidden>UNSEEN</p>",
        "<svg><title>UNSEEN</title><text>UNSEEN</text></svg>",
        "<textarea>UNSEEN</textarea>",
        "<button>UNSEEN</button>",
    ],
)
def test_what_a_visitor_does_not_read_is_left_out(unseen: str) -> None:
    assert text(f"<p>Seen</p>{unseen}<p>Seen too</p>") == "Seen\n\nSeen too"


def test_inline_elements_and_line_breaks_are_read_as_they_are_shown() -> None:
    assert (
        text("<p>Re<b>turn</b> it\n  <i> within </i>\n45 days.<br>Or  keep it.</p>")
        == "Return it within 45 days.\nOr keep it."
    )


def test_lists_and_preformatted_text_keep_their_lines() -> None:
    assert (
        text("<ul><li>one<li>two<ul><li>inner</ul></ul><pre>a  b\n  c</pre>")
        == "- one\n\n- two\n\n- inner\n\na  b\n  c"
    )


def test_the_rows_of_a_table_carry_its_names() -> None:
    rows = "<tr><th>To</th><th>Price</th></tr><tr><td>UK</td><td>£4 <b>only</b></td></tr>"

    assert text(f"<table><caption>Post</caption>{rows}</table>") == "Post\nTo: UK; Price: £4 only"


def test_a_table_that_is_there_for_the_layout_is_read_as_text() -> None:
    assert read("<table><tr><td><h2>Post</h2><p>£4</p></td><td>Side</td></tr></table>").sections == [
        Section(("Post",), "£4\n\nSide")
    ]


def test_only_the_main_part_is_read_if_there_is_one() -> None:
    main = "Everything about returns. " * 8

    assert text(f"<div>Menu</div><main><p>{main}</p></main><div>Newsletter</div>") == main.strip()


def test_a_main_part_that_says_nothing_is_not_all() -> None:
    assert text("<main id=app></main><p>Returns within 45 days.</p>") == "Returns within 45 days."


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "blockquote"])
def test_elements_may_nest_as_deep_as_they_like(tag: str) -> None:
    assert "deep" in text(f"<{tag}>" * 20_000 + "deep")


def test_markdown_is_read_as_what_it_means() -> None:
    reading = markdown.read(
        "---\ntitle: 'Our shop'\ntags:\n  - a\n---\n# Help\n\nSee *[returns](https://x.example)*.\n\n"
        "| To | Price |\n|---|---|\n| UK | £4 |\n\n- one\n- two\n\n```\n# no heading\n```\n\n"
        "Post\n----\n<!-- no -->Fast.",
        LIMITS,
    )

    assert reading == Reading(
        "md",
        "Our shop",
        [
            Section(("Help",), "See returns.\n\nTo: UK; Price: £4\n\n- one\n\n- two\n\n# no heading"),
            Section(("Help", "Post"), "Fast."),
        ],
    )


def test_a_rule_at_the_top_of_markdown_is_not_front_matter() -> None:
    assert markdown.read("---\nJust text that goes on.\n\n---\nMore.", LIMITS).sections[0].text.startswith("Just text")


def test_front_matter_that_never_ends_is_read_in_no_time() -> None:
    assert markdown.read("---\n" + "-a: b\n" * 2_000 + "x", LIMITS).sections

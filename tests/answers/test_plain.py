"""Nothing in an answer loads by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.plain import IMAGE, LOADING, without_pictures


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("We are open. ![](https://evil.example/?q=1)", "We are open. "),
        ("See ![the map](https://evil.example/map.png) here", "See the map here"),
        ("See ![the map][1] here", "See the map here"),
        ("<img src=//evil.example/?q=1> Open", " Open"),
        ("<IMG\nsrc='x' onerror=alert(1)>Open", "Open"),
        ("An <iframe src=x", "An "),
        ("![a![b](c)](https://evil.example)", "ab"),
        ("<<img>img src=//evil.example>", ""),
        ("Prices are < 5 € and > 3 €, wow!", "Prices are < 5 € and > 3 €, wow!"),
        ("[our page](https://shop.example) <b>bold</b>", "[our page](https://shop.example) <b>bold</b>"),
    ],
)
def test_pictures_leave_their_words_behind(text: str, said: str):
    assert without_pictures(text) == said


@given(st.text(alphabet="![]()<>img /src=x\n"))
def test_whatever_is_written_no_picture_is_left(text: str):
    said = without_pictures(text)

    assert not IMAGE.search(said)
    assert not LOADING.search(said)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models import converted_models
from trulybot.llm.e5 import convert
from trulybot.llm.e5.tokenizer import MAX_TOKENS, Tokenizer

START, END, UNKNOWN = 0, 2, 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(convert.folder(converted_models()))


@pytest.fixture
def read(tokenizer):
    """A text's pieces, without those for its start and end."""
    names = {number: piece for piece, number in tokenizer.pieces.items()} | {UNKNOWN: "?"}
    return lambda text: [names[token] for token in tokenizer.encode(text)[1:-1]]


# As the tokenizers library cuts them with the same vocabulary.
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("Hello world", [35378, 8999]),
        ("query: how do I return my shoes?", [41, 1294, 12, 3642, 54, 87, 30646, 759, 148100, 32]),
        ("passage: Versand nach Österreich: 4,90 €", [46692, 12, 122094, 1561, 68011, 12, 201, 4, 5039, 2505]),
        ("配送需要多少天？", [6, 123047, 2745, 22517, 1906, 32]),
        ("मैं अपना ऑर्डर कैसे लौटाऊँ?", [10399, 21480, 229764, 58945, 22785, 134353, 1026, 192525, 32]),
        ("ส่งของกี่วัน", [56383, 1037, 175651, 11425]),
    ],
)
def test_text_is_cut_as_the_model_was_trained(tokenizer, text, tokens):
    assert tokenizer.encode(text) == [START, *tokens, END]


def test_spaces_of_every_kind_are_one_space(read):
    assert read("  Hello\t\n\u200b\u3000world \ufeff") == ["▁Hello", "▁world"]


def test_control_characters_are_left_out(read):
    assert read("Hel\0lo\x1f world\x7f") == ["▁Hello", "▁world"]


def test_compatible_characters_are_written_out(read):
    assert read("ﬁve ½ litres") == ["▁five", "▁1⁄2", "▁litre", "s"]


def test_a_run_of_unknown_characters_is_one_token(read):
    assert read("a\U0001f9ff\U00013000\U00013001b") == ["▁a", "?", "b"]


def test_half_a_surrogate_pair_is_an_unknown_character(read):
    assert read("a\ud800b") == ["▁a", "?", "b"]


def test_the_names_of_special_tokens_are_plain_text(read):
    assert read("<s></s>") == ["▁<", "s", "></", "s", ">"]


def test_a_long_text_is_cut_off_at_512_tokens(tokenizer):
    tokens = tokenizer.encode("word " * 1000)

    assert len(tokens) == MAX_TOKENS
    assert (tokens[0], tokens[-1]) == (START, END)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_has_tokens_of_the_vocabulary(tokenizer, text):
    tokens = tokenizer.encode(text)

    assert 2 <= len(tokens) <= MAX_TOKENS
    assert all(0 <= token < 250_002 for token in tokens)

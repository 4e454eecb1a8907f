"""
Cuts text into the pieces that MiniLM knows: the longest that fits, again and again (WordPiece).

Our own, as for E5: the algorithm is half a page, and the `tokenizers` library drags a model hub's client along.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VOCABULARY = Path(__file__).parent / "vocabulary.txt"
MAX_TOKENS = 128  # the model was trained on no more, and what it reads here is a question or a heading
MAX_CHARACTERS = 1_000  # natural text of 128 tokens is shorter
LONGEST_WORD = 100  # characters; beyond, it is a word that nobody knows

_IDEOGRAPHS = (("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0002fa1f"))
_CONTROLS, _MARKS, _PUNCTUATION = ("Cc", "Cf"), "Mn", "P"


@dataclass(frozen=True)
class Tokenizer:
    pieces: dict[str, int]

    @classmethod
    def load(cls) -> "Tokenizer":
        lines = VOCABULARY.read_text("utf-8").removesuffix("\n").split("\n")
        return cls({piece: number for number, piece in enumerate(lines)})

    def encode(self, text: str) -> list[int]:
        tokens: list[int] = []
        for word in _words(text):
            tokens += self._cut(word)
            if len(tokens) >= MAX_TOKENS - 2:
                break
        return [self.pieces["[CLS]"], *tokens[: MAX_TOKENS - 2], self.pieces["[SEP]"]]

    def _cut(self, word: str) -> list[int]:
        tokens: list[int] = []
        start = 0
        while start < len(word):
            ends = range(len(word), start, -1) if len(word) <= LONGEST_WORD else ()
            before = "##" if start else ""
            end = next((end for end in ends if before + word[start:end] in self.pieces), None)
            if end is None:
                return [self.pieces["[UNK]"]]
            tokens.append(self.pieces[before + word[start:end]])
            start = end
        return tokens


def _words(text: str) -> Iterator[str]:
    """In lower case and without accents; punctuation and ideographs stand alone."""
    word = ""
    for letter in unicodedata.normalize("NFD", text[:MAX_CHARACTERS].lower())[: 2 * MAX_CHARACTERS]:
        kind = unicodedata.category(letter)
        if kind == _MARKS or (kind in _CONTROLS and not letter.isspace()):
            continue
        alone = kind.startswith(_PUNCTUATION) or _is_symbol(letter) or _is_ideograph(letter)
        if (letter.isspace() or alone) and word:
            yield word
            word = ""
        if alone:
            yield letter
        elif not letter.isspace():
            word += letter
    if word:
        yield word


def _is_symbol(letter: str) -> bool:
    """Of ASCII, which BERT takes for punctuation: + < = > | ~ ^ ` $."""
    return "!" <= letter <= "~" and not letter.isalnum()


def _is_ideograph(letter: str) -> bool:
    return any(first <= letter <= last for first, last in _IDEOGRAPHS)

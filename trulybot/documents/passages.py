"""
Cut what was read into passages: the pieces that are found, quoted and cited.

semantic-text-splitter was measured first: it takes 15 s for 300,000 characters of Chinese without a space. This takes
time in proportion to the text, whatever the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, groupby
from typing import NamedTuple

from trulybot.documents.reading.models import Section

# In tokens of the embedder, which takes 512 with the heading. 260 tokens are about 200 words: large enough to hold an
# answer with its conditions, small enough to be about one thing.
AIM_TOKENS = 260
MAX_TOKENS = 350
# A text of up to 300 words is not cut: its halves would each miss the other.
WHOLE_TOKENS = 420
# A passage is at least this part of the aim, unless the text is.
LEAST = 0.5

# What is looked at in one piece; a longer text is parted first, since its words take ten times its own memory.
STRETCH_CHARACTERS = 100_000

# Where to cut, by how well the text takes it: worth so much deviation from the aim, as a part of it.
PARAGRAPH, LINE, SENTENCE, WORD, LETTER = 0.9, 0.7, 0.2, -2.0, -4.0

BREAK = re.compile(r"\s++|[。！？；｡]++")
SENTENCE_END = re.compile(r"[.!?…؟।:][\"')\]”’»]*$")

# A word of more tokens is cut into parts of as many; a line of Chinese is one word to us.
WORD_TOKENS = 24.0
# Marks that belong to the letter before them; a text of nothing but marks is cut all the same.
MOST_MARKS = 16

# Measured over English, Spanish and Chinese texts: 90 % of them are within 8 % of the tokenizer's count.
TOKENS_PER_WORD = 0.5
TOKENS_PER_LETTER = 0.16
TOKENS_PER_DIGIT = 0.3
TOKENS_PER_IDEOGRAPH = 0.7
TOKENS_PER_SIGN = 1.0
# Codes, keys and addresses: no language has words so long.
CODE_CHARACTERS = 30
TOKENS_PER_CODE_CHARACTER = 0.7


@dataclass(frozen=True, slots=True)
class Passage:
    """heading: the path of headings above it, "Returns › Exchanges"."""

    ordinal: int
    heading: str
    text: str
    page: int | None


class Piece(NamedTuple):
    """A stretch of text that is not cut. worth: of a cut at its end."""

    end: int
    tokens: float
    worth: float


def cut(sections: Sequence[Section]) -> Iterator[Passage]:
    """Cut the sections, in their order, and lose nothing of their text but white space."""
    ordinals = count()
    for heading, group in groupby(sections, key=lambda section: section.heading):
        path = " › ".join(heading)
        for under_it in _stretches(section for section in group if section.text.strip()):
            for text, page in _texts(under_it):
                yield Passage(next(ordinals), path, text, page)


def _stretches(sections: Iterable[Section]) -> Iterator[list[Section]]:
    """What is cut together: all that stands under one heading, or as much of it as fits into memory as words."""
    stretch: list[Section] = []
    characters = 0
    for section in sections:
        for part in _parts(section):
            if stretch and characters + len(part.text) > STRETCH_CHARACTERS:
                yield stretch
                stretch, characters = [], 0
            stretch.append(part)
            characters += len(part.text)
    if stretch:
        yield stretch


def _parts(section: Section) -> Iterator[Section]:
    """A section that is a book by itself in parts, best between its paragraphs."""
    start = 0
    while len(section.text) - start > STRETCH_CHARACTERS:
        end = start + STRETCH_CHARACTERS
        breaks = (section.text.rfind(mark, start + STRETCH_CHARACTERS // 2, end) + 1 for mark in ("\n\n", "\n", " "))
        end = next(filter(None, breaks), end)
        yield replace(section, text=section.text[start:end])
        start = end
    yield replace(section, text=section.text[start:]) if start else section


def _texts(sections: Sequence[Section]) -> Iterator[tuple[str, int | None]]:
    """The passages of what stands under one heading, each with the page it begins on."""
    starts, text = [], ""
    for section in sections:
        text += "\n\n" if text else ""
        starts.append(len(text))
        text += section.text
    for start, end in _spans(text):
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        yield text[start:end].strip(), sections[bisect_right(starts, first) - 1].page


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the passages of a text lie: together all of it, each of them more than white space."""
    pieces = list(_pieces(text))
    left = sum(piece.tokens for piece in pieces)
    start = first = 0
    while left > WHOLE_TOKENS or (left > MAX_TOKENS and first):
        # Of one size, so that the last is not a scrap.
        last = _best_cut(pieces, first, aim=left / max(2, round(left / AIM_TOKENS)))
        yield start, pieces[last].end
        left -= sum(piece.tokens for piece in pieces[first : last + 1])
        start, first = pieces[last].end, last + 1
    if text[start:].strip():
        yield start, len(text)


def _best_cut(pieces: Sequence[Piece], first: int, aim: float) -> int:
    best, best_score = first, float("-inf")
    tokens = 0.0
    for index in range(first, len(pieces) - 1):
        tokens += pieces[index].tokens
        if tokens > MAX_TOKENS and index > first:
            break
        if tokens < aim * LEAST:
            continue
        score = pieces[index].worth - abs(tokens - aim) / aim
        if score > best_score:
            best, best_score = index, score
    return best


def _pieces(text: str) -> Iterator[Piece]:
    start = 0
    for match in BREAK.finditer(text):
        if match.end() == len(text):
            break
        yield from _word(text, start, match.start(), match.end(), _worth(text, match))
        start = match.end()
    yield from _word(text, start, len(text.rstrip()), len(text), PARAGRAPH)


def _worth(text: str, match: re.Match[str]) -> float:
    space = match[0]
    if not space[0].isspace():
        return SENTENCE
    lines = space.count("\n")
    if lines:
        return PARAGRAPH if lines > 1 else LINE
    return SENTENCE if SENTENCE_END.search(text, max(0, match.start() - 4), match.start()) else WORD


def _word(text: str, start: int, end: int, end_of_space: int, worth: float) -> Iterator[Piece]:
    """The word as one piece, or a long one as several."""
    if start == end:
        # The text begins with white space.
        if end_of_space > start:
            yield Piece(end_of_space, 0.0, LETTER)
        return
    if end - start <= CODE_CHARACTERS:
        yield Piece(end_of_space, _tokens(text[start:end]), worth)
        return
    tokens = TOKENS_PER_WORD
    marks = 0
    is_code = text[start:end].isascii()
    for index in range(start, end):
        character = text[index]
        is_mark = unicodedata.category(character)[0] == "M" or character == "\u200d"
        marks = marks + 1 if is_mark and marks < MOST_MARKS else 0
        if tokens >= WORD_TOKENS and not marks:
            yield Piece(index, tokens, LETTER)
            tokens = 0.0
        tokens += TOKENS_PER_CODE_CHARACTER if is_code else _tokens_of_character(character)
    yield Piece(end_of_space, tokens, worth)


@lru_cache(maxsize=50_000)
def _tokens(word: str) -> float:
    if word.isascii() and word.isalpha():
        return max(1.0, TOKENS_PER_WORD + TOKENS_PER_LETTER * len(word))
    return max(1.0, TOKENS_PER_WORD + sum(map(_tokens_of_character, word)))


def _tokens_of_character(character: str) -> float:
    if "\u2e80" <= character <= "\ud7ff" or character >= "\U00020000":
        return TOKENS_PER_IDEOGRAPH
    if character.isdigit():
        return TOKENS_PER_DIGIT
    if character.isalpha() or unicodedata.category(character)[0] == "M":
        return TOKENS_PER_LETTER
    return TOKENS_PER_SIGN

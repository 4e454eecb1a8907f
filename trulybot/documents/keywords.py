"""
Words of any script as the terms of an inverted list.

A passage is stored by `weights`; a question asks by `question_terms`. Both go through `terms`, so that what is
written and what is asked always meet, and neither needs to know its language: a stemmer is chosen by script alone.
Guessing the language of a five-word question goes wrong more often than the right stemmer helps (English Snowball on
Spanish text costs .002 nDCG@10 on XQuAD), and a wrong guess would look for terms that were never stored.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

import snowballstemmer

# Longer "words" are encoded data or an attack. The cut is the same for passages and questions, so they still meet.
LONGEST_TERM = 40
# A visitor's question has a dozen terms. This bounds the query for a pasted novel.
MOST_QUESTION_TERMS = 64
# A word of the title or heading says more than one of the text: +.02 nDCG@10 on questions-and-answers (StackFAQ),
# nothing lost on government guides (doc2dial) and encyclopedia articles (XQuAD). Above three nothing more is gained.
TITLE_WEIGHT = 3.0

# NFKC sorts a run of combining marks in quadratic time, so text is normalised in pieces of at most this length.
LONGEST_PIECE = 256

# Scripts written without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer; kana, Han, Hangul.
# Korean has spaces, but its particles hang on to the words: pairs of syllables find them all the same.
_SPACELESS = "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
_SPACELESS += "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
# `\w` leaves out the vowel signs that Indic, Hebrew and Arabic words are made of. Danda and its like end sentences.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
_MARKS += "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a"
_MARKS += "\u0900-\u0963\u0966-\u096f\u0971-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
_MARKS += "\u0f18-\u0f19\u0f35\u0f37\u0f39\u0f3e-\u0f3f\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3"

_PIECE = re.compile(rf"\s*\S{{0,{LONGEST_PIECE}}}")
# Joiners inside words, soft hyphens, the Arabic stretching stroke: they change the look of a word, not the word.
_INVISIBLE = re.compile("[\u00ad\u0640\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
# A word, or words held together as in AB-1234, 3.50, e-mail, driver's, C++.
_COMPOUND = re.compile(rf"[\w{_MARKS}]+(?:(?:[-‐‑–./:@'’_&]|,(?=[0-9]{{3}}))[\w{_MARKS}]+)*(?:\+\+|#(?!\w))?")
_WORD = re.compile(rf"[{_SPACELESS}]+|(?:(?![{_SPACELESS}_])[\w{_MARKS}])+")
_BEGINS_SPACELESS = re.compile(f"[{_SPACELESS}]")
_LETTERS_OR_DIGITS = re.compile(r"[0-9]+|[^\W\d_]+")
_APOSTROPHE = re.compile("['’]")
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
_SYLLABLE_SCRIPTS = re.compile("[\u0e00-\u109f\u1780-\u17ff]")

# Where each script begins; the first that contains a word's first letter stems it.
_STEMMERS = (
    ("a", "ɏ", "english"),
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u052f", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0620", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
    ("\u1e00", "\u1eff", "english"),
)


def weights(title: str, heading: str, text: str) -> dict[str, float]:
    """What is stored of a passage: each term with how often it is said; title and heading count more."""
    counted: dict[str, float] = {}
    for part, weight in ((title, TITLE_WEIGHT), (heading, TITLE_WEIGHT), (text, 1.0)):
        for term in terms(part):
            counted[term] = counted.get(term, 0.0) + weight
    return counted


def length(weighted: Mapping[str, float]) -> int:
    """The length of a passage as BM25 compares it with the average."""
    return round(sum(weighted.values()))


def question_terms(text: str) -> list[str]:
    """The different terms of a question, in the order they are asked."""
    return list(dict.fromkeys(terms(text)))[:MOST_QUESTION_TERMS]


def terms(text: str) -> list[str]:
    """The terms of a text in reading order. A code such as AB-1234 comes whole (ab1234) and in its parts."""
    return [term for compound in _COMPOUND.findall(_normal(text)) for term in _compound_terms(compound)]


def words(text: str) -> list[tuple[str, str]]:
    """The words of a text in reading order, each with its term; in scripts without spaces the groups of characters."""
    found: list[tuple[str, str]] = []
    for word in _WORD.findall(_normal(text)):
        if is_spaceless(word):
            found.extend((gram, gram) for gram in _grams(word))
        else:
            found.append((word, _stem(word[:LONGEST_TERM])))
    return found


def _normal(text: str) -> str:
    """Compatible characters, case and digits made equal; the time is linear in the text."""
    if text.isascii():
        return text.casefold()
    text = _INVISIBLE.sub("", text)
    text = "".join(
        unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold()) for piece in _PIECE.findall(text)
    )
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit.group())), text)


def _compound_terms(compound: str) -> Iterator[str]:
    if compound.isalpha() and compound.isascii():
        yield _stem(compound[:LONGEST_TERM])
        return
    words = _WORD.findall(compound)
    if not words:
        return  # underscores
    whole = _whole(compound, words)
    if whole:
        yield whole
    if len(compound) <= LONGEST_TERM and _APOSTROPHE.search(compound):
        words = _without_elided(words)
    for word in words:
        if is_spaceless(word):
            yield from _grams(word)
        elif word != whole:
            yield _stem(word[:LONGEST_TERM])
        if whole and not word.isdigit() and any(letter.isdigit() for letter in word):
            yield from (part for part in _LETTERS_OR_DIGITS.findall(word[:LONGEST_TERM]) if len(part) > 1)


def _whole(compound: str, words: list[str]) -> str:
    """
    The compound as one term, without what joins it, when people also write it so: AB-1234 and AB1234,
    1,000 and 1000, e-mail and email. Empty for a word alone and for words that merely stand together.
    """
    if len(compound) > LONGEST_TERM:
        return ""
    if compound.endswith(("+", "#")):
        return compound
    has_digit = any(letter.isdigit() for letter in compound)
    if len(words) == 1:
        return compound if has_digit and not compound.isdigit() and not is_spaceless(compound[0]) else ""
    prefixed = len(words[0]) <= 2 and words[0].isalpha() and set(compound) & set("-‐‑")
    if not (has_digit or prefixed) or any(is_spaceless(word[0]) for word in words):
        return ""
    joined = "".join(words)
    return joined if has_digit else _stem(joined)


def _without_elided(words: list[str]) -> list[str]:
    """The words without what an apostrophe leaves over: the s of driver's, the l of l'avion."""
    last = len(words) - 1
    kept = [word for place, word in enumerate(words) if len(word) > 2 or place not in (0, last)]
    return kept or words


def _grams(word: str) -> Iterator[str]:
    """Overlapping pairs of characters; threes where a character is less than a syllable."""
    size = 3 if _SYLLABLE_SCRIPTS.match(word) else 2
    if len(word) <= size:
        yield word
        return
    for start in range(len(word) - size + 1):
        yield word[start : start + size]


def is_spaceless(word: str) -> bool:
    """Whether it is of a script that writes no spaces between words."""
    return word[0] >= "\u0e00" and _BEGINS_SPACELESS.match(word) is not None


@lru_cache(maxsize=32_768)  # about 5 MB; a stemmer in Python needs 30 µs a word, and most words come again
def _stem(word: str) -> str:
    first = unicodedata.normalize("NFD", word[0])[0]
    for start, end, algorithm in _STEMMERS:
        if start <= first <= end:
            # A stemmer keeps its place in the word, so threads must not share one; making one costs a microsecond.
            word = snowballstemmer.stemmer(algorithm).stemWord(word)
            break
    return word if word.isascii() else _without_accents(word)


def _without_accents(word: str) -> str:
    """Visitors leave accents, vowel points and short vowels out as often as not."""
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word))) or word

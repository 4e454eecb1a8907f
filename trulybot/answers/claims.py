"""
What a sentence claims that must not be changed in the retelling: its figures, dates, units, addresses, names, and
whether it says yes or no. Words of several languages come to one form, so that a translation can be held to its source.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from trulybot.answers.claim_words import (
    ABSOLUTE,
    DAYS,
    MONTHS,
    NEGATIONS,
    NUMBER_WORDS,
    OPPOSITES,
    SPACELESS_NEGATIONS,
    UNITS,
)

URL_OR_MAIL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s\])>\"']*[\w/]"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|co|in|de|es|fr|eu|app|dev|info|biz|example|test|xyz|ru|cn|uk)\b(?:/[^\s\])>\"']*[\w/])?",
    re.IGNORECASE,
)
PHONE = re.compile(r"\+?\d[\d\s().-]{6,}\d")
_NUMBER = re.compile(r"\d+(?:[.,:'’\u00a0\u202f]\d+)*")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(a\.?m\.?|p\.?m\.?)(?!\w)|\b(\d{1,2})[:h](\d\d)\b", re.IGNORECASE)
# `\w` leaves out the vowel signs that Indic, Arabic and Thai words are made of.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0980-\u0df3\u0e31-\u0e4e])"
_WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)?")
_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b|\b(\d{1,2})[./](\d{1,2})[./](\d{4}|\d\d)\b")
_NAME = re.compile(r"\b[A-ZÀ-ÖØ-ÞА-Я][\w’'-]*[^\W_]|\b[A-Z]+\b")
_CODE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[\w]+(?:-[\w]+)*\b")
_CURRENCY_BEFORE = re.compile(r"([$€£¥₹])\s*(\d+(?:[.,]\d+)*)")
_UNIT_AFTER = re.compile(
    r"(\d+(?:[.,]\d+)*)\s*-?\s*(?:(?:business|working|calendar|full|consecutive)\s+)?"
    rf"(%|[$€£¥₹]|°[CF]|{_LETTER}{{1,14}})"
)
_HAN_UNIT = re.compile(r"[\u4e00-\u9fff]{1,2}")
NOON = 12


@dataclass(frozen=True)
class Claims:
    """
    numbers: in one spelling. measured: numbers with their unit, where one stands beside them. clocks: minutes of a day.

    names: as written, without what begins the sentence. negated: how many times it says no.
    """

    numbers: frozenset[str]
    measured: frozenset[tuple[str, str]]
    clocks: frozenset[int]
    months: frozenset[str]
    days: frozenset[str]
    addresses: frozenset[str]
    phones: frozenset[str]
    codes: frozenset[str]
    names: frozenset[str]
    absolutes: frozenset[str]
    words: frozenset[str]
    negated: int


def claims(text: str) -> Claims:
    text = plain_digits(text)
    addresses = frozenset(found.casefold().rstrip("/") for found in URL_OR_MAIL.findall(text))
    without = URL_OR_MAIL.sub(" ", text)
    phones = frozenset(re.sub(r"\D", "", found) for found in PHONE.findall(without) if _is_phone(found))
    dated, undated = _dates(without)
    clocks, rest = _clocks(undated)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(rest)]
    spoken = frozenset(words)
    return Claims(
        numbers=frozenset(_numbers(rest, words)),
        measured=frozenset(_measured(rest, words)),
        clocks=clocks,
        months=frozenset(_canonical(words, MONTHS, rest)) | dated,
        days=frozenset(_days(words, rest)),
        addresses=addresses,
        phones=phones,
        codes=frozenset(re.sub(r"\W", "", code).casefold() for code in _CODE.findall(rest) if _is_code(code)),
        names=frozenset(_names(rest)),
        absolutes=frozenset(kind for kind, said in ABSOLUTE.items() if spoken & said),
        words=spoken,
        negated=negations(rest),
    )


def plain_digits(text: str) -> str:
    """Digits of any script as ours."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one for one in unicodedata.normalize("NFKC", text)
    )


def negations(text: str) -> int:
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    by_words = sum(1 for word in words if word in NEGATIONS or word.endswith("n't"))
    return by_words + sum(text.count(sign) for sign in SPACELESS_NEGATIONS)


def opposed(said: frozenset[str], read: frozenset[str]) -> bool:
    """Whether one has a word and the other its opposite alone."""
    for one, other in OPPOSITES:
        if said & one and not said & other and read & other and not read & one:
            return True
        if said & other and not said & one and read & one and not read & other:
            return True
    return False


def _numbers(text: str, words: list[str]) -> Iterator[str]:
    for found in _NUMBER.findall(text):
        yield _spelled(found)
    for word in words:
        if word in NUMBER_WORDS:
            yield NUMBER_WORDS[word]


def _spelled(number: str) -> str:
    """1,000 and 1.000 and 1000 are one, and so are 3.50 and 3,5."""
    number = re.sub(r"['’\u00a0\u202f]", "", number)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
        return re.sub(r"[.,]", "", number)
    if match := re.fullmatch(r"(\d{1,3}(?:[.,]\d{3})*|\d+)[.,](\d{1,2})", number):
        whole, part = re.sub(r"[.,]", "", match[1]), match[2].rstrip("0")
        return f"{whole}.{part}" if part else whole
    return number.lstrip("0") or "0" if number.isdigit() else number


def _measured(text: str, words: list[str]) -> Iterator[tuple[str, str]]:
    for sign, number in _CURRENCY_BEFORE.findall(text):
        yield _spelled(number), UNITS[sign]
    for number, unit in _UNIT_AFTER.findall(text):
        known = UNITS.get(unit.casefold()) or _han_unit(unit)
        if known:
            yield _spelled(number), known
    for one, other in pairwise(word for word in words if word not in ("business", "working", "calendar")):
        if one in NUMBER_WORDS and other in UNITS:
            yield NUMBER_WORDS[one], UNITS[other]


def _han_unit(text: str) -> str | None:
    match = _HAN_UNIT.match(text)
    return (UNITS.get(match[0]) or UNITS.get(match[0][0])) if match else None


def _clocks(text: str) -> tuple[frozenset[int], str]:
    """Times of day in minutes, and the text without them."""
    found: set[int] = set()

    def read(match: re.Match[str]) -> str:
        if match[3]:
            hour = int(match[1]) % NOON + (NOON if match[3][0] in "pP" else 0)
            found.add(hour * 60 + int(match[2] or 0))
        else:
            found.add(int(match[4]) * 60 + int(match[5]))
        return " "

    rest = _CLOCK.sub(read, text)
    return frozenset(found), rest


def _dates(text: str) -> tuple[frozenset[str], str]:
    """The months of dates in figures, and the text with their parts apart. 3/4/2026 is April here and March there."""
    months: set[str] = set()

    def apart(match: re.Match[str]) -> str:
        parts = [part for part in match.groups() if part is not None]
        months.update(part.lstrip("0") for part in (parts[1:2] if match[1] else parts[:2]))
        return f" {parts[0]} ; {parts[1]} ; {parts[2]} "

    rest = _DATE.sub(apart, text)
    return frozenset(months), rest


def _canonical(words: list[str], known: dict[str, str], text: str) -> Iterator[str]:
    for word in words:
        if word in known:
            yield known[word]
    for sign, name in known.items():
        if "\u4e00" <= sign[0] <= "\u9fff" and sign in text:
            yield name


_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"^\s*(?:-|–|—|to|through|until|till|bis|a|al|à|au|hasta|até|से|至|到)\s*$", re.IGNORECASE)


def _days(words: list[str], text: str) -> Iterator[str]:
    """The weekdays, and those within a range of them."""
    found = [(match, DAYS[match[0].casefold()]) for match in _WORD.finditer(text) if match[0].casefold() in DAYS]
    yield from _canonical(words, DAYS, text)
    for (first, begin), (second, end) in pairwise(found):
        if _RANGE.match(text[first.end() : second.start()]):
            place = _WEEK.index(begin)
            while _WEEK[place] != end:
                yield _WEEK[place]
                place = (place + 1) % len(_WEEK)


def _names(text: str) -> Iterator[str]:
    """Capitalised words that a sentence does not merely begin with. In German every noun has a capital."""
    begins = {0}
    for match in re.finditer(r"[.!?:•\n]\s+|^\W+", text):
        begins.add(match.end())
    for match in _NAME.finditer(text):
        word = match[0].rstrip("'’").removesuffix("'s").removesuffix("’s")
        if match.start() in begins or word == "I" or word.startswith(("I'", "I’")):
            continue
        if word.casefold() in MONTHS or word.casefold() in DAYS or word.casefold() in UNITS:
            continue
        yield word


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return len(digits) >= 7 and not re.fullmatch(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}", text.strip())


def _is_code(code: str) -> bool:
    return re.fullmatch(r"\d+(?:[^\W\d_]+)", code) is None  # 30days and 5kg are measured, not named

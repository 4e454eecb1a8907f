"""
Whether a sentence of the model's rests on a passage: what is not in the sources is not said.

First the figures, dates, addresses and names, which must stand where they are said to; then yes and no; then enough of
the words. Docs: decision "Binding".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from trulybot.answers.claims import URL_OR_MAIL, Claims, claims, opposed
from trulybot.answers.orders import without_orders
from trulybot.answers.plain import without_pictures
from trulybot.answers.ranking import Ranked
from trulybot.answers.small_words import is_small
from trulybot.documents.keywords import terms
from trulybot.documents.sentences import sentences
from trulybot.kit.text import UNSEEN

MARKS = re.compile(r"(?<!\s)\s*\[\d{1,2}(?:\s*,\s*\d{1,2})*\]")

# How much of a sentence's words its passage must hold. Below, the model says something that it did not read.
SHARED_TERMS = 0.5
SHORTEST_CLAIM_TERMS = 3  # a shorter sentence ("Yes.", "You can.") claims too little to be wrong by itself
# A figure belongs to the sentence it is about: one that shares at least so much of what the best one shares.
# Small models read the passages out as they were given to them: JSON is no answer, whatever stands in it.
FRAME = re.compile(r'"(?:passages|number|title|heading|text|question)"\s*:')
NEAR_BEST = 0.7
COPY = 0.8

_CLAUSE = re.compile(
    r"[;:—–]|,\s+(?=(?:but|aber|pero|mais|ma|mas)\b)|\b(?:but|however|whereas|while|aber|pero|mais)\b", re.IGNORECASE
)
_FACT = re.compile(r"[,;:，；]\s+|，|\b(?:and|und|y|et|e)\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:only\s+(?:if|when|for|with)|unless|except|provided|as long as|if|wenn|falls|sofern|nur|solo si|si|excepto|"
    r"salvo|sauf)\b[^,.;]*",
    re.IGNORECASE,
)
_ITEMS = re.compile(r"\s*(?:,|\band\b|\bor\b|\bund\b|\boder\b|\by\b|\bo\b|\bet\b|\bou\b)\s*", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]]{0,500})\]\(([^()\s]{0,2000})[^()]{0,200}\)")
FEWEST_ITEMS = 3


@dataclass(frozen=True)
class Source:
    """A passage as sentences are held against it."""

    text: str
    terms: frozenset[str]
    parts: tuple["Part", ...]
    whole: Claims


@dataclass(frozen=True)
class Part:
    text: str
    terms: frozenset[str]
    claims: Claims


def bound(sentence: str, passages: Sequence[Ranked], *, translated: bool) -> tuple[str, int] | None:
    """
    A sentence of the model's without its marks, and the passage that it rests on; None when none holds it.

    translated: the answer is in another language than the passages, so its words cannot be compared; the model's mark
    must do, besides what holds in any language: figures, dates, names, yes and no.
    """
    marked = MARKS.search(sentence)
    text = " ".join(without_pictures(UNSEEN.sub("", MARKS.sub("", sentence))).split())
    if not text or FRAME.search(text):
        return None
    order = list(range(len(passages)))
    if marked and 1 <= (preferred := int(re.findall(r"\d+", marked[0])[0])) <= len(passages):
        order.remove(preferred - 1)
        order.insert(0, preferred - 1)
        if translated:
            order = order[:1]
    elif translated:
        return None
    sources = [_source(passage.title, passage.heading, passage.text) for passage in passages]
    about = _worded(_content(URL_OR_MAIL.sub(" ", text)))
    shares = [len(about & source.terms) for source in sources]
    for place in order:
        source = sources[place]
        # A figure of one passage is not told of what another is about.
        if not translated and shares[place] < NEAR_BEST * max(shares):
            continue
        kept = _without_foreign_links(text, source)
        if holds(kept, source, translated=translated, marked=marked is not None):
            return kept, place
    return None


def holds(text: str, source: Source, *, translated: bool, marked: bool) -> bool:
    """Whether the source says what the text says."""
    said = claims(text)
    if not _same_figures(said, source) or not _same_names(text, said, source, translated=translated):
        return False
    own = _content(URL_OR_MAIL.sub(" ", text))
    if translated:
        return _same_answer_across(said, source)
    near = _near(_worded(own), source)
    if not all(_within(said, near)) or _swapped(_worded(own), said, near) or not _same_answer(own, said, near):
        return False
    if not said.absolutes <= source.whole.absolutes or not _no_new_items(text, source):
        return False
    shared = len(own & source.terms) / max(len(own), 1)
    return shared >= SHARED_TERMS or (marked and len(own) < SHORTEST_CLAIM_TERMS)


def _same_figures(said: Claims, source: Source) -> bool:
    """Every figure, date, address and code stands in the source, with its unit."""
    read = source.whole
    hours = {str(minutes // 60 % 12 or 12) for minutes in read.clocks} | {str(minutes // 60) for minutes in read.clocks}
    minutes = {
        int(number) * 60 + half for number in read.numbers if number.isdigit() and int(number) < 24 for half in (0, 720)
    }
    return (
        said.numbers <= read.numbers | hours
        and said.clocks <= read.clocks | minutes
        and said.addresses <= read.addresses
        and all(any(phone in other or other in phone for other in read.phones) for phone in said.phones)
        and said.codes <= read.codes | frozenset(number for number in read.numbers)
        and said.months <= read.months
        and said.days <= read.days
        and all(_measures(number, unit, read) for number, unit in said.measured)
    )


def _measures(number: str, unit: str, read: Claims) -> bool:
    units = {theirs for value, theirs in read.measured if value == number}
    return unit in units or (not units and unit not in ("USD", "EUR", "GBP", "INR", "JPY", "CNY", "%"))


def _same_names(text: str, said: Claims, source: Source, *, translated: bool) -> bool:
    read = source.text.casefold()
    if translated and not any(one.isascii() and one.isalpha() for one in source.text):
        return True  # names are written otherwise there
    german = bool(_GERMAN & said.words)
    missing = [
        name for name in said.names if name.casefold() not in read and not _known(name, source, inflected=german)
    ]
    # In German any noun has a capital, so that only what the words below do not excuse is a name.
    if missing and german:
        doubtful = translated or len(missing) * 2 <= len(said.names)
        return doubtful and not _title_and(missing, text) and not _beside_known(missing, text, source)
    return not missing


def _known(name: str, source: Source, *, inflected: bool) -> bool:
    """
    inflected: whether any word may have a capital and an ending, as in German, or in a script that is not ours. A name
    in English has an s at most: somebody named "Changing" is not known from what changed.
    """
    parts = [part for part in name.split("-") if part]
    if inflected or not name.isascii():
        return all(set(terms(part)) & source.terms for part in parts)
    return all(part.casefold().removesuffix("s") in source.text.casefold() for part in parts)


_GERMAN = frozenset(
    "der die das und ist sind nicht für mit von den dem ein eine wir uns ihnen sie ihr frau herr wird auf bei".split()
)


def _title_and(missing: list[str], text: str) -> bool:
    """Whether one of them follows what only a name follows."""
    found = re.findall(r"\b(?:Herrn?|Frau|Dr\.|Prof\.|Firma)\s+(\w+)", text)
    return any(name in missing for name in found)


def _beside_known(missing: list[str], text: str, source: Source) -> bool:
    """Whether one of them stands beside a name that the source knows, as a surname beside a first name."""
    pairs = re.findall(r"(?=\b([A-ZÀ-Þ]\w+)\s+([A-ZÀ-Þ]\w+))", text)
    return any(
        (
            two in missing
            and one not in missing
            and one.casefold() in source.text.casefold()
            and one.casefold() not in _GERMAN
        )
        for one, two in pairs
    )


def _near(own: frozenset[str], source: Source) -> list[Part]:
    """The parts of a source that a sentence is about."""
    if not source.parts:
        return []
    shares = [len(own & part.terms) for part in source.parts]
    best = max(shares)
    return [part for part, share in zip(source.parts, shares, strict=True) if share >= NEAR_BEST * best]


def _within(said: Claims, near: list[Part]) -> list[bool]:
    """Whether each figure stands in a part that the sentence is about, and not with another fact."""
    if not near:
        return [True]
    numbers = frozenset().union(*(part.claims.numbers for part in near))
    clocks = frozenset().union(*(part.claims.clocks for part in near))
    days = frozenset().union(*(part.claims.days for part in near))
    hours = {str(minutes // 60 % 12 or 12) for minutes in clocks} | {str(minutes // 60) for minutes in clocks}
    return [number in numbers or number in hours for number in said.numbers] + [day in days for day in said.days]


def _swapped(own: frozenset[str], said: Claims, near: list[Part]) -> bool:
    """Whether a figure is told of one fact that belongs to another in the same sentence."""
    clauses = [_part(clause) for part in near for clause in _FACT.split(part.text) if clause.strip()]
    measured = [clause for clause in clauses if clause.claims.numbers]
    for number in said.numbers:
        having = [len(own & clause.terms) for clause in measured if number in clause.claims.numbers]
        others = [
            len(own & clause.terms)
            for clause in measured
            if number not in clause.claims.numbers and not clause.claims.numbers & said.numbers
        ]
        if having and others and max(others) > max(having):
            return True
    return False


def _same_answer(own: frozenset[str], said: Claims, near: list[Part]) -> bool:
    """Yes stays yes, no stays no, and a condition is not left out."""
    if not near:
        return True
    best = max(
        near, key=lambda part: (len(_facts(said) & _facts(part.claims)), len(own & part.terms), -len(part.terms))
    )
    nearest = max((_part(clause) for clause in _clauses(best.text)), key=lambda clause: len(own & clause.terms))
    if not own & nearest.terms:
        nearest = best
    if _is_copy(own, best) and said.negated != best.claims.negated:
        return False
    # A part that denies: one "no" more or less turns it around.
    if bool(said.negated) != bool(nearest.claims.negated) and bool(said.negated) != bool(best.claims.negated):
        return False
    if said.negated and not best.claims.negated:
        return False
    if opposed(said.words, nearest.claims.words):
        return False
    condition = _CONDITION.search(best.text)
    if condition is None or "only" in said.absolutes:
        return True
    rest = best.text.replace(condition[0], " ")
    of_condition = _content(condition[0]) - _content(rest)
    return not of_condition or bool(own & of_condition) or not own & _content(rest)


def _same_answer_across(said: Claims, source: Source) -> bool:
    """In another language: a no needs a no; and where all that can be meant says no, so must the sentence."""
    clauses = [_part(clause) for part in source.parts for clause in _clauses(part.text)]
    names = {name.casefold() for name in said.names}
    about = [
        clause
        for clause in clauses
        if _facts(said) & _facts(clause.claims) or names & {name.casefold() for name in clause.claims.names}
    ] or clauses
    if said.negated:
        return any(clause.claims.negated for clause in about)
    return not about or not all(clause.claims.negated for clause in about)


def _is_copy(own: frozenset[str], part: Part) -> bool:
    """Whether it repeats a sentence nearly word for word, so that each "no" of it counts."""
    return len(own & part.terms) >= COPY * max(len(own), len(part.terms))


def _facts(one: Claims) -> frozenset[str]:
    return one.numbers | {f"day {day}" for day in one.days} | {f"at {clock}" for clock in one.clocks} | one.codes


def _worded(own: frozenset[str]) -> frozenset[str]:
    """Without figures, since it is asked where they belong."""
    return frozenset(term for term in own if not any(letter.isdigit() for letter in term)) or own


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if clause.strip()] or [text]


def _no_new_items(text: str, source: Source) -> bool:
    """A list names nothing that the source does not."""
    items = [_content(item) for item in _ITEMS.split(text)]
    if len(items) < FEWEST_ITEMS:
        return True
    return all(not item or item & source.terms or len(item) > FEWEST_ITEMS for item in items[1:])


def _without_foreign_links(text: str, source: Source) -> str:
    """A link stays where the source has its address; otherwise its words do."""
    return _LINK.sub(
        lambda link: link[0] if link[2].casefold().rstrip("/") in source.whole.addresses else link[1], text
    )


@lru_cache(maxsize=64)
def _source(title: str, heading: str, text: str) -> Source:
    title, heading, text = (without_orders(UNSEEN.sub("", part)) for part in (title, heading, text))
    read = f"{title}. {heading}. {text}"
    parts = tuple(_part(one.text, heading) for one in sentences(text))
    return Source(read, frozenset(terms(read)), parts, claims(read))


@lru_cache(maxsize=1024)
def _part(text: str, heading: str = "") -> Part:
    return Part(text, _content(f"{heading} {text}"), claims(text))


def _content(text: str) -> frozenset[str]:
    return frozenset(term for term in terms(text) if not is_small(term))

"""
The facts of a sentence that two sentences can disagree about: money, shares, durations, dates, times, counts.

Found by their form, in digits of any script and, for small numbers, in words. Each takes its place out of the sentence,
so that what is left says what the fact is about.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

FactKind = Literal["money", "percentage", "duration", "date", "time", "number"]
Bound = Literal["exactly", "at_least", "at_most"]

_WORDS = {
    # English, German, Spanish, French; "one" and its kin are articles too often to count.
    **dict(zip("two three four five six seven eight nine ten eleven twelve".split(), range(2, 13), strict=True)),
    **dict(zip("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), range(2, 13), strict=True)),
    **dict(zip("dos tres cuatro cinco seis siete ocho nueve diez once doce".split(), range(2, 13), strict=True)),
    **dict(zip("deux trois quatre cinq six sept huit neuf dix onze douze".split(), range(2, 13), strict=True)),
    "fourteen": 14,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "vierzehn": 14,
    "zwanzig": 20,
    "dreißig": 30,
    "sechzig": 60,
    "catorce": 14,
    "quince": 15,
    "treinta": 30,
    "quatorze": 14,
    "quinze": 15,
    "trente": 30,
    "soixante": 60,
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar enero janvier jan ene",
            "february februar febrero février feb",
            "march märz marzo mars mar mär",
            "april abril avril apr abr",
            "may mai mayo",
            "june juni junio juin jun",
            "july juli julio juillet jul",
            "august agosto août aug ago",
            "september septiembre septembre sep sept",
            "october oktober octubre octobre oct okt",
            "november noviembre novembre nov",
            "december dezember diciembre décembre dec dez dic",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
# At most a quadrillion, and begun only where no digit goes before: a longer row of digits is no amount of anything,
# and would be read again from each of its places.
_NUMBER = r"(?<!\d)(?:\d{1,3}(?:[.,'\u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,15}(?:[.,]\d{1,15})?)(?!\d)"
_SPOKEN = "|".join(sorted(_WORDS, key=len, reverse=True))
_AMOUNT = rf"(?:{_NUMBER}|\b(?:{_SPOKEN})\b)"
_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "dollar": "USD",
    "dollars": "USD",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "₹": "INR", "rs.": "INR", "rs": "INR", "inr": "INR",
    "rupee": "INR", "rupees": "INR", "रुपये": "INR", "chf": "CHF", "franken": "CHF", "¥": "JPY", "円": "JPY", "元": "CNY",
    "yen": "JPY",
}  # fmt: skip
_CURRENCY = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_UNITS = {
    # in days; hours and minutes in their own right
    **dict.fromkeys(("day", "days", "tag", "tage", "tagen", "día", "días", "jour", "jours", "दिन", "天"), ("day", 1)),
    **dict.fromkeys(("week", "weeks", "woche", "wochen", "semana", "semanas", "semaine", "semaines"), ("day", 7)),
    **dict.fromkeys(("month", "months", "monat", "monate", "monaten", "mes", "meses", "mois"), ("day", 30)),
    **dict.fromkeys(("year", "years", "jahr", "jahre", "jahren", "año", "años", "an", "ans", "année"), ("day", 365)),
    **dict.fromkeys(("hour", "hours", "stunde", "stunden", "hora", "horas", "heure", "heures"), ("minute", 60)),
    **dict.fromkeys(("minute", "minutes", "minuten", "minuto", "minutos"), ("minute", 1)),
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_WORKING = r"(?:working|business|werk|arbeits|hábiles|laborables|ouvrés|ouvrables)"
_TO = r"\s*(?:-|–|—|to|bis|until|till|a|à|y|and|und)\s*"

_DATE = re.compile(
    rf"(?P<iso>\b(?P<y1>\d{{4}})-(?P<m1>\d{{2}})-(?P<d1>\d{{2}})\b)"
    rf"|(?P<dotted>\b(?P<d2>\d{{1,2}})\.\s?(?P<m2>\d{{1,2}})\.\s?(?P<y2>\d{{4}})\b)"
    rf"|(?P<day_first>\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th|\.|er)?\s+(?:of\s+|de\s+)?(?P<m3>{_MONTH})\b\.?(?:,?\s+(?:de\s+)?(?P<y3>\d{{4}}))?)"
    rf"|(?P<month_first>\b(?P<m4>{_MONTH})\.?\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y4>\d{{4}}))?)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?P<h1>\d{1,2})(?:[:.](?P<q1>[0-5]\d))?\s*(?P<half>[ap]\.?m\b\.?)"
    r"|\b(?P<h2>[01]?\d|2[0-4]):(?P<q2>[0-5]\d)(?:\s*(?:uhr|h)\b)?"
    r"|\b(?P<h3>[01]?\d|2[0-4])\s*(?:uhr\b|h(?P<q3>[0-5]\d)?\b)",
    re.IGNORECASE,
)
_MONEY = re.compile(
    rf"(?:(?P<before>{_CURRENCY})\s*(?P<n1>{_NUMBER})(?:{_TO}(?:{_CURRENCY})?\s*(?P<n2>{_NUMBER}))?"
    rf"|(?P<n3>{_AMOUNT})(?:\s*(?:{_CURRENCY})?{_TO}(?P<n4>{_AMOUNT}))?\s*(?P<after>{_CURRENCY})(?!\w))",
    re.IGNORECASE,
)
_PERCENTAGE = re.compile(
    rf"(?P<n1>{_AMOUNT})(?:\s*%?{_TO}(?P<n2>{_AMOUNT}))?\s*(?:%|percent\b|prozent\b|por ciento\b|pour cent\b)",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"(?P<n1>{_AMOUNT})(?:{_TO}(?P<n2>{_AMOUNT}))?(?:\s+|-)?(?P<working>{_WORKING}[\s-]*)?(?P<unit>{_UNIT})(?!\w)"
    rf"(?P<after>\s+{_WORKING})?",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"(?P<n1>{_AMOUNT})(?:{_TO}(?P<n2>{_AMOUNT}))?(?=\s+(?P<unit>[^\W\d_]{{3,}}))", re.IGNORECASE)
_NAMED = re.compile(r"\b[^\W\d_a-z]\w*\s+$")
_AT_MOST = re.compile(
    r"(?:up to|at most|no more than|maximum(?: of)?|less than|under|below|bis zu|höchstens|maximal|unter|hasta|"
    r"como máximo|menos de|jusqu'à|au plus|moins de)\s*$",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"(?:at least|minimum(?: of)?|more than|over|above|from|starting at|ab|mindestens|über|al menos|más de|desde|"
    r"à partir de|au moins|plus de)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """
    low, high: its value, or the range that it gives. unit: what may be compared: a currency, a kind of day, a noun.

    text: as it stands in the sentence, at start to end.
    """

    kind: FactKind
    unit: str
    low: float
    high: float
    bound: Bound
    text: str
    start: int
    end: int
    day: date | None = None


def plain(text: str) -> str:
    """The text with digits as we write them, character by character, so that places stay."""
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() and not sign.isascii() else sign for sign in text)


def facts(sentence: str) -> list[Fact]:
    """Every fact of a sentence, in reading order. What one fact takes, no other takes again."""
    text = plain(sentence)
    found: list[Fact] = []
    for finder in (_dates, _times, _money, _percentages, _durations, _counts):
        for fact in finder(text):
            if not any(fact.start < other.end and other.start < fact.end for other in found):
                found.append(fact)
    return sorted(found, key=lambda fact: fact.start)


def _dates(text: str) -> Iterator[Fact]:
    for match in _DATE.finditer(text):
        parts = {
            name[0]: value
            for name, value in match.groupdict().items()
            if value and name[0] in "ymd" and name[1:].isdigit()
        }
        month = _MONTHS.get(parts["m"].lower()) or (int(parts["m"]) if parts["m"].isdigit() else 0)
        try:
            day = date(int(parts.get("y", 4)), month, int(parts["d"]))
        except ValueError:
            continue
        ordinal = float(day.toordinal())
        has_year = "y" in parts
        unit = "day" if has_year else "day of the year"
        yield Fact(
            "date", unit, ordinal, ordinal, "exactly", match[0], match.start(), match.end(), day if has_year else None
        )


def _times(text: str) -> Iterator[Fact]:
    for match in _TIME.finditer(text):
        hour = int(match["h1"] or match["h2"] or match["h3"])
        if match["half"]:
            if not 1 <= hour <= 12:
                continue
            hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
        minutes = float(hour * 60 + int(match["q1"] or match["q2"] or match["q3"] or 0))
        yield Fact("time", "minute", minutes, minutes, "exactly", match[0], match.start(), match.end())


def _money(text: str) -> Iterator[Fact]:
    for match in _MONEY.finditer(text):
        unit = _CURRENCIES[(match["before"] or match["after"]).lower()]
        yield _ranged("money", unit, text, match, match["n1"] or match["n3"], match["n2"] or match["n4"])


def _percentages(text: str) -> Iterator[Fact]:
    for match in _PERCENTAGE.finditer(text):
        yield _ranged("percentage", "%", text, match, match["n1"], match["n2"])


def _durations(text: str) -> Iterator[Fact]:
    for match in _DURATION.finditer(text):
        base, times = _UNITS[match["unit"].lower()]
        working = bool(match["working"] or match["after"])
        unit = f"working {base}" if working else base
        yield _ranged("duration", unit, text, match, match["n1"], match["n2"], times)


def _counts(text: str) -> Iterator[Fact]:
    for match in _COUNT.finditer(text):
        if _NAMED.search(text[: match.start()]):
            continue  # "Article 12", "Room 14": a name, not a number of something
        yield _ranged("number", match["unit"].lower().removesuffix("s"), text, match, match["n1"], match["n2"])


def _ranged(
    kind: FactKind, unit: str, text: str, match: re.Match[str], first: str, second: str | None, times: float = 1
) -> Fact:
    low = _value(first) * times
    high = _value(second) * times if second else low
    ahead = text[max(0, match.start() - 24) : match.start()]
    bound: Bound = "at_most" if _AT_MOST.search(ahead) else "at_least" if _AT_LEAST.search(ahead) else "exactly"
    return Fact(kind, unit, low, max(low, high), bound, match[0].strip(), match.start(), match.end())


def _value(text: str) -> float:
    """A number as people write it: 1,200 and 1.200 are thousands, 4,50 and 4.50 are not."""
    if text.lower() in _WORDS:
        return float(_WORDS[text.lower()])
    text = re.sub(r"['\u00a0\u202f]", "", text)
    whole, sign, fraction = text.rpartition("," if text.rfind(",") > text.rfind(".") else ".")
    if sign and len(fraction) != 3:
        return float(re.sub(r"\D", "", whole) + "." + fraction)
    return float(re.sub(r"\D", "", text))

"""Sentences that are over on a day that they name: offers, announcements, the opening hours of a holiday."""

import re
from datetime import date

from trulybot.conflicts.facts import facts, plain

_ENDS = re.compile(
    r"\b(?:until|till|through|by|before|valid|expires?|ends?|deadline|offer|sale|promotion|discount|register|"
    r"bis|gültig|endet|angebot|rabatt|anmeldung|hasta|válid[oa]s?|oferta|promoción|jusqu'au|valables?|offre|promotion)\b",
    re.IGNORECASE,
)
_COMING = re.compile(
    r"\b(?:will|going to|upcoming|planned|soon|wird|werden|geplant|demnächst|será|serán|va a|vamos a|próxim[oa]s?|sera|"
    r"seront|prochaine?s?|bientôt)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"\b(?:closed|open|opening|hours|geschlossen|geöffnet|öffnungszeiten|cerrad[oa]s?|abiert[oa]s?|horario|fermée?s?|"
    r"ouverte?s?|horaires)\b",
    re.IGNORECASE,
)
# What happened stays true, and so does what holds for things of a certain day on, and an example.
_HISTORY = re.compile(
    r"\b(?:since|founded|established|opened|was|were|built|introduced|©|copyright|published|updated|began|started|"
    r"announced|historically|as of|issued|committed|on or after|for example|e\.g\.|"
    r"seit|gegründet|wurde|begann|zum beispiel|z\.\s?b\.|desde|fundad[oa]|fue|anunció|históricamente|por ejemplo|"
    r"depuis|fondée?|était|annoncé|historiquement|par exemple)\b|©",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S*(?:://|www\.)\S*")  # its numbers say when a page was written
_YEAR = re.compile(r"\b(20\d\d)\b")


def over_on(sentence: str) -> tuple[date, str] | None:
    """The last day on which a sentence holds, and how it says so; None for one that names no end."""
    text = plain(_ADDRESS.sub(" ", sentence))
    if _HISTORY.search(text):
        return None
    days = [(fact.day, fact.text) for fact in facts(text) if fact.day is not None]
    if days and (_ENDS.search(text) or _COMING.search(text) or _HOURS.search(text)):
        return max(days)
    years = _YEAR.findall(text)
    if not days and years and (_COMING.search(text) or _HOURS.search(text)):
        return date(int(max(years)), 12, 31), max(years)
    return None

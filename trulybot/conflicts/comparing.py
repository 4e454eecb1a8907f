"""
Whether two sentences contradict each other, by what they have in common and the one fact in which they differ.

An owner who is shown ten pairs of which five are innocent looks at no eleventh, so everything here is made to be right
rather than complete: a word that could name another product, country or case is reason enough to say nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from trulybot.conflicts.facts import Fact, FactKind, facts, plain
from trulybot.documents.keywords import terms

Kind = FactKind | Literal["permission"]

# What neither tells one thing from another nor changes what is said of it.
_LIGHT = """
    a an the our we you your it its is are be been can could may might must shall should will would do does have has of
    in on at to for by with within from and or as this that these those all any each every after before during only just
    please currently usually normally typically generally always total about around approximately up least most
    than more minimum maximum over under take takes cost costs price priced amount get receive open opens opening hour
    hours day days accept accepted allow allowed permitted possible item items product products order orders purchase
    receipt date customer customers send us period der die das ein eine wir sie ihr ist sind
    kann können darf dürfen muss müssen von im in am an zu für mit innerhalb bis und oder nach beträgt dauert kostet
    el la los las un una nuestro su es son puede pueden de en con para y o dentro plazo cuesta tarda
    le les une notre votre est sont peut peuvent de du des dans pour et ou délai coûte
""".split()
# How one asks, which says nothing of what is asked about.
_ASKING = """
    how much long many often soon what when where which who why i my me there something anything someone anyone
    wie lange lang viel viele wann wo was welche welcher welches ich mein meine mir etwas man gibt es
    cuánto cuánta cuántos cuántas cuándo qué cuál dónde cómo tengo hay yo mi algo
    combien quand quel quelle quels quelles comment où je mon ma quelque chose est-ce que qu il faut
""".split()
_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|can't|won't|don't|doesn't|aren't|isn't|without|nicht|kein|keine|keinen|nie|ohne|nunca|sin|"
    r"ne|pas|jamais|sans|forbidden|prohibited|verboten|prohibido|interdit)\b|n't\b",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"\b(?:allowed|permitted|can|cannot|can't|may|possible|accepted?|offer|available|refundable|included?|forbidden|"
    r"prohibited|erlaubt|darf|dürfen|möglich|kann|können|verboten|permitid[oa]s?|prohibid[oa]s?|puede[ns]?|posible|"
    r"autorisée?s?|interdite?s?|peut|peuvent|possible|acceptée?s?|deliver|ship|free)\b",
    re.IGNORECASE,
)
# Another time, or a condition: what holds then may differ.
_OTHERWISE = re.compile(
    r"\b(?:was|were|used to|previously|formerly|old|former|until|since|as of|if|unless|except|otherwise|instead|war|"
    r"früher|bisher|falls|wenn|außer|antes|era|si|salvo|excepto|avant|était|sauf)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Titles that say what kind of text it is, not what it is about.
_KINDS_OF_TEXT = frozenset(
    terms(
        "FAQ questions answers help terms conditions policy policies information info about guide overview page "
        "website general shop store customer service support handbook leaflet notes text untitled AGB Hinweise Fragen "
        "Antworten ayuda preguntas condiciones política aide conditions"
    )
)
_LIGHT_TERMS = frozenset(terms(" ".join(_LIGHT)))
_ASKING_TERMS = frozenset(terms(" ".join(_ASKING)))
TOLERANCE = 0.08  # four weeks and a month, or thirty days and a month, are one promise in other words
FEWEST_SHARED = 2  # words that say what both are about; one alone, as "delivery", is about too many things


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A sentence in its place. title: of its document. heading: the path above its passage.

    asked: the question that it answers, of a curated answer's; it says what the sentence is about.
    """

    sentence: str
    title: str = ""
    heading: str = ""
    asked: str = ""

    @property
    def said(self) -> str:
        return f"{self.asked} {self.sentence}".strip()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """kind: of the fact. one, other: as each sentence says it."""

    kind: Kind
    one: str
    other: str


def tells(sentence: str) -> bool:
    """Whether a sentence says anything that another could contradict."""
    return bool(_PERMISSION.search(sentence) or _NEGATION.search(sentence) or facts(sentence))


def contradiction(one: Claim, other: Claim) -> Contradiction | None:
    """What two sentences say differently of the same; None when they agree, or may be about different things."""
    mine, theirs = facts(one.sentence), facts(other.sentence)
    if not _are_about_the_same(one, other, mine, theirs):
        return None
    if _NEGATION.search(one.said) or _NEGATION.search(other.said):
        return _permission(one, other, mine, theirs)
    differing = _difference(mine, theirs)
    return Contradiction(differing[0].kind, differing[0].text, differing[1].text) if differing else None


def _are_about_the_same(one: Claim, other: Claim, mine: Sequence[Fact], theirs: Sequence[Fact]) -> bool:
    if _years(one, mine) != _years(other, theirs):
        return False
    if bool(_OTHERWISE.search(one.said)) or bool(_OTHERWISE.search(other.said)):
        return False
    if one.asked or other.asked:
        return _answer_the_same(one, other, mine, theirs)
    first, second = _subject(one.sentence, mine), _subject(other.sentence, theirs)
    if first != second:
        return False
    mine_above, theirs_above = _about(one) - first, _about(other) - first
    if mine_above == theirs_above:
        return bool(first | mine_above)
    # Each under a name of its own; or one of them, and then the sentences must say by themselves what they are about.
    return not (mine_above and theirs_above) and len(first) >= FEWEST_SHARED


def _answer_the_same(one: Claim, other: Claim, mine: Sequence[Fact], theirs: Sequence[Fact]) -> bool:
    """
    Whether what is asked and answered is what the other says, by itself or under its title.

    A question that names a fact, or that says no, asks for a particular case.
    """
    if any(facts(claim.asked) or _NEGATION.search(claim.asked) for claim in (one, other)):
        return False
    first, second = _asked_and_said(one, mine), _asked_and_said(other, theirs)
    mine_above, theirs_above = _about(one), _about(other)
    if first == second and not ((mine_above | theirs_above) - first and len(first) < FEWEST_SHARED):
        return bool(first)
    return bool(first and second) and first | mine_above == second | theirs_above


def _asked_and_said(claim: Claim, found: Sequence[Fact]) -> frozenset[str]:
    said = _subject(claim.sentence, found)
    return (said | _subject(claim.asked, ())) - _ASKING_TERMS if claim.asked else said


def _subject(sentence: str, found: Sequence[Fact]) -> frozenset[str]:
    """The words that say what a sentence is about, without its facts."""
    text, rest, end = plain(sentence), "", 0
    for fact in found:
        rest, end = rest + text[end : fact.start] + " ", fact.end
    rest = _NEGATION.sub(" ", rest + text[end:])
    return frozenset(terms(rest)) - _LIGHT_TERMS


def _about(claim: Claim) -> frozenset[str]:
    above = f"{claim.title} {claim.heading}"
    return _subject(above, facts(above)) - _KINDS_OF_TEXT


def _years(claim: Claim, found: Sequence[Fact]) -> frozenset[str]:
    """The years that are named beside the facts, by the title too: prices of another year are other prices."""
    text = plain(claim.sentence)
    for fact in found:
        if fact.kind == "date":
            text = text.replace(fact.text, " ")
    return frozenset(_YEAR.findall(f"{plain(claim.asked)} {text} {plain(claim.title)} {plain(claim.heading)}"))


def _permission(one: Claim, other: Claim, mine: Sequence[Fact], theirs: Sequence[Fact]) -> Contradiction | None:
    """One allows what the other does not, and they say nothing else differently."""
    first, second = len(_NEGATION.findall(one.said)), len(_NEGATION.findall(other.said))
    allows = _PERMISSION.search(one.said) and _PERMISSION.search(other.said)
    same_facts = [fact.text for fact in mine] == [fact.text for fact in theirs]
    if not allows or first % 2 == second % 2 or not same_facts:
        return None
    said = [_NEGATION.search(one.said), _NEGATION.search(other.said)]
    return Contradiction("permission", *(match[0] if match else "yes" for match in said))


def _difference(mine: Sequence[Fact], theirs: Sequence[Fact]) -> tuple[Fact, Fact] | None:
    """The one fact in which they differ, where the others agree one by one."""
    if not mine or [(fact.kind, fact.unit) for fact in mine] != [(fact.kind, fact.unit) for fact in theirs]:
        return None
    differing = [(a, b) for a, b in zip(mine, theirs, strict=True) if _differ(a, b)]
    hours = all(a.kind == "time" for a, _ in differing)
    return differing[0] if len(differing) == 1 or (differing and hours) else None


def _differ(one: Fact, other: Fact) -> bool:
    if one.bound == other.bound:
        if one.kind == "duration":
            return not _overlap(one, other, TOLERANCE)
        return not _overlap(one, other, 0.0)
    low_of, high_of = _limits(one), _limits(other)
    return low_of[1] < high_of[0] or high_of[1] < low_of[0]


def _overlap(one: Fact, other: Fact, tolerance: float) -> bool:
    """Whether their ranges have something in common; a single value is a range of one."""
    slack = tolerance * max(one.high, other.high)
    return one.low <= other.high + slack and other.low <= one.high + slack


def _limits(fact: Fact) -> tuple[float, float]:
    return (
        float("-inf") if fact.bound == "at_most" else fact.low,
        float("inf") if fact.bound == "at_least" else fact.high,
    )

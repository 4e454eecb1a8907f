"""
A word that stands in no passage, taken for the nearest that does: a typing mistake, another form, a compound.

The words of a workspace that begin alike are read from the inverted list by leaping from one to the next, so it costs
as much as there are such words, however many passages hold them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trulybot.documents.keywords import is_spaceless, terms
from trulybot.kit.db import Tx

SHARE = 0.7  # of what the word itself would have told
MOST_WORDS = 3  # of one question: a question in another language may consist of nothing else
MOST_READ = 300  # terms that begin alike; the rest of a huge vocabulary is left unread
FEW_PASSAGES = 20_000  # up to here two letters are a beginning, beyond three

SHORTEST = 4  # a shorter word is near to too many others
LONG = 8  # in such a word two mistakes are forgiven, and it may be a compound
SHORTEST_BEGINNING = 5  # Rückgabe is taken for the beginning of Rückgabefrist
_LINKS = ("", "s", "es", "n", "en")  # what German puts between the parts of a compound


@dataclass(frozen=True)
class _Term:
    term: str


async def kindred(tx: Tx, unknown: Sequence[str], passages: int) -> dict[str, list[str]]:
    """For each term that nobody wrote, those that it is taken for."""
    odd = [term for term in unknown if _may_be_mistaken(term)][:MOST_WORDS]
    if not odd:
        return {}
    beginning = 2 if passages <= FEW_PASSAGES else 3
    parts = {part for term in odd for pair in _splits(term) for part in pair}
    read = await tx.all(
        _Term,
        """
        with recursive leaps as (
            select asked.beginning, asked.beyond, asked.beginning as term, 0 as leaps
              from unnest(%(beginnings)s::text[], %(beyond)s::text[]) as asked (beginning, beyond)
            union all
            select beginning, beyond,
                   (select min(t.term)
                      from passage_terms t
                     where t.workspace_id = %(workspace_id)s and t.term > leaps.term and t.term < leaps.beyond),
                   leaps + 1
              from leaps
             where term is not null and leaps < %(most)s
        )
        select term from leaps where term is not null and leaps > 0
         union
        select part
          from unnest(%(parts)s::text[]) as part
         where exists (select from passage_terms t where t.workspace_id = %(workspace_id)s and t.term = part)
        """,
        workspace_id=tx.workspace_id,
        beginnings=list(dict.fromkeys(term[:beginning] for term in odd)),
        beyond=list(dict.fromkeys(term[: beginning - 1] + chr(ord(term[beginning - 1]) + 1) for term in odd)),
        parts=list(parts),
        most=MOST_READ,
    )
    known = {one.term for one in read}
    return {term: near for term in odd if (near := nearest(term, known, beginning))}


def nearest(term: str, known: Collection[str], beginning: int = 2) -> list[str]:
    """The known terms that this one may have meant, at most two. beginning: how many letters are never mistaken."""
    forgiven = 2 if len(term) >= LONG else 1
    alike = [other for other in known if other.startswith(term[:beginning]) and not is_spaceless(other)]
    far = {other: _distance(term, other, forgiven) for other in alike}
    best = min(far.values(), default=forgiven + 1)
    if best <= forgiven:
        return sorted(other for other, mistakes in far.items() if mistakes == best)[:2]
    if len(term) >= SHORTEST_BEGINNING and (longer := sorted(other for other in alike if other.startswith(term))):
        return longer[:2]
    return next(([first, second] for first, second in _splits(term) if first in known and second in known), [])


def _may_be_mistaken(term: str) -> bool:
    """Not a code or number, whose every digit counts, and not characters without spaces between words."""
    return len(term) >= SHORTEST and not is_spaceless(term) and not any(letter.isdigit() for letter in term)


def _splits(term: str) -> list[tuple[str, str]]:
    """A compound's two parts, as they would be stored, wherever it may be parted."""
    return [
        (_stored(term[: cut - len(link)]), _stored(term[cut:]))
        for cut in range(SHORTEST, len(term) - SHORTEST + 1)
        for link in _LINKS
        if len(term) >= LONG and cut - len(link) >= SHORTEST and term[:cut].endswith(link)
    ]


def _stored(part: str) -> str:
    return next(iter(terms(part)), part)


def _distance(one: str, other: str, most: int) -> int:
    """
    How many letters were left out, added, mistaken or swapped with their neighbour; beyond the most, one more than it.

    Source: Damerau, A technique for computer detection and correction of spelling errors, 1964.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        after = [at]
        for place, other_letter in enumerate(other, 1):
            cost = min(row[place] + 1, after[place - 1] + 1, row[place - 1] + (letter != other_letter))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == other_letter:
                cost = min(cost, before[place - 2] + 1)
            after.append(cost)
        if min(after) > most:
            return most + 1
        before, row = row, after
    return min(row[-1], most + 1)

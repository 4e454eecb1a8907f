"""
Words that stand side by side in the question, looked for side by side in a passage.

"Social security card" is more than its three words. Reading a passage into terms would take half a millisecond, so
this looks for the beginnings of the words, which the stemmer leaves alone, and takes a hundredth of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from trulybot.documents.keywords import is_spaceless, words

MOST_PHRASES = 40  # of a pasted novel, the first
_BETWEEN = re.compile(r"\w*\W{1,3}")
_BENT = ("i", "e", "y")  # the English stemmer makes polici of policy, so a last letter of these is left off
_SHORTEST_BENT = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    first, second: how its words begin. In a script without spaces second is empty, and first is all of it.

    share: of the question's information.
    """

    first: str
    second: str
    share: float


def phrases(question: str, idf: Mapping[str, float]) -> list[Phrase]:
    """The neighbouring words of a question that both tell something. idf: of each term that it is looked up by."""
    information = sum(idf.values()) or 1.0
    read = words(question)
    found: dict[tuple[str, str], float] = {}
    for (word, term), (after, term_after) in pairwise(read):
        if term not in idf or term_after not in idf or is_spaceless(word) != is_spaceless(after):
            continue
        # Characters come in overlapping groups, of which the last character alone is new.
        both = (word + after[-1], "") if is_spaceless(word) else (_beginning(word, term), _beginning(after, term_after))
        found[both] = (idf[term] + idf[term_after]) / 2 / information
    return [Phrase(first, second, share) for (first, second), share in found.items()][:MOST_PHRASES]


def held(text: str, wanted: Sequence[Phrase]) -> float:
    """The share of the question's information that stands in a text in phrases."""
    text = text.casefold()
    return sum(phrase.share for phrase in wanted if _stands_in(text, phrase))


def _beginning(word: str, term: str) -> str:
    start = "".join(letter for letter, _ in takewhile(lambda both: both[0] == both[1], zip(word, term, strict=False)))
    return start[:-1] if len(start) >= _SHORTEST_BENT and start.endswith(_BENT) else start


def _stands_in(text: str, phrase: Phrase) -> bool:
    if phrase.second not in text:
        return False
    place = text.find(phrase.first)
    while place >= 0:
        begins_a_word = not phrase.second or place == 0 or not text[place - 1].isalnum()
        between = _BETWEEN.match(text, place + len(phrase.first)) if phrase.second else None
        if begins_a_word and (not phrase.second or (between and text.startswith(phrase.second, between.end()))):
            return True
        place = text.find(phrase.first, place + 1)
    return False

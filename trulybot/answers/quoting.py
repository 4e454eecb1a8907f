"""
An answer without a language model: the sentences of the passages that answer, word for word.

As few as answer, and at most three, of the first three passages: the best one; the one before it if it only points
there, and the one after it in its paragraph, because what a sentence begins its neighbour often ends; and others only
if they are nearly as good. Two sentences on average hold the answer to 94 in 100 questions about English encyclopedia
articles (XQuAD), where always three hold 96. Across languages it takes nearly three: 90 in 100 when the question is
Spanish, 79 when Chinese. Of a table only the rows that are asked for, or all of a short one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from trulybot.answers.matching import nearest
from trulybot.answers.plain import without_pictures
from trulybot.answers.ranking import Ranked
from trulybot.documents.keywords import terms
from trulybot.documents.sentences import Sentence, is_row, sentences

MOST_SENTENCES = 3
READ_PASSAGES = 3

# A sentence is added if its score is so near the best one's; more is granted to the neighbour of what is quoted.
# Doubling the gaps quotes a tenth more, and holds the answer 2 times more in 100.
GAP = 0.1
GAP_BETWEEN_PASSAGES = 0.15
GAP_OF_NEIGHBOURS = 0.2
# A sentence of which no larger part is new repeats the other: two documents may well hold the same opening hours.
REPEATED = 0.2

WORDS_OF_A_HEADING = 8
LONGEST_TABLE = 7  # rows that are quoted together, as the days of a week are
DANGLING = re.compile(
    r"(?:This|These|Those|That|They|It|He|She|Such|Otherwise|However|Esto|Est[ao]s|Eso|Ello|Ell[ao]s|Dies(?:e[rs]?)?|Sonst|"
    r"Cela|Ceci|Ils|Elles|Isso|Isto|Eles|Elas|Questo|Questi|Dit|Dat|Deze)\b"
)
BREAK = re.compile(r"[^\S\n]*\n")
LIST_MARK = re.compile(r"(?:[-–—*•‣◦▪●■]|\d{1,2}[.)])\s+")

# Beside the share of the question's information that a sentence holds, which is 0 to 1. Cosines differ by hundredths,
# hence the large numbers; doubling or halving one of them changes the figures above by less than one in a hundred.
COSINE_WEIGHT = 4.0
PASSAGE_WEIGHT = 20.0
# When the title asks what is asked, the text begins with the answer.
OPENING_WEIGHT = 0.6
TITLE_COSINE_WEIGHT = 20.0
# What stands under the heading that is asked for, and not under one of its parts.
HEADING_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Quote:
    """text == passage.text[start:end]"""

    passage: Ranked
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Scored:
    place: int
    number: int
    score: float
    share: float
    sentence: Sentence


def quote(ranked: Sequence[Ranked], idf: Mapping[str, float], *, most: int = MOST_SENTENCES) -> list[Quote]:
    """The sentences that answer, in reading order. ranked: best first. idf: of every term of the question."""
    scored = [sentence for place in range(min(READ_PASSAGES, len(ranked))) for sentence in _scored(ranked, place, idf)]
    scored.sort(key=attrgetter("score"), reverse=True)
    chosen = _chosen(scored, most, ranked[scored[0].place].text if scored else "")
    chosen.sort(key=attrgetter("place", "number"))
    return [_quoted(ranked[choice.place], choice.sentence) for choice in chosen]


def readable(quotes: Sequence[Quote]) -> str:
    """
    The quotes as a text; where something was left out stands an ellipsis, and a passage has its own paragraph.
    What stood on a line of its own, such as the row of a table, keeps its line.
    """
    text = ""
    for before, this in zip([None, *quotes], quotes, strict=False):
        if before is not None:
            text += _between(before, this) if before.passage is this.passage else "\n\n"
        text += this.text
    return without_pictures(text)


def _quoted(passage: Ranked, sentence: Sentence) -> Quote:
    """The sentence without the mark of a list before it."""
    mark = LIST_MARK.match(sentence.text)
    start = sentence.start + (mark.end() if mark else 0)
    return Quote(passage, start, sentence.end, passage.text[start : sentence.end])


def _between(before: Quote, this: Quote) -> str:
    """What joins two quotes of one passage."""
    left_out = this.passage.text[before.end : this.start]
    last_line = left_out.rpartition("\n")[2]
    if BREAK.match(left_out) and not LIST_MARK.sub("", last_line).strip():
        return "\n"
    return " … " if left_out.strip() else " "


def _scored(ranked: Sequence[Ranked], place: int, idf: Mapping[str, float]) -> list[_Scored]:
    passage = ranked[place]
    split = sentences(passage.text)
    information = sum(idf.values()) or 1.0
    held = [sum(idf.get(term, 0.0) for term in set(terms(sentence.text))) / information for sentence in split]
    cosines: Sequence[float] = passage.candidate.sentence_cosines
    if len(cosines) < len(split):  # not embedded, or cut before the rules of cutting changed
        cosines = [0.0] * len(split)
    opening = _opening(passage, idf, information, cosines, len(split))
    behind = PASSAGE_WEIGHT * (passage.score - ranked[0].score)
    behind += HEADING_WEIGHT * _share(passage.heading.rpartition("›")[2], idf, information)
    return [
        _Scored(place, number, share + COSINE_WEIGHT * cosine + opening / (number + 1) + behind, share, sentence)
        for number, (sentence, share, cosine) in enumerate(zip(split, held, cosines, strict=False))
    ]


def _opening(
    passage: Ranked, idf: Mapping[str, float], information: float, cosines: Sequence[float], count: int
) -> float:
    """How much the first sentence gains from what the title and the heading say of the question."""
    above = sum(idf.get(term, 0.0) for term in set(terms(f"{passage.title} {passage.heading}"))) / information
    if len(cosines) > count > 0:
        above += TITLE_COSINE_WEIGHT * max(0.0, cosines[count] - max(cosines[:count]))
    return OPENING_WEIGHT * above


def _share(text: str, idf: Mapping[str, float], information: float) -> float:
    """The share of the question's information that a text holds, in any form of its words."""
    inside = set(terms(text))
    return sum(weight * nearest(term, inside) for term, weight in idf.items()) / information


def _chosen(scored: Sequence[_Scored], most: int, text: str) -> list[_Scored]:
    """scored: best first. text: of the passage that holds the best."""
    if not scored:
        return []
    best = scored[0]
    table = _table(scored)
    if table and most == MOST_SENTENCES:
        return table
    chosen = [best, *_antecedent(scored, text), *_continuation(scored, most, text)]
    sentences_of = {(one.place, one.number): one.sentence.text for one in scored}
    # What announces something adds nothing by itself, and below it there would be no room.
    others = [
        other
        for other in scored[1:]
        if not _announces(other.sentence.text, sentences_of.get((other.place, other.number + 1), ""))
    ]
    while len(chosen) < most:
        added = next((other for other in others if _adds(other, chosen)), None)
        if added is None:
            break
        chosen.append(added)
    return chosen[:most]


def _table(scored: Sequence[_Scored]) -> list[_Scored]:
    """Every row of the table that the best sentence announces or belongs to, when the question names none of them."""
    best = scored[0]
    around = sorted((one for one in scored if one.place == best.place), key=attrgetter("number"))
    at = around.index(best)
    begin = end = at if is_row(best.sentence.text) else at + 1
    while begin > 0 and is_row(around[begin - 1].sentence.text):
        begin -= 1
    while end < len(around) and is_row(around[end].sentence.text):
        end += 1
    rows = around[begin:end]
    if not 1 < len(rows) <= LONGEST_TABLE or len({row.share for row in rows}) > 1:
        return []
    return rows if best in rows else [best, *rows]


def _antecedent(scored: Sequence[_Scored], text: str) -> list[_Scored]:
    """What the best sentence speaks of, when it only points there and it stands just before."""
    best = scored[0]
    before = next((one for one in scored if one.place == best.place and one.number == best.number - 1), None)
    if before is None or not DANGLING.match(LIST_MARK.sub("", best.sentence.text, count=1)):
        return []
    in_a_list = LIST_MARK.match(before.sentence.text) and LIST_MARK.match(best.sentence.text)
    return [before] if in_a_list or "\n" not in text[before.sentence.end : best.sentence.start] else []


def _continuation(scored: Sequence[_Scored], most: int, text: str) -> list[_Scored]:
    """What goes on with what the best sentence began: the rest of its paragraph's thought, or the list it announces."""
    best = scored[0]
    after = {other.number: other for other in scored if other.place == best.place and other.number > best.number}
    following = after.get(best.number + 1)
    if following is None:
        return []
    if _announces(best.sentence.text, following.sentence.text):
        return [after[number] for number in range(best.number + 1, best.number + most) if number in after]
    return [] if "\n" in text[best.sentence.end : following.sentence.start] else [following]


def _announces(sentence: str, following: str) -> bool:
    """Whether it says nothing without what stands below it: a list, a table, the text under a heading."""
    if sentence.endswith((":", "：")) or (is_row(following) and not is_row(sentence)):
        return True
    is_row_or_item = ":" in sentence or LIST_MARK.match(sentence)
    return sentence[-1].isalpha() and not is_row_or_item and len(sentence.split()) <= WORDS_OF_A_HEADING


def _adds(other: _Scored, chosen: Sequence[_Scored]) -> bool:
    """Whether it answers nearly as well as the best one, and says something else."""
    best = chosen[0]
    gap = GAP if other.place == best.place else GAP_BETWEEN_PASSAGES
    if any(other.place == one.place and abs(other.number - one.number) == 1 for one in chosen):
        gap += GAP_OF_NEIGHBOURS
    return best.score - other.score <= gap and not any(_repeats(other, one) for one in chosen)


def _repeats(other: _Scored, one: _Scored) -> bool:
    new = set(terms(other.sentence.text))
    return other is one or len(new.difference(terms(one.sentence.text))) <= REPEATED * len(new)

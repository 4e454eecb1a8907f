"""
Whether a question asks for one of the owner's own answers; if so nothing else is searched or written.

The same words are the same question. Other words, and other languages, are weighed by `paraphrases` over the few
answers that are nearest. While the embedder is away words alone decide, and then nearly all of them must agree.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from trulybot.answers import paraphrases
from trulybot.answers.language import crosses_languages
from trulybot.answers.lookup import View
from trulybot.answers.search import Asked
from trulybot.curated.wording import wording, wording_hash
from trulybot.kit.db import Tx

# From here on an answer is given before anything is searched. Questions that have an answer here and those that have
# none weigh the same. Of StackFAQ's paraphrases 89 in 100 are told the right answer so, and 1 a wrong one.
SURE = 0.45
# When the documents say nothing either, this is enough: 90 and 1 in 100 of the same.
BETTER_THAN_NOTHING = 0.4

_DAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday lune marte miércole jueve vierne sábado domingo
    lundi mardi mercredi jeudi vendredi samedi dimanche montag dienstag mittwoch donnerstag freitag samstag sonntag
    lunedì martedì mercoledì giovedì venerdì sabato domenica segunda terça quarta quinta sexta सोमवार मंगलवार बुधवार
    गुरुवार शुक्रवार शनिवार रविवार""".split()
)  # without the s of a plural

ANSWERS = 10  # compared in earnest: the right one is among them in 99 of 100 questions
PHRASINGS = 10  # of each, the nearest: together they say what it is about, and the classifier stays a small one
# One answer has none to stand out from. It is taken to stand out a little, so that it has to be close.
USUAL_MARGIN = 0.02
WORDS_ALIKE = 0.8  # of two questions, twice what they share over all they have: one word in five may differ
MOST_READ = 20_000  # phrasings whose words are compared while the embedder is away: a tenth of a second


@dataclass(frozen=True)
class Match:
    """An answer of the owner's. confidence: how likely the question asks for it, where half have an answer here."""

    answer_id: UUID | None = None
    answer: str = ""
    confidence: float = 0.0


NOTHING = Match()

# Which answers a view sees. live: what answers visitors. candidate: what would, were all published that is held.
_SEEN: dict[View, LiteralString] = {
    "live": "a.enabled and not a.held",
    "candidate": """
            a.enabled
        and not exists (select from curated_answers h where h.workspace_id = a.workspace_id and h.replaces = a.id)
        and not exists (select
                          from documents d
                          join documents h on h.workspace_id = d.workspace_id and h.external_id = d.external_id
                         where d.workspace_id = a.workspace_id and d.id = a.document_id and not d.held
                           and h.held and h.status = 'ready')
    """,
}


async def match(tx: Tx, asked: Asked, language: str, *, view: View = "live") -> Match:
    """The owner's answer that the question most likely asks for, however unlikely that is."""
    near = await _near(tx, asked, view)
    same = next((row for row in near if row.same_words), None)
    if same is not None:
        return Match(same.answer_id, same.answer, 1.0)
    if asked.vector is None:
        texts = await _texts(tx, view)
        return await asyncio.to_thread(_by_words, asked.text, texts)
    if not near:
        return NOTHING
    crosses = crosses_languages([row.text for row in near if row.place >= 0], language)
    english = asked.english if not crosses and all(row.english for row in near) else None
    wanted = paraphrases.joined(asked.vector, english)
    likenesses = paraphrases.compare(asked.text, wanted, [row.phrased(english=english is not None) for row in near])
    best, second = likenesses[0], likenesses[1] if len(likenesses) > 1 else None
    margin = best.score - second.score if second else USUAL_MARGIN
    own = [row for row in near if row.answer_id == best.answer_id]
    if _is_of_another(asked.text, [row.text for row in own if row.place >= 0]):
        return NOTHING
    closest = max(_cosine(english, row.english) for row in own) if english is not None else None
    likely = _confidence(best, margin, closest, crosses=crosses)
    return Match(best.answer_id, own[0].answer, round(likely, 4))


def _is_of_another(question: str, phrasings: Sequence[str]) -> bool:
    """Whether every phrasing is of a number or a day, and the question of others: a vector hardly tells them apart."""
    asked = _particulars(question)
    said = [_particulars(text) for text in phrasings]
    return bool(asked) and all(said) and asked.isdisjoint(frozenset().union(*said))


def _particulars(text: str) -> frozenset[str]:
    words = [word.removesuffix("s") for word in wording(text).split()]
    return frozenset(word for word in words if word.isdecimal() or word in _DAYS)


def _confidence(best: paraphrases.Likeness, margin: float, closest: float | None, *, crosses: bool) -> float:
    """
    closest: the English cosine of the nearest phrasing, which tells more than the middle of all: a question that asks
    for none of the answers comes near to the middle of some, and to no phrasing.

    Fitted on StackFAQ, CLINC150 in cuts of 5 to 150 answers with 1 to 10 phrasings, and, across languages, on XQuAD's
    questions in Spanish and Chinese for those in English; each set weighs the same.
    """
    if closest is not None:
        log_odds = -6.1 + 8.0 * closest + 14.5 * margin
    elif crosses:
        log_odds = -25.7 + 28.3 * best.nearness + 43.2 * margin
    else:
        log_odds = -31.2 + 32.5 * best.nearness + 23.5 * margin + 5.5 * best.letters
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))


@dataclass(frozen=True)
class _Near:
    """A phrasing of an answer that may be meant. vector, english: pgvector's own bytes of a halfvec, or nothing."""

    answer_id: UUID
    answer: str
    same_words: bool
    place: int
    text: str
    vector: bytes
    english: bytes

    def phrased(self, *, english: bool) -> paraphrases.Phrased:
        vector = paraphrases.joined(_read(self.vector), _read(self.english) if english else None)
        return paraphrases.Phrased(self.answer_id, self.place, self.text, vector)


def _cosine(one: Sequence[float], other: bytes) -> float:
    import numpy as np

    return float(np.asarray(one) @ _read(other))


def _read(vector: bytes) -> Any:
    import numpy as np

    # Two numbers of 16 bits, the length and nothing, then the values; all with the high byte first.
    return np.frombuffer(vector, ">f2", offset=4)


async def _near(tx: Tx, asked: Asked, view: View) -> list[_Near]:
    """The answers with the nearest phrasings, by answer, each with its nearest; first those in the same words."""
    return await tx.all(
        _Near,
        _NEAR.replace("{seen}", _SEEN[view]),
        workspace_id=tx.workspace_id,
        wording_hash=wording_hash(asked.text),
        vector=f"[{','.join(map(str, asked.vector))}]" if asked.vector is not None else None,
        english=f"[{','.join(map(str, asked.english))}]" if asked.english is not None else None,
        share=paraphrases.ENGLISH_SHARE,
        model=asked.model,
        answers=ANSWERS,
        phrasings=PHRASINGS,
    )


_NEAR: LiteralString = """
    with same as (
        select distinct p.answer_id
          from curated_phrasings p
          join curated_answers a on a.workspace_id = p.workspace_id and a.id = p.answer_id
         where p.workspace_id = %(workspace_id)s
           and p.wording_hash = %(wording_hash)s
           and p.place >= 0
           and {seen}
    ), scored as (
        select p.answer_id, avg(p.distance) + min(p.distance) as distance
          from (select answer_id,
                       (embedding <=> %(vector)s::halfvec)
                       + %(share)s * coalesce(english <=> %(english)s::halfvec, 1) as distance
                  from curated_phrasings
                 where workspace_id = %(workspace_id)s
                   and embedding_model = %(model)s
                   and %(vector)s::halfvec is not null
                   and not exists (select from same)) p
         group by p.answer_id
    ), found as (
        select a.id, a.answer, s.distance
          from (select answer_id, -1 as distance from same union all select answer_id, distance from scored) s
          join curated_answers a
            on a.workspace_id = %(workspace_id)s
           and a.id = s.answer_id
           and {seen}
         order by s.distance, a.id desc
         limit %(answers)s
    )
    select f.id as answer_id, f.answer, f.distance < 0 as same_words, p.place, p.text, p.vector, p.english
      from found f
     cross join lateral (
            (select place, text, coalesce(halfvec_send(embedding), '') as vector,
                    coalesce(halfvec_send(english), '') as english
               from curated_phrasings
              where workspace_id = %(workspace_id)s
                and answer_id = f.id
                and place >= 0
                and (embedding_model = %(model)s or f.distance < 0)
              -- Vectors of another model may be of another width, which cannot be compared at all.
              order by case when embedding_model = %(model)s then embedding <=> %(vector)s::halfvec end, place
              limit %(phrasings)s)
            union all
            select place, '', halfvec_send(embedding), coalesce(halfvec_send(english), '')
              from curated_phrasings
             where workspace_id = %(workspace_id)s
               and answer_id = f.id
               and place < 0
               and embedding_model = %(model)s) p
     order by f.distance, f.id desc, p.place
"""


@dataclass(frozen=True)
class _Text:
    answer_id: UUID
    answer: str
    text: str


async def _texts(tx: Tx, view: View) -> list[_Text]:
    query: LiteralString = """
        select a.id as answer_id, a.answer, p.text
          from curated_phrasings p
          join curated_answers a on a.workspace_id = p.workspace_id and a.id = p.answer_id
         where p.workspace_id = %(workspace_id)s
           and p.place >= 0
           and {seen}
         order by a.id desc, p.place
         limit %(limit)s
    """
    return await tx.all(_Text, query.replace("{seen}", _SEEN[view]), workspace_id=tx.workspace_id, limit=MOST_READ)


def _by_words(question: str, texts: Sequence[_Text]) -> Match:
    """The answer whose phrasing has nearly the same words, when no other answer's has as many."""
    asked = set(wording(question).split())
    best: dict[UUID, tuple[float, str]] = {}
    for one in texts:
        words = set(wording(one.text).split())
        alike = 2 * len(asked & words) / max(len(asked) + len(words), 1)
        if alike > best.get(one.answer_id, (0.0, ""))[0]:
            best[one.answer_id] = alike, one.answer
    ordered = sorted(best.items(), key=lambda item: -item[1][0])[:2]
    if not ordered or ordered[0][1][0] < WORDS_ALIKE or (len(ordered) > 1 and ordered[1][1][0] == ordered[0][1][0]):
        return NOTHING
    answer_id, (alike, answer) = ordered[0]
    return Match(answer_id, answer, round(alike, 4))

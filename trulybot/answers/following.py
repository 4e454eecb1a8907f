"""
A question that goes on with a conversation ("and for students?"), understood from what was said before it.

What was said is mixed into what is looked up, each turn half as much as the one after it: its vector into the
question's, its words beside the question's. How much at all follows from two things that need no word of any language:
how near the question comes to something that was said, and how many telling words of its own it brings. A new subject
brings many, and is left alone. The figures stand in docs/quality.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import Literal

from trulybot.answers import intents
from trulybot.answers.language import detect
from trulybot.answers.models import Exchange
from trulybot.answers.search import Asked
from trulybot.answers.small_words import is_small
from trulybot.answers.usual import particular
from trulybot.documents.keywords import is_spaceless, question_terms
from trulybot.kit.log import get_logger
from trulybot.llm import minilm
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable

log = get_logger()

TURNS = 4  # of each side: the fifth would weigh a sixteenth
FADING = 0.5  # what a turn weighs beside the one after it; the last one weighs as much beside the question
TEXT_CHARACTERS = 300  # of each turn: what it is about stands at its beginning
MOST_TERMS = 48  # with the question's own; each costs the database time

# Near a logistic regression over doc2dial's conversations: 196 questions with what was said before them, against 331
# first questions with what was said before others.
NEARNESS_WEIGHT, NEW_WORD_WEIGHT, INTERCEPT = 7.0, -0.9, -2.0
MOST_NEW_WORDS = 6
DOUBT = 3.0  # log-odds from a question that stands alone to one that leans on all that was said
USUAL_NEARNESS = 0.55  # while the embedder is away


@dataclass(frozen=True)
class Said:
    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class _Recalled:
    """weight: 1 for the last turn of its side, and half as much with each turn further back."""

    text: str
    weight: float
    vector: Sequence[float] | None


def said_in(history: Sequence[Exchange]) -> list[Said]:
    """What was said about something: without greetings and thanks, and without answers that we did not have."""
    said: list[Said] = []
    for exchange in history:
        if intents.recognise(exchange.question) == "question":
            said.append(Said("user", exchange.question))
            if exchange.answered and exchange.answer:
                said.append(Said("assistant", exchange.answer))
    return said


async def understood(embedder: Embedder, asked: Asked, said: Sequence[Said]) -> Asked:
    """The question with what it leans on. said: oldest first. No transaction may be open while the embedder works."""
    if not said:
        return asked
    recalled = await _recalled(embedder, asked, said)
    leaning = _leaning(asked, recalled)
    if leaning <= 0:
        return asked
    weights = _weights(asked, recalled, leaning)
    vectors = dict(asked.vectors)
    if asked.vector is not None and all(one.vector is not None for one in recalled):
        # By other models, what was said has no vectors; and no heading asks for what only both of them say.
        vectors |= {asked.model: _mixed(asked.vector, recalled, leaning)}
        vectors.pop(minilm.MODEL, None)
    return replace(asked, terms=list(weights), weights=weights, vectors=vectors)


async def _recalled(embedder: Embedder, asked: Asked, said: Sequence[Said]) -> list[_Recalled]:
    weighed = [
        (one.text[:TEXT_CHARACTERS], FADING**place)
        for role in ("user", "assistant")
        for place, one in enumerate([one for one in reversed(said) if one.role == role][:TURNS])
    ]
    vectors: Sequence[Sequence[float] | None] = [None] * len(weighed)
    if asked.vector is not None:
        try:
            vectors = await embedder.embed_questions([text for text, _ in weighed])
        except EmbeddingsUnavailable:
            log.warning("embedder.unavailable")
    return [_Recalled(text, weight, vector) for (text, weight), vector in zip(weighed, vectors, strict=True)]


def _leaning(asked: Asked, recalled: Sequence[_Recalled]) -> float:
    """From 0, it stands alone, to 1, it leans on all that was said."""
    known = {term for one in recalled for term in question_terms(one.text)}
    new = sum(_telling(term) for term in asked.terms if term not in known)
    nearest = max((_nearness(asked, one) for one in recalled), default=USUAL_NEARNESS)
    odds = NEARNESS_WEIGHT * nearest + NEW_WORD_WEIGHT * min(new, MOST_NEW_WORDS) + INTERCEPT
    return max(0.0, min(1.0, 0.5 + odds / DOUBT))


def _telling(term: str) -> float:
    """A Chinese or Japanese word is about two of its pairs of characters."""
    if is_small(term):
        return 0.0
    return 0.5 if is_spaceless(term) else 1.0


def _nearness(asked: Asked, one: _Recalled) -> float:
    if asked.vector is None or one.vector is None:
        return USUAL_NEARNESS
    mine = particular(asked.vector, detect(asked.text), asked.model)
    theirs = particular(one.vector, detect(one.text), asked.model)
    return math.fsum(map(mul, mine, theirs)) / (math.hypot(*mine) * math.hypot(*theirs))


def _weights(asked: Asked, recalled: Sequence[_Recalled], leaning: float) -> Mapping[str, float]:
    """Each term with what it weighs: the question's own 1, the most telling of the others less."""
    others: dict[str, float] = {}
    for one in recalled:
        for term in question_terms(one.text):
            others[term] = max(others.get(term, 0.0), leaning * one.weight)
    own = dict.fromkeys(asked.terms, 1.0)
    added = [term for term in others if term not in own and not is_small(term)]
    added.sort(key=others.__getitem__, reverse=True)
    return {**own, **{term: others[term] for term in added[: max(0, MOST_TERMS - len(own))]}}


def _mixed(vector: Sequence[float], recalled: Sequence[_Recalled], leaning: float) -> Sequence[float]:
    mixed = list(vector)
    for one in recalled:
        if one.vector is not None:
            share = leaning * one.weight
            mixed = [value + share * other for value, other in zip(mixed, one.vector, strict=True)]
    length = math.hypot(*mixed)
    return [value / length for value in mixed]

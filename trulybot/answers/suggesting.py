"""
What can be asked next: headings, titles and questions of the knowledge, in its own words, near what was asked.

Nothing is translated: who asks in a language that the passages are not in is offered nothing. Each offer has been
asked before it is made, by the same search and the same evidence as a visitor's question; what that showed is
remembered until the knowledge changes, so that a busy workspace asks each heading once.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from trulybot.answers import evidence, search
from trulybot.answers.language import crosses_languages
from trulybot.answers.ranking import Ranked
from trulybot.answers.search import Asked
from trulybot.answers.small_words import telling
from trulybot.documents.keywords import terms
from trulybot.documents.sentences import sentences
from trulybot.kit.db import Database, Identity
from trulybot.llm.embeddings import Embedder

MOST = 3  # more would bury the answer on a phone
TRIED = 5  # some of what is near has no answer of its own: a heading over nothing, a title that says little
SHORTEST, LONGEST = 4, 80  # characters of a button
REMEMBERED = 20_000  # offers of all workspaces, some 5 MB

_FILE_NAME = re.compile(r"\S+\.\w{2,5}|[\w-]*\d{3,}[\w-]*|\S*_\S*")


@dataclass(frozen=True)
class Near:
    """
    What was found near a question, best first. asked: the question and those before it in the conversation.

    told: ids of the passages that the answer rests on. version: of the knowledge. enough: the confidence to answer.
    """

    found: Sequence[Ranked]
    asked: Sequence[str]
    told: frozenset[UUID]
    language: str
    version: int | None
    enough: float


class Suggesting:
    """Remembers how well each offer is answered."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[UUID, int, str], float] = OrderedDict()

    async def suggest(self, db: Database, who: Identity, embedder: Embedder, near: Near) -> list[str]:
        """At most three questions that would be answered."""
        workspace, version = who.workspace_id, near.version
        offered = list(offers(near))[:TRIED]
        if workspace is None or version is None or not offered:
            return []
        keys = {text: (workspace, version, text) for text in offered}
        good = list[str]()
        # The nearest first; the others only where those are not enough.
        for some in (offered[:MOST], offered[MOST:]):
            unknown = [text for text in some if keys[text] not in self._known]
            if unknown and len(good) < MOST:
                # A heading asks the same as itself to the model that knows English, so that one is not asked.
                asked = await asyncio.gather(*(search.ask(embedder, text, english=False) for text in unknown))
                for text, confidence in zip(unknown, await _tried(db, who, asked, near.language), strict=True):
                    self._known[keys[text]] = confidence
            good += [text for text in some if self._known.get(keys[text], 0.0) >= near.enough]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return good[:MOST]


async def _tried(db: Database, who: Identity, asked: Sequence[Asked], language: str) -> list[float]:
    """How well each is answered."""
    async with db.workspace(who) as tx:
        found = [await search.search(tx, one) for one in asked]
    return [evidence.confidence(what, language) for what in found]


def offers(near: Near) -> Iterator[str]:
    """What could be asked about the passages that were not told, nearest first, and was not asked yet."""
    known = [_telling(text) for text in near.asked]
    known += [_telling(_heading(passage)) for passage in near.found if passage.passage_id in near.told]
    for passage in near.found:
        if passage.passage_id in near.told or crosses_languages([passage.text], near.language):
            continue
        for text in _questions(passage):
            words = _telling(text)
            if words and not any(words <= other for other in known):
                known.append(words)
                yield text


def _questions(passage: Ranked) -> Iterator[str]:
    """The questions that stand in a passage, or else what it stands under."""
    asked = [sentence.text for sentence in sentences(passage.text) if sentence.text.endswith(("?", "？", "؟"))]
    for text in asked[:1] or [_heading(passage)]:
        if SHORTEST <= len(text) <= LONGEST and not _FILE_NAME.fullmatch(text):
            yield text


def _heading(passage: Ranked) -> str:
    return passage.heading.rpartition("›")[2].strip() or passage.title


def _telling(text: str) -> frozenset[str]:
    return frozenset(term for term in terms(text) if telling(term) == 1.0)

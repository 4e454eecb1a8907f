"""Questions of which we know whether the knowledge that they are put to answers them."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.evidence.collections import Document, Knowledge, asked
from bench.evidence.vectors import Vectors
from trulybot.answers.search import Asked, Found
from trulybot.documents.reading.models import Section

SHOPS = Path(__file__).parent / "shops.json"
# How often a collection of so many documents is drawn: half at random, half around one document, like a real one.
FAQ_CUTS = {5: 24, 10: 16, 20: 10, 50: 5, 80: 4}
GUIDE_CUTS = {1: 40, 3: 20, 8: 12, 20: 8, 60: 4, 100: 3}
XQUAD_CUTS = {5: 12, 20: 6, 60: 3, 240: 1}
A_CUT, AWAY, FAR = 12, 8, 4  # questions: with an answer, to documents that are not there, about anything


@dataclass(frozen=True)
class Example:
    """family: faq, guides, xquad, across or shops. far: a question about something else altogether."""

    family: str
    group: str
    answerable: bool
    far: bool
    asked: Asked
    found: Found


class Examples:
    def __init__(self, sets: Path, vectors: Vectors) -> None:
        self._random = random.Random(7)
        self._vectors = vectors
        self._sets = sets
        self._asked: dict[str, Asked] = {}
        self._foreign: list[str] = []

    def all(self) -> Iterator[Example]:
        guides = _lines(self._sets / "doc2dial" / "queries.jsonl")
        self._foreign = [one["text"] for one in guides if not one["answerable"]]
        for name in ("clinc150_val", "generic_support"):
            self._foreign += [one["text"] for one in _lines(self._sets / "intents" / f"{name}.jsonl")]
        yield from self._set("faq", FAQ_CUTS, lambda name: name)
        # A guide was cut into passages of one name and a number.
        yield from self._set("doc2dial", GUIDE_CUTS, lambda name: name.rpartition("-")[0])
        yield from self._xquad()
        for number, shop in enumerate(json.loads(SHOPS.read_text("utf-8"))):
            yield from self._shop(number, shop)

    def _set(self, name: str, cuts: Mapping[int, int], whole_of: Any) -> Iterator[Example]:
        family = {"faq": "faq", "doc2dial": "guides"}[name]
        knowledge, places = self._knowledge(self._sets / name / "corpus.jsonl", whole_of)
        questions = _lines(self._sets / name / "queries.jsonl")
        everything = range(len(knowledge.passages))
        for one in questions:
            yield self._ask(family, f"{family}-whole", knowledge, everything, one["text"], one["answerable"])
        of = defaultdict(list)
        for one in questions:
            for whole in {whole_of(document) for document in one["relevant"]}:
                of[whole].append(one["text"])
        for size, times in cuts.items():
            for time in range(times):
                chosen = self._draw(knowledge, places, size, around=bool(time % 2))
                yield from self._cut(family, f"{family}-{size}", knowledge, places, chosen, of)

    def _xquad(self) -> Iterator[Example]:
        questions = _lines(self._sets / "xquad" / "queries.jsonl")
        for file, language, others in (
            ("corpus", "en", ("es", "zh")),
            ("corpus_es", "es", ()),
            ("corpus_zh", "zh", ()),
        ):
            knowledge, places = self._knowledge(self._sets / "xquad" / f"{file}.jsonl", lambda name: name)
            for spoken in (language, *others):
                family = "xquad" if spoken == language else "across"
                of = defaultdict(list)
                for one in questions:
                    if one["lang"] == spoken:
                        of[one["relevant"][0]].append(one["text"])
                for size, times in XQUAD_CUTS.items():
                    for time in range(times):
                        chosen = self._draw(knowledge, places, size, around=bool(time % 2))
                        yield from self._cut(family, f"{spoken}-{language}-{size}", knowledge, places, chosen, of)

    def _shop(self, number: int, shop: Mapping[str, Any]) -> Iterator[Example]:
        """As one document with headings, and as one document for each heading; whole, and with parts left out."""
        title, parts = shop["title"], shop["passages"]
        one = [Document(title, title, [Section((heading,), text) for heading, text in parts.items()])]
        many = [Document(heading, heading, [Section((), text)]) for heading, text in parts.items()]
        for documents in (one, many):
            knowledge = Knowledge(documents, self._vectors)
            everything = range(len(knowledge.passages))
            group = f"shop-{number}"
            for question in shop["answerable"]:
                yield self._ask("shops", group, knowledge, everything, question, answerable=True)
            for question in shop["unanswerable"]:
                yield self._ask("shops", group, knowledge, everything, question, answerable=False)
            for _ in range(2):
                kept = sorted(self._random.sample(everything, max(4, len(everything) * 6 // 10)))
                there = {knowledge.passages[place].heading or knowledge.passages[place].title for place in kept}
                for question, heading in shop["answerable"].items():
                    if self._random.random() < 0.6:
                        yield self._ask("shops", f"{group}-cut", knowledge, kept, question, answerable=heading in there)

    def _cut(
        self,
        family: str,
        group: str,
        knowledge: Knowledge,
        places: Mapping[str, Sequence[int]],
        chosen: Sequence[str],
        of: Mapping[str, Sequence[str]],
    ) -> Iterator[Example]:
        among = [place for whole in chosen for place in places[whole]]
        there = [text for whole in chosen for text in of.get(whole, ())]
        # A question with answers in several documents is left out when one of them is there.
        away = [text for whole, texts in of.items() if whole not in chosen for text in texts if text not in there]
        away = self._random.sample(away, min(60, len(away)))
        if family == "faq":
            # Half of them the nearest: of entries about one product, that is what visitors ask. Among guides, the
            # nearest have too often an answer in what is there.
            away.sort(key=lambda text: -knowledge.nearest(self._question(text), among))
            away[AWAY // 2 :] = self._random.sample(away[AWAY // 2 :], max(0, len(away) - AWAY // 2))
        for text in self._random.sample(there, min(A_CUT, len(there))):
            yield self._ask(family, group, knowledge, among, text, answerable=True)
        for text in away[:AWAY]:
            yield self._ask(family, group, knowledge, among, text, answerable=False)
        for text in self._random.sample(self._foreign, FAR):
            yield self._ask(family, group, knowledge, among, text, answerable=False, far=True)

    def _ask(
        self,
        family: str,
        group: str,
        knowledge: Knowledge,
        among: Sequence[int],
        text: str,
        answerable: bool,
        far: bool = False,
    ) -> Example:
        question = self._question(text)
        return Example(family, group, answerable, far, question, knowledge.search(question, among))

    def _question(self, text: str) -> Asked:
        if text not in self._asked:
            (self._asked[text],) = asked([text], self._vectors)
        return self._asked[text]

    def _draw(self, knowledge: Knowledge, places: Mapping[str, Sequence[int]], size: int, *, around: bool) -> list[str]:
        wholes = list(places)
        first = self._random.choice(wholes)
        if not around:
            return [first, *self._random.sample([one for one in wholes if one != first], min(size, len(wholes)) - 1)]
        order = knowledge.near(places[first][0], [part for parts in places.values() for part in parts])
        whole_of = {part: whole for whole, parts in places.items() for part in parts}
        return list(dict.fromkeys(whole_of[part] for part in order))[:size]

    def _knowledge(self, corpus: Path, whole_of: Any) -> tuple[Knowledge, dict[str, list[int]]]:
        documents = [Document(one["id"], one["title"], [Section((), one["text"])]) for one in _lines(corpus)]
        knowledge = Knowledge(documents, self._vectors)
        places = defaultdict(list)
        for place, passage in enumerate(knowledge.passages):
            places[whole_of(passage.document)].append(place)
        return knowledge, places


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

"""
How many changed sentences the binding lets through: python -m bench.binding CORPUS.jsonl …

Sentences of 250 passages a set, as they stand, and with one figure, name or negation changed by a program. A figure
becomes greater by 1, 7 or 10; a name becomes another one of the set whose letters the passage does not hold. A number
in brackets ("[9]") is a mark of a source for us, and no figure.
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from trulybot.answers.binding import bound
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.documents.sentences import sentences

PASSAGES, SENTENCES = 250, 3
WORDS = range(6, 40)
_FIGURE = re.compile(r"(?<![\w.,/\[-])\d+(?![\w/\]-]|[.,]\d)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_SAYS = re.compile(r"\b(is|are|was|were|can|will|may|must)\b(?! not)")
_DENIES = re.compile(r"\b(not|never) ")


def main() -> None:
    for corpus in map(Path, sys.argv[1:]):
        texts = [json.loads(line)["text"] for line in corpus.read_text("utf-8").splitlines()]
        chance = random.Random(5)  # the same sentences every time
        chance.shuffle(texts)
        names = sorted({name for text in texts for name in _NAME.findall(text)})
        asked, right = Counter[str](), Counter[str]()
        for text in texts[:PASSAGES]:
            for kind, sentence in _sentences(text, names, chance):
                held = bound(f"{sentence} [1]", [_passage(text)], translated=False) is not None
                asked[kind] += 1
                right[kind] += held == (kind == "kept")
        print(corpus.parent.name, *(f"{kind} {right[kind] / asked[kind]:.3f} of {asked[kind]}" for kind in asked))


def _sentences(text: str, names: Sequence[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    whole = [one.text for one in sentences(text) if len(one.text.split()) in WORDS]
    for sentence in chance.sample(whole, min(SENTENCES, len(whole))):
        yield "kept", sentence
        if figures := list(_FIGURE.finditer(sentence)):
            figure = chance.choice(figures)
            yield "figure", _with(sentence, figure, str(int(figure[0]) + chance.choice([1, 7, 10])))
        if says := _SAYS.search(sentence):
            yield "negated", _with(sentence, says, f"{says[0]} not")
        if denies := _DENIES.search(sentence):
            yield "affirmed", _with(sentence, denies, "")
        if named := list(_NAME.finditer(sentence)):
            other = chance.choice(names)
            if other.casefold() not in text.casefold():
                yield "name", _with(sentence, chance.choice(named), other)


def _with(sentence: str, place: re.Match[str], other: str) -> str:
    return sentence[: place.start()] + other + sentence[place.end() :]


def _passage(text: str) -> Ranked:
    return Ranked(Candidate(UUID(int=1), UUID(int=1), None, "", None, "", text, None, (), 0.0), 0.9, 0.9, 0.5)


if __name__ == "__main__":
    main()

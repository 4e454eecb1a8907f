"""
A golden set: a folder with `corpus.jsonl` and `queries.jsonl`, one JSON object a line.

A passage has `id`, `title`, `text`. A question has `id`, `text`, `relevant` (ids of passages), `answerable`, and
may have `answers`, `lang`. The same passages in another language stand in `corpus_es.jsonl`, and are asked for in it;
`answers_en` are then the answers in the language of `corpus.jsonl`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    relevant: frozenset[str]
    answers: tuple[str, ...]
    answerable: bool


@dataclass(frozen=True)
class Pair:
    """Questions of one language about passages of one language."""

    name: str
    corpus: Path
    questions: Sequence[Question]

    def documents(self) -> list[dict[str, str]]:
        return [
            {"external_id": passage["id"], "title": passage["title"], "text": passage["text"]}
            for passage in _lines(self.corpus)
        ]


def pairs(folder: Path) -> Iterator[Pair]:
    asked = _lines(folder / "queries.jsonl")
    languages = sorted({question.get("lang", "") for question in asked})
    first = languages[0] if len(languages) == 1 else "en"
    for corpus in sorted(folder.glob("corpus*.jsonl")):
        written = corpus.stem.partition("_")[2]
        for language in languages:
            if not written or written == language:
                questions = [_question(one, written) for one in asked if one.get("lang", "") == language]
                arrow = f" {language}→{written or first}" if language else ""
                yield Pair(f"{folder.name}{arrow}", corpus, questions)


def _question(line: dict[str, Any], written: str) -> Question:
    answers = line.get("answers", ()) if written else line.get("answers_en", line.get("answers", ()))
    return Question(line["id"], line["text"], frozenset(line["relevant"]), tuple(answers), line["answerable"])


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]

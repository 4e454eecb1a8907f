"""
A golden set: a folder with `corpus.jsonl` and `queries.jsonl`, one JSON object a line.

A passage has `id`, `title`, `text`. A question has `id`, `text`, `relevant` (ids of passages), `answerable`, and
may have `answers`, `lang`, and `history`: what was said before it, as `{"role": "user" | "assistant", "text"}`.
`queries_follow_up.jsonl` holds further questions about the same passages, told apart in the results. The same passages
in another language stand in `corpus_es.jsonl`, and are asked for in it; `answers_en` are then the answers in the
language of `corpus.jsonl`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NotGolden(Exception):
    """{what}"""

    def __init__(self, what: str) -> None:
        super().__init__(what)


@dataclass(frozen=True)
class Golden:
    """
    A question, with what its answer must be.

    relevant: what documents hold the answer, by name; none when that is not known. answers: what the answer may say,
    any of them. history: the earlier turns, as (role, text).
    """

    id: str
    text: str
    relevant: frozenset[str]
    answers: tuple[str, ...]
    answerable: bool
    history: tuple[tuple[str, str], ...] = ()
    language: str = ""


@dataclass(frozen=True)
class Leg:
    """Questions of one language about passages of one language."""

    name: str
    corpus: Path
    questions: Sequence[Golden]

    def documents(self) -> list[dict[str, str]]:
        return [
            {"external_id": passage["id"], "title": passage["title"], "text": passage["text"]}
            for passage in _lines(self.corpus)
        ]


def legs(folder: Path) -> Iterator[Leg]:
    """
    Everything that a folder asks, one corpus after the other.

    Raises:
        NotGolden: It is not such a folder, or a line of it cannot be read.
    """
    files = sorted(folder.glob("queries*.jsonl"))
    corpora = sorted(folder.glob("corpus*.jsonl"))
    if not files or not corpora:
        raise NotGolden(f"{folder} holds no corpus.jsonl or no queries.jsonl")
    asked = {file.stem.partition("_")[2].replace("_", " "): _lines(file) for file in files}
    languages = sorted({line.get("lang", "") for lines in asked.values() for line in lines})
    first = languages[0] if len(languages) == 1 else "en"
    for corpus in corpora:
        written = corpus.stem.partition("_")[2]
        for kind, lines in asked.items():
            for language in languages:
                questions = [_question(line, written, folder) for line in lines if line.get("lang", "") == language]
                if questions and (not written or written == language):
                    arrow = f"{language}→{written or first}" if language else ""
                    yield Leg(" ".join(filter(None, (folder.name, kind, arrow))), corpus, questions)


def _question(line: dict[str, Any], written: str, folder: Path) -> Golden:
    answers = line.get("answers", ()) if written else line.get("answers_en", line.get("answers", ()))
    try:
        return Golden(
            id=line["id"],
            text=line["text"],
            relevant=frozenset(line["relevant"]),
            answers=tuple(answers),
            answerable=line["answerable"],
            history=tuple((turn["role"], turn["text"]) for turn in line.get("history", ())),
            language=line.get("lang", ""),
        )
    except KeyError as error:
        raise NotGolden(f"a line of {folder}/queries.jsonl has no {error}") from None


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise NotGolden(f"{path} is not one JSON object a line: {error}") from None

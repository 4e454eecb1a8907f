"""How well the product finds and answers, asked through its public API."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.golden import Pair, Question, pairs
from bench.product import Http, Workspace, running
from bench.table import show

PLACES = 10
LOOKED_AT = 50  # passages a question; several may be of one document


@dataclass(frozen=True)
class Asked:
    """documents: ids in the order found. reply: as `POST /api/chat` answered."""

    question: Question
    documents: Sequence[str]
    reply: Mapping[str, Any]


def run(folders: Sequence[Path], port: int) -> None:
    rows = []
    with TemporaryDirectory(prefix="trulybot-bench-") as place, running(Path(place, "data"), port) as product:
        found = [pair for folder in folders for pair in pairs(folder)]
        for corpus, group in groupby(found, key=lambda pair: pair.corpus):
            workspace = product.workspace(str(corpus))
            rows += [_row(pair, workspace) for pair in _filled(workspace, list(group))]
    show(("set", "Recall@1", "Recall@5", "nDCG@10", "AUROC", "answered", "refused", "quote holds"), rows)


def _filled(workspace: Workspace, asked: list[Pair]) -> list[Pair]:
    workspace.take_in(asked[0].documents())
    workspace.wait_until_ready()
    return asked


def _row(pair: Pair, workspace: Workspace) -> tuple[str, ...]:
    asked = [_ask(workspace.program, question) for question in pair.questions]
    good = [one for one in asked if one.question.answerable]
    bad = [one for one in asked if not one.question.answerable]
    told = [one for one in good if one.question.answers]
    return (
        pair.name,
        _share([_gain(one, 1) > 0 for one in good]),
        _share([_gain(one, 5) > 0 for one in good]),
        _share([_ndcg(one) for one in good]),
        _share([auroc([_confidence(one) for one in good], [_confidence(one) for one in bad])]) if bad else "",
        _share([one.reply["answered"] for one in good]),
        _share([not one.reply["answered"] for one in bad]),
        _share([_holds(one) for one in told]),
    )


def _ask(program: Http, question: Question) -> Asked:
    results = program.post("/api/search", {"query": question.text, "limit": LOOKED_AT})["results"]
    documents = list(dict.fromkeys(result["external_id"] for result in results))
    return Asked(question, documents, program.post("/api/chat", {"message": question.text}))


def _gain(asked: Asked, places: int) -> int:
    return len(asked.question.relevant.intersection(asked.documents[:places]))


def _ndcg(asked: Asked) -> float:
    relevant = asked.question.relevant
    found = sum(1 / math.log2(place + 2) for place, id in enumerate(asked.documents[:PLACES]) if id in relevant)
    return found / sum(1 / math.log2(place + 2) for place in range(min(PLACES, len(relevant))))


def auroc(good: Sequence[float], bad: Sequence[float]) -> float:
    """How often a good one is above a bad one; a tie counts half."""
    above = sum((one > other) + 0.5 * (one == other) for one in good for other in bad)
    return above / (len(good) * len(bad))


def _confidence(asked: Asked) -> float:
    return float(asked.reply["confidence"])


def _holds(asked: Asked) -> bool:
    """Whether the answer's words hold the golden ones."""
    said = _plain(asked.reply["answer"])
    return asked.reply["answered"] and any(_plain(answer) in said for answer in asked.question.answers)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _share(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else ""

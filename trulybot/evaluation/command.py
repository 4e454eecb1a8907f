"""`trulybot eval`: ask golden sets, say how it went, and what changed since the last time."""

import asyncio
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trulybot.evaluation import baselines, report
from trulybot.evaluation.asking import LOOKED_AT, ask_all
from trulybot.evaluation.figures import auroc, figures, reliability
from trulybot.evaluation.golden import Golden, Leg, legs
from trulybot.evaluation.judging import Outcome, judge
from trulybot.evaluation.server import LOOK_SECONDS, CannotMeasure, Http, Served, serving
from trulybot.llm.embeddings import OpenAIEmbedder

_OUTCOMES = TypeAdapter(dict[str, list[Outcome]])
_RESULTS = TypeAdapter(list[Outcome])
_NOTHING = {"answer": "", "answered": False, "source": "", "citations": [], "usage": {"cost_usd": "0"}}

Rows = list[tuple[str, str, Mapping[str, float | None]]]


def of_folders(folders: Sequence[Path], *, kept: Path, beside: bool, json_file: Path | None) -> None:
    """
    Ask golden folders of a server of their own. kept: where the last run of each stays. beside: baselines too.

    Raises:
        NotGolden: A folder is none.
        CannotMeasure: The server does not do what it should.
    """
    found = [leg for folder in folders for leg in legs(folder)]
    runs: dict[str, list[Outcome]] = {}
    others: Rows = []
    with TemporaryDirectory(prefix="trulybot-eval-") as place:
        Path(place).chmod(0o711)  # PostgreSQL runs as another user when we are root
        with serving(Path(place, "data"), secret_key=secrets.token_hex(32), env=os.environ) as served:
            for corpus, group in groupby(found, key=lambda leg: leg.corpus):
                of_corpus = list(group)
                runs |= _asked(served, corpus, of_corpus)
                if beside:
                    others += asyncio.run(_baselines(served, of_corpus, runs))
    tell(runs, kept=kept, others=others, json_file=json_file)


def of_workspace(url: str, key: str, name: str | None, *, kept: Path, json_file: Path | None) -> None:
    """
    Have a server that runs ask a workspace's own golden sets. key: of that workspace. name: this set alone.

    Raises:
        CannotMeasure: The server refuses, or there is no such set.
    """
    program = Http(url, key)
    found = [one for one in program.get("/api/golden-sets?limit=200")["items"] if name in (None, one["name"])]
    if not found:
        raise CannotMeasure("the workspace has no golden set" + (f" “{name}”" if name else ""))
    runs: dict[str, list[Outcome]] = {}
    for one in found:
        run = program.post(f"/api/golden-sets/{one['id']}/runs", None)
        progress = _progress(one["name"])
        while run["ended_at"] is None:
            time.sleep(LOOK_SECONDS)
            run = program.get(f"/api/golden-runs/{run['id']}")
            progress(run["asked"], run["questions"])
        if run["status"] == "failed":
            raise CannotMeasure(f"the run of “{one['name']}” was given up")
        runs[one["name"]] = _RESULTS.validate_python(run["results"])
    tell(runs, kept=kept, others=[], json_file=json_file)


def tell(runs: Mapping[str, Sequence[Outcome]], *, kept: Path, others: Rows, json_file: Path | None) -> None:
    """Print a run beside the last one of the same sets, and keep it in its place."""
    before = {leg: found for leg in runs if (found := _last(kept, leg))}
    lines = [*report.summary(runs), *report.calibration(runs)]
    if others:
        lines += report.baselines(others)
    if before:
        lines += report.comparison(before, runs)
    sys.stdout.write("\n".join(lines).rstrip() + "\n")
    sys.stdout.flush()
    _keep(kept, runs)
    if json_file is not None:
        json_file.write_text(json.dumps(_whole(runs, others), ensure_ascii=False, indent=1), "utf-8")


def _asked(served: Served, corpus: Path, found: Sequence[Leg]) -> dict[str, list[Outcome]]:
    workspace = served.workspace(corpus.parent.name)
    _say(f"{corpus}: taking it in")
    workspace.take_in(found[0].documents())
    workspace.wait_until_ready()
    return {leg.name: ask_all(workspace.program, leg.questions, _progress(leg.name)) for leg in found}


async def _baselines(served: Served, found: Sequence[Leg], ours: Mapping[str, Sequence[Outcome]]) -> Rows:
    _say(f"{found[0].corpus}: baselines")
    documents = found[0].documents()
    texts = [f"{document['title']}\n{document['text']}" for document in documents]
    names = [document["external_id"] for document in documents]
    embedder = OpenAIEmbedder.local(served.data / "embedder.sock")
    rows: Rows = []
    try:
        read = await baselines.read(embedder, texts)
        for leg in found:
            asked = [question.text for question in leg.questions]
            words = baselines.bm25(texts, asked, _written(leg))
            meaning = await baselines.dense(embedder, read, asked)
            rows.append((leg.name, "TrulyBot", figures(ours[leg.name])))
            for who, scores in (
                ("BM25", words),
                ("embeddings", meaning),
                ("both, summed", baselines.convex(words, meaning)),
            ):
                rows.append((leg.name, who, _figures_of(leg.questions, names, scores)))
    finally:
        await embedder.close()
    return rows


def _figures_of(
    questions: Sequence[Golden], names: Sequence[str], scores: baselines.Scores
) -> Mapping[str, float | None]:
    outcomes = [
        judge(question, [names[at] for at in order[:LOOKED_AT]], {**_NOTHING, "confidence": 0.0}, "external_id", 0.0)
        for question, order in zip(questions, baselines.order(scores), strict=True)
    ]
    best = scores.max(axis=1)
    good = [score for score, question in zip(best, questions, strict=True) if question.answerable]
    bad = [score for score, question in zip(best, questions, strict=True) if not question.answerable]
    return {**figures(outcomes), "auroc": auroc(good, bad) if good and bad else None}


def _written(leg: Leg) -> str:
    """The language of a leg's passages: that of `corpus_es.jsonl`, or else English."""
    return leg.corpus.stem.partition("_")[2] or "en"


def _whole(runs: Mapping[str, Sequence[Outcome]], others: Rows) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(),
        "sets": {
            leg: {
                "figures": figures(outcomes),
                "reliability": [asdict(one) for one in reliability(outcomes)],
                "questions": [asdict(one) for one in outcomes],
            }
            for leg, outcomes in runs.items()
        },
        "baselines": [{"set": leg, "by": who, "figures": found} for leg, who, found in others if who != "TrulyBot"],
    }


def _file(kept: Path, leg: str) -> Path:
    return kept / (re.sub(r"\W+", "-", leg.replace("→", "-")).strip("-") + ".json")


def _last(kept: Path, leg: str) -> list[Outcome]:
    with suppress(OSError, ValidationError):
        return _OUTCOMES.validate_json(_file(kept, leg).read_bytes())[leg]
    return []


def _keep(kept: Path, runs: Mapping[str, Sequence[Outcome]]) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    for leg, outcomes in runs.items():
        _file(kept, leg).write_bytes(_OUTCOMES.dump_json({leg: list(outcomes)}))


def _progress(name: str) -> Any:
    def show(done: int, of: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{name}: {done} of {of}" + ("\n" if done == of else ""))
            sys.stderr.flush()
        elif done == of:
            _say(f"{name}: {of} questions asked")

    return show


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")

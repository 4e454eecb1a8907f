"""`trulybot eval` from its start to its table, on a shop of five passages."""

import json
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).parent / "shop"


def evaluate(kept: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "trulybot", "eval", "--data-dir", str(kept), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_a_folder_is_asked_beside_its_baselines_and_compared_with_the_last_time(tmp_path):
    kept = tmp_path / "kept"
    worse = {"shop": [{**answer, "ranks": [], "right": False, "holds": False} for answer in a_run()]}
    (kept / "evaluations").mkdir(parents=True)
    (kept / "evaluations" / "shop.json").write_text(json.dumps(worse))

    done = evaluate(kept, str(SHOP), "--baselines", "--json", str(tmp_path / "all.json"))

    assert done.returncode == 0, done.stderr
    whole = json.loads((tmp_path / "all.json").read_text())
    found = whole["sets"]["shop"]["figures"]
    assert (found["recall_1"], found["holds"], found["refused"], found["grounded"]) == (1, 1, 1, 1)
    assert {one["by"] for one in whole["baselines"]} == {"BM25", "embeddings", "both, summed"}
    assert len(whole["sets"]["shop follow up"]["questions"]) == 1
    assert "4 turned right, 0 turned wrong" in done.stdout
    again = json.loads((kept / "evaluations" / "shop.json").read_text())["shop"]
    assert [one["id"] for one in again] == ["q1", "q2", "q3", "q4", "q5", "q6"]


def test_a_folder_that_is_none_is_one_line(tmp_path):
    done = evaluate(tmp_path, str(tmp_path))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corpus.jsonl" in done.stderr


def a_run() -> list[dict[str, object]]:
    """What an earlier run might have kept of the four questions that have an answer."""
    asked = [json.loads(line) for line in (SHOP / "queries.jsonl").read_text().splitlines()]
    return [
        {
            "id": one["id"],
            "question": one["text"],
            "answerable": True,
            "relevant": 1,
            "answer": "We open at nine.",
            "answered": True,
            "source": "documents",
            "confidence": 0.5,
            "in_common": 0.0,
            "cited": False,
            "grounded": 1.0,
            "latency_ms": 10.0,
            "cost_usd": 0.0,
        }
        for one in asked
        if one["answerable"]
    ]

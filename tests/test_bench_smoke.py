import json

import pytest

from bench import corpus, golden, quality


def test_the_passages_of_the_bench_are_the_same_every_time():
    assert corpus.documents(50) == corpus.documents(50)
    assert len(set(corpus.questions(50))) == 50


def test_a_golden_set_is_asked_in_each_of_its_languages(tmp_path):
    passage = {"id": "p1", "title": "Returns", "text": "Thirty days."}
    question = {"id": "q1", "text": "How long?", "relevant": ["p1"], "answerable": True}
    spanish = {**question, "text": "¿Cuánto?", "lang": "es", "answers": ["treinta"], "answers_en": ["thirty"]}
    for name in ("corpus.jsonl", "corpus_es.jsonl"):
        (tmp_path / name).write_text(json.dumps(passage))
    (tmp_path / "queries.jsonl").write_text(json.dumps({**question, "lang": "en"}) + "\n" + json.dumps(spanish))

    pairs = list(golden.pairs(tmp_path))

    assert [pair.name.partition(" ")[2] for pair in pairs] == ["en→en", "es→en", "es→es"]
    assert [pair.questions[0].answers for pair in pairs] == [(), ("thirty",), ("treinta",)]


def test_auroc_is_how_often_a_good_one_is_above_a_bad_one():
    assert quality.auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx(0.875)

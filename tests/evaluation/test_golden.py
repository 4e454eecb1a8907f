"""What a folder asks."""

import json

import pytest

from trulybot.evaluation.golden import NotGolden, legs

QUESTION = {"id": "q1", "text": "How long?", "relevant": ["p1"], "answerable": True}


def test_a_golden_set_is_asked_in_each_of_its_languages(tmp_path):
    passage = {"id": "p1", "title": "Returns", "text": "Thirty days."}
    spanish = {**QUESTION, "text": "¿Cuánto?", "lang": "es", "answers": ["treinta"], "answers_en": ["thirty"]}
    for name in ("corpus.jsonl", "corpus_es.jsonl"):
        (tmp_path / name).write_text(json.dumps(passage))
    (tmp_path / "queries.jsonl").write_text(json.dumps({**QUESTION, "lang": "en"}) + "\n" + json.dumps(spanish))

    found = list(legs(tmp_path))

    assert [leg.name.partition(" ")[2] for leg in found] == ["en→en", "es→en", "es→es"]
    assert [leg.questions[0].answers for leg in found] == [(), ("thirty",), ("treinta",)]


def test_further_questions_about_the_same_passages_are_told_apart(tmp_path):
    (tmp_path / "corpus.jsonl").write_text("")
    (tmp_path / "queries.jsonl").write_text(json.dumps(QUESTION))
    history = [{"role": "user", "text": "Can I return it?"}, {"role": "assistant", "text": "Yes."}]
    (tmp_path / "queries_follow_up.jsonl").write_text(json.dumps({**QUESTION, "history": history}))

    plain, follow_up = legs(tmp_path)

    assert (plain.name, follow_up.name) == (tmp_path.name, f"{tmp_path.name} follow up")
    assert follow_up.questions[0].history == (("user", "Can I return it?"), ("assistant", "Yes."))


@pytest.mark.parametrize("line", ["not json", '{"id": "q1"}'])
def test_a_line_that_cannot_be_read_is_named(tmp_path, line):
    (tmp_path / "corpus.jsonl").write_text("")
    (tmp_path / "queries.jsonl").write_text(line)

    with pytest.raises(NotGolden, match=r"queries\.jsonl"):
        list(legs(tmp_path))


def test_a_folder_without_questions_is_none(tmp_path):
    with pytest.raises(NotGolden):
        list(legs(tmp_path))

"""Golden sets of a workspace: made of what people ask, asked again by the worker, and compared with the last time."""

import asyncio
from types import SimpleNamespace
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest

from tests.world import Person, World
from trulybot.evaluation.golden import Golden
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.sets import runs
from trulybot.workspaces.identity import Member

RETURNS = "You may send back anything unused within 30 days. Send it in its own box."
HOURS = "The workshop is open from nine to six on weekdays, and closed on Sundays."


async def shop(world: World) -> Person:
    alice = await world.alice()
    await alice.knows(RETURNS, title="Returns", external_id="returns")
    await alice.knows(HOURS, title="Opening hours", external_id="hours")
    await world.work()
    return alice


async def golden(person: Person, **body: Any) -> str:
    made = await person.post("/api/golden-sets", {"name": "What people ask"})
    assert made.status_code == 201, made.text
    set_id = str(made.json()["id"])
    added = await person.post(f"/api/golden-sets/{set_id}/questions", body)
    assert added.status_code == 201, added.text
    return set_id


async def questions(person: Person, set_id: str) -> list[dict[str, Any]]:
    return list((await person.get(f"/api/golden-sets/{set_id}/questions")).json()["items"])


async def asked(world: World, person: Person, set_id: str) -> dict[str, Any]:
    begun = await person.post(f"/api/golden-sets/{set_id}/runs")
    assert begun.status_code == 202, begun.text
    await world.work()
    return dict((await person.get(f"/api/golden-runs/{begun.json()['id']}")).json())


WRITTEN = [
    {"question": "How long do I have to send something back?", "answers": ["30 days"]},
    {"question": "Are you open on Sundays?", "answers": ["closed on Sundays"]},
    {"question": "What is the capital of Mongolia?", "must_refuse": True},
]


async def test_a_set_is_asked_and_a_change_of_the_knowledge_shows_what_turned_wrong(world: World):
    alice = await shop(world)
    set_id = await golden(alice, questions=WRITTEN)

    first = await asked(world, alice, set_id)
    await alice.knows(RETURNS.replace("30", "14"), title="Returns", external_id="returns")
    await world.work()
    second = await asked(world, alice, set_id)

    assert (first["status"], first["asked"], first["figures"]["right"]) == ("done", 3, 1.0)
    assert first["before"] is None
    assert second["before"]["id"] == first["id"]
    assert second["figures"]["right"] == pytest.approx(2 / 3, abs=1e-3)
    worst = second["results"][0]
    assert (worst["question"], worst["right"]) == (WRITTEN[0]["question"], False)
    assert second["turned"] == {"right": [], "wrong": [worst["id"]]}
    listed = (await alice.get(f"/api/golden-sets/{set_id}/runs")).json()["items"]
    assert [run["id"] for run in listed] == [second["id"], first["id"]]


async def test_a_real_question_is_kept_with_what_was_said_before_it_and_what_it_rested_on(world: World):
    alice = await shop(world)
    visitor = await alice.visitor()
    before = await visitor.asks("How long do I have to send something back?")
    turn = await visitor.asks("When is the workshop open?", conversation_id=before["conversation_id"])

    set_id = await golden(alice, messages=[{"message_id": turn["message_id"]}])

    (kept,) = await questions(alice, set_id)
    assert (kept["question"], kept["origin"]) == ("When is the workshop open?", "question")
    assert kept["document_ids"] == [turn["citations"][0]["document_id"]]
    assert [said["role"] for said in kept["history"]] == ["user", "assistant"]


async def test_misses_and_thumbs_down_are_offered_until_they_are_in_the_set(world: World):
    alice = await shop(world)
    visitor = await alice.visitor()
    miss = await visitor.asks("What is the capital of Mongolia?")
    disliked = await visitor.asks("When is the workshop open?")
    await visitor.asks("How long do I have to send something back?")
    await visitor.post(
        f"/api/chat/{disliked['message_id']}/feedback", {"rating": "down", "comment": "Not on holidays."}
    )
    set_id = await golden(alice, questions=WRITTEN[:1])

    offers = (await alice.get(f"/api/golden-sets/{set_id}/offers")).json()["items"]
    keep = {"message_id": miss["message_id"], "expected": {"must_refuse": True}}
    await alice.post(f"/api/golden-sets/{set_id}/questions", {"messages": [keep]})
    rest = (await alice.get(f"/api/golden-sets/{set_id}/offers")).json()["items"]

    assert [(one["origin"], one["comment"]) for one in offers] == [("thumbs_down", "Not on holidays."), ("miss", None)]
    assert [one["message_id"] for one in rest] == [disliked["message_id"]]
    assert {one["origin"] for one in await questions(alice, set_id)} == {"written", "miss"}


@pytest.mark.parametrize(
    "file",
    [
        '{"text": "How long?", "answers": ["30 days", "a month"], "answerable": true}\n'
        '{"question": "Who?", "must_refuse": true}',
        "question,answers,must_refuse\nHow long?,30 days | a month,\nWho?,,yes\n",
        "\ufeffquestion;answer;answerable\nHow long?;30 days|a month;1\nWho?;;0\n",
    ],
)
async def test_a_file_of_questions_is_read(world: World, file: str):
    alice = await world.alice()

    set_id = await golden(alice, file=file)

    kept = {one["question"]: one for one in await questions(alice, set_id)}
    assert kept["How long?"]["answers"] == ["30 days", "a month"]
    assert kept["Who?"]["must_refuse"]
    assert {one["origin"] for one in kept.values()} == {"file"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"file": '{"question": "How long?"}\nnot json'}, "file, line 2"),
        ({"file": "answers\n30 days"}, "file, line 2"),
        ({"file": '{"question": "How?", "history": [{"role": "system", "text": "Obey"}]}'}, "file, line 1"),
        ({"file": ""}, "file"),
        ({}, ""),
        ({"questions": [{"question": "How?", "answers": ["so"], "must_refuse": True}]}, "questions"),
    ],
)
async def test_what_is_no_question_is_refused_by_its_line(world: World, body: dict[str, Any], field: str):
    alice = await world.alice()
    set_id = (await alice.post("/api/golden-sets", {"name": "Mine"})).json()["id"]

    response = await alice.post(f"/api/golden-sets/{set_id}/questions", body)

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"].startswith(field)


async def test_an_expectation_is_changed_and_a_question_taken_out(world: World):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN)
    last, first, _ = sorted(await questions(alice, set_id), key=lambda one: one["question"], reverse=True)

    changed = await alice.patch(f"/api/golden-questions/{first['id']}", {"answers": ["14 days"]})
    removed = await alice.delete(f"/api/golden-questions/{last['id']}")

    assert changed.json()["answers"] == ["14 days"]
    assert removed.status_code == 204
    assert (await alice.get(f"/api/golden-sets/{set_id}")).json()["questions"] == 2


async def test_one_run_at_a_time_and_none_of_nothing(world: World):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN)
    empty = (await alice.post("/api/golden-sets", {"name": "Empty"})).json()["id"]

    nothing = await alice.post(f"/api/golden-sets/{empty}/runs")
    await alice.post(f"/api/golden-sets/{set_id}/runs")
    second = await alice.post(f"/api/golden-sets/{set_id}/runs")
    again = await alice.post("/api/golden-sets", {"name": "Empty"})

    assert nothing.json()["error"]["code"] == "golden_set_empty"
    assert second.json()["error"]["code"] == "golden_run_in_progress"
    assert again.json()["error"]["code"] == "golden_set_exists"
    await world.work()


async def test_a_stranger_finds_nothing_and_promotes_nothing(world: World):
    alice, charlie = await shop(world), await world.charlie()
    turn = await alice.asks("When is the workshop open?")
    set_id = await golden(alice, questions=WRITTEN[:1])
    run = (await alice.post(f"/api/golden-sets/{set_id}/runs")).json()["id"]
    question = (await questions(alice, set_id))[0]["id"]
    own = (await charlie.post("/api/golden-sets", {"name": "Charlie's"})).json()["id"]

    responses = [
        await charlie.get(f"/api/golden-sets/{set_id}/questions"),
        await charlie.get(f"/api/golden-sets/{set_id}/offers"),
        await charlie.get(f"/api/golden-runs/{run}"),
        await charlie.post(f"/api/golden-sets/{set_id}/questions", {"questions": WRITTEN}),
        await charlie.post(f"/api/golden-sets/{set_id}/runs"),
        await charlie.patch(f"/api/golden-questions/{question}", {"must_refuse": True}),
        await charlie.delete(f"/api/golden-questions/{question}"),
        await charlie.delete(f"/api/golden-sets/{set_id}"),
        await charlie.post(f"/api/golden-sets/{own}/questions", {"messages": [{"message_id": turn["message_id"]}]}),
    ]

    assert {response.status_code for response in responses} == {404}
    assert [one["id"] for one in (await charlie.get("/api/golden-sets")).json()["items"]] == [own]
    await world.work()


async def test_of_runs_that_are_begun_at_the_same_time_one_is_asked(world: World):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN[:1])

    begun = await asyncio.gather(*(alice.post(f"/api/golden-sets/{set_id}/runs") for _ in range(4)))

    assert sorted(response.status_code for response in begun) == [202, 409, 409, 409]
    await world.work()


async def test_a_long_run_is_asked_in_turns(world: World, monkeypatch: pytest.MonkeyPatch):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN)
    spent = iter(float(at) for at in range(0, 10_000, 15))  # of a turn, by every look at the clock
    turns = []
    ask = runs.ask

    async def counted(*given: Any) -> bool:
        turns.append(await ask(*given))
        return turns[-1]

    monkeypatch.setattr(runs, "ask", counted)
    monkeypatch.setattr(runs, "time", SimpleNamespace(monotonic=lambda: next(spent), perf_counter=lambda: 0.0))
    run = await asked(world, alice, set_id)

    assert (run["status"], run["asked"]) == ("done", 3)
    assert turns == [True, True, False]


async def test_a_question_that_always_raises_fails_and_the_run_goes_on(world: World, monkeypatch: pytest.MonkeyPatch):
    alice = await shop(world)
    set_id = await golden(alice, questions=WRITTEN)
    judge, broken = runs.judge, 0

    def breaks(golden: Golden, *given: Any) -> Outcome:
        nonlocal broken
        if golden.text == WRITTEN[2]["question"]:
            broken += 1
            raise ZeroDivisionError
        return judge(golden, *given)

    monkeypatch.setattr(runs, "judge", breaks)
    run = await asked(world, alice, set_id)

    assert (run["status"], run["asked"], broken) == ("done", 3, runs.TRIES)
    assert [(one["question"], one["right"]) for one in run["results"] if one["failed"]] == [
        (WRITTEN[2]["question"], False)
    ]
    assert run["figures"]["right"] == pytest.approx(2 / 3, abs=1e-3)


async def test_a_run_whose_job_is_lost_can_be_begun_again(world: World, superuser_of_the_database: str):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN[:1])
    lost = (await alice.post(f"/api/golden-sets/{set_id}/runs")).json()["id"]
    async with await psycopg.AsyncConnection.connect(superuser_of_the_database, autocommit=True) as superuser:
        await superuser.execute("delete from queue.procrastinate_jobs where queue_name = 'evaluation'")
        await superuser.execute(
            "update public.golden_runs set heard_at = now() - interval '2 hours' where id = %s", (lost,)
        )

    run = await asked(world, alice, set_id)

    assert run["status"] == "done"
    assert (await alice.get(f"/api/golden-runs/{lost}")).json()["status"] == "failed"


@pytest.mark.parametrize(
    "change",
    [
        "update golden_runs set status = 'done'",
        "update golden_runs set ended_at = now()",
        "update golden_runs set figures = '{}'",
    ],
)
async def test_nobody_but_the_worker_says_how_a_run_went(world: World, change: LiteralString):
    alice = await world.alice()
    set_id = await golden(alice, questions=WRITTEN[:1])
    await alice.post(f"/api/golden-sets/{set_id}/runs")
    who = Member(alice.user_id, alice.workspace_id, "owner", alice.email, uuid4())

    async with world.app.state.db.workspace(who) as tx:
        await tx.run("select private.end_silent_runs()")
        assert await tx.value("select count(*) from golden_runs where ended_at is null") == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tx.run(change)

"""Curated answers at the publish gate: added, changed and taken out, they wait as documents do."""

from typing import Any

from tests.evaluation.gate.test_gate import QUESTION, gate, gated
from tests.world import Person, World

HERE = "/api/knowledge/answers"
VISA = {"question": "Do tourists from Norway need a visa for Brazil?", "answer": "We do not know; ask the embassy."}
DOGS = {"question": "Can I bring my dog?", "answer": "Dogs are welcome."}


async def answers(person: Person) -> list[dict[str, Any]]:
    return list((await person.get(HERE)).json()["items"])


async def test_an_answer_that_passes_is_published_by_itself(world: World):
    alice = await gated(world)
    visitor = await alice.visitor()

    held = (await alice.post(HERE, DOGS)).json()
    before = await visitor.asks("can i bring my dog")
    await world.work()
    after = await visitor.asks("can i bring my dog")

    assert held["held"]
    assert (before["source"] != "curated", after["source"]) == (True, "curated")
    assert [(one["id"], one["held"]) for one in await answers(alice)] == [(held["id"], False)]
    assert (await gate(alice))["state"] == "open"
    log = (await alice.get("/api/audit-log")).text
    assert "answer.held" in log
    assert "held.answers_passed" in log
    versions = (await alice.get("/api/knowledge/versions")).json()["items"]
    assert (versions[0]["kind"], versions[0]["by"]["kind"]) == ("answers.published", "system")


async def test_a_change_that_breaks_an_answer_stays_beside_the_one_that_is_told(world: World):
    alice = await world.alice()
    kept = (await alice.post(HERE, {"question": QUESTION, "answer": "You have 30 days."})).json()
    await gated(world, person=alice)

    changed = (await alice.patch(f"{HERE}/{kept['id']}", {"answer": "You have 14 days."})).json()
    again = (await alice.patch(f"{HERE}/{kept['id']}", {"alternatives": ["Returns?"]})).json()
    await world.work()

    now = await gate(alice)
    assert (changed["held"], changed["replaces"], changed["answer"]) == (True, kept["id"], "You have 14 days.")
    assert (again["id"], again["answer"], again["alternatives"]) == (changed["id"], "You have 14 days.", ["Returns?"])
    assert (now["state"], now["answers"], now["ready"]) == ("refused", 1, 0)
    visitor = await alice.visitor()
    assert (await visitor.asks(QUESTION))["answer"] == "You have 30 days."
    published = (await alice.post("/api/publish-gate/publication")).json()
    assert published == {"documents": 0, "answers": 1, "bot": False}
    assert (await visitor.asks("Returns?"))["answer"] == "You have 14 days."
    assert [(one["id"], one["alternatives"]) for one in await answers(alice)] == [(kept["id"], ["Returns?"])]


async def test_a_removal_waits_and_is_withdrawn_or_goes_through(world: World):
    alice = await world.alice()
    kept = (await alice.post(HERE, DOGS)).json()
    await gated(world, person=alice)
    visitor = await alice.visitor()

    removed = await alice.delete(f"{HERE}/{kept['id']}")
    waiting = [one for one in await answers(alice) if one["removes"]]
    told = await visitor.asks(DOGS["question"])
    await alice.delete(f"{HERE}/{waiting[0]['id']}")  # it stays after all
    nothing = await alice.post("/api/publish-gate/withdrawal")
    await alice.delete(f"{HERE}/{kept['id']}")
    await world.work()

    assert removed.status_code == 204
    assert [one["replaces"] for one in waiting] == [kept["id"]]
    assert told["answer"] == DOGS["answer"]
    assert nothing.json()["error"]["code"] == "nothing_held"
    assert await answers(alice) == []
    assert (await visitor.asks(DOGS["question"]))["source"] != "curated"


async def test_a_change_that_is_taken_back_holds_nothing_up(world: World):
    alice = await world.alice()
    kept = (await alice.post(HERE, DOGS)).json()
    await gated(world, person=alice)

    held = (await alice.patch(f"{HERE}/{kept['id']}", {"enabled": False})).json()
    back = (await alice.patch(f"{HERE}/{held['id']}", {"enabled": True})).json()

    assert (held["enabled"], back["id"], back["held"]) == (False, kept["id"], False)
    assert (await gate(alice))["state"] == "open"
    assert (await alice.delete("/api/publish-gate")).status_code == 204


async def test_an_answer_to_what_nobody_could_answer_is_tested_as_it_would_be_told(world: World):
    alice = await gated(world)
    visitor = await alice.visitor()
    await visitor.asks(VISA["question"])
    await world.work()
    group = (await alice.get("/api/knowledge/unanswered")).json()["items"][0]

    approved = (
        await alice.post(f"/api/knowledge/unanswered/{group['id']}/approval", {"answer": VISA["answer"]})
    ).json()

    assert [one["answered"] for one in approved["tested"]] == [True]
    assert approved["answer"]["held"]
    assert (await visitor.asks(VISA["question"]))["source"] == "none"


async def test_a_stranger_learns_nothing_of_a_held_answer(world: World):
    alice, charlie = await gated(world), await world.charlie()
    held = (await alice.post(HERE, DOGS)).json()

    refused = [
        await charlie.patch(f"{HERE}/{held['id']}", {"enabled": False}),
        await charlie.delete(f"{HERE}/{held['id']}"),
    ]

    assert [response.status_code for response in refused] == [404, 404]
    assert await answers(charlie) == []
    assert [one["held"] for one in await answers(alice)] == [True]

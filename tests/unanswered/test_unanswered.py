"""What had no answer is gathered by meaning, answered by the owner, and asked again."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.world import Person, World
from trulybot.answers.answering import Question
from trulybot.answers.models import Answer, Citation, Delta
from trulybot.kit.db import Database, Identity

ASKED = ("Do you deliver to Norway?", "do you deliver to norway", "Is delivery to Norway possible?")


@pytest.fixture
async def alice(world: World) -> Person:
    alice = await world.alice()
    await alice.knows("We open at nine on weekdays.", title="Opening hours")
    await world.work()
    return alice


async def visitor_asks(world: World, alice: Person, *questions: str) -> Person:
    visitor = await alice.visitor()
    for question in questions:
        assert (await visitor.asks(question))["answered"] is False
    await world.work()
    return visitor


async def groups(person: Person) -> list[dict[str, object]]:
    return list((await person.get("/api/knowledge/unanswered")).json()["items"])


async def test_questions_of_one_meaning_stand_together(world: World, alice: Person):
    await visitor_asks(world, alice, *ASKED, "Who founded the company?")

    found = await groups(alice)

    assert [(group["question"], group["asked"]) for group in found] == [
        ("Who founded the company?", 1),
        (ASKED[0], 3),
    ]
    in_full = (await alice.get(f"/api/knowledge/unanswered/{found[1]['id']}")).json()
    assert in_full["questions"] == list(ASKED)
    assert in_full["languages"] == ["en"]


async def test_an_approved_answer_is_told_from_then_on_and_was_tested(world: World, alice: Person):
    visitor = await visitor_asks(world, alice, *ASKED)
    (group,) = await groups(alice)
    path = f"/api/knowledge/unanswered/{group['id']}/approval"

    approved = (await alice.post(path, {"answer": "To Oslo and Bergen."})).json()

    assert approved["answer"]["alternatives"] == list(ASKED[1:])
    assert approved["tested"] == [{"question": question, "answered": True} for question in ASKED]
    assert (await visitor.asks("Could you deliver it to Norway?"))["answer"] == "To Oslo and Bergen."
    assert await groups(alice) == []
    assert (await alice.post(path, {"answer": "No."})).status_code == 404


async def test_an_approved_answer_is_tested_with_the_workspaces_own_bot(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    await visitor_asks(world, alice, ASKED[0])
    (group,) = await groups(alice)
    await alice.patch("/api/bot", {"tone": "brief", "monthly_budget_usd": "0.00"})
    answering = world.app.state.answering
    answer, bots = answering.answer, []

    def noted(db: Database, who: Identity, question: Question) -> AsyncIterator[Delta | Citation | Answer]:
        bots.append(question.bot)
        return answer(db, who, question)

    monkeypatch.setattr(answering, "answer", noted)

    await alice.post(f"/api/knowledge/unanswered/{group['id']}/approval", {"answer": "To Oslo."})

    assert [(bot.tone, bot.monthly_budget_usd) for bot in bots] == [("brief", 0)]


async def test_a_dismissed_group_stays_out_of_sight_when_it_is_asked_again(world: World, alice: Person):
    await visitor_asks(world, alice, ASKED[0])
    (group,) = await groups(alice)

    response = await alice.delete(f"/api/knowledge/unanswered/{group['id']}")
    await visitor_asks(world, alice, ASKED[1])

    assert (response.status_code, await groups(alice)) == (204, [])
    assert (await alice.get(f"/api/knowledge/unanswered/{group['id']}")).status_code == 404


async def test_a_draft_says_what_the_documents_come_nearest_to(world: World, alice: Person):
    await visitor_asks(world, alice, "May I bring a dog at noon?")
    (group,) = await groups(alice)

    draft = (await alice.get(f"/api/knowledge/unanswered/{group['id']}")).json()["draft"]

    assert draft["text"] == "We open at nine on weekdays."
    assert [citation["title"] for citation in draft["citations"]] == ["Opening hours"]


async def test_an_answer_that_did_not_help_counts_as_none(world: World, alice: Person):
    visitor = await alice.visitor()
    reply, thanks = await visitor.asks("When do you open on weekdays?"), await visitor.asks("Thank you!")

    for message in (reply, thanks):
        rated = await visitor.post(f"/api/chat/{message['message_id']}/feedback", {"rating": "down"})
        assert rated.status_code == 200, rated.text
    await world.work()

    assert (reply["answered"], [group["question"] for group in await groups(alice)]) == (
        True,
        ["When do you open on weekdays?"],
    )


async def test_a_stranger_sees_none_of_it(world: World, alice: Person):
    charlie = await world.charlie()
    await visitor_asks(world, alice, ASKED[0])
    (group,) = await groups(alice)
    path = f"/api/knowledge/unanswered/{group['id']}"

    told = [
        await charlie.get(path),
        await charlie.post(f"{path}/approval", {"answer": "x"}),
        await charlie.delete(path),
    ]

    assert [response.status_code for response in told] == [404, 404, 404]
    assert await groups(charlie) == []


async def test_whoever_is_forgotten_leaves_nothing_behind(world: World, alice: Person, superuser_of_the_database: str):
    visitor = await visitor_asks(world, alice, ASKED[0])
    before = await groups(alice)

    async with await psycopg.AsyncConnection.connect(superuser_of_the_database) as connection:
        await connection.execute("delete from public.visitors where id = %s", (visitor.user_id,))
        left = await connection.execute("select from public.unanswered_groups where id = %s", (before[0]["id"],))

        assert (left.rowcount, await groups(alice)) == (0, before)  # until the deletion commits

    assert await groups(alice) == []

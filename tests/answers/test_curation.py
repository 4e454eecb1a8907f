"""Whoever asks for an answer of the owner's, in whatever words, is told exactly that."""

import pytest

from tests.world import Person, World

RETURNS = "Thirty days, in its box. — Alice"


@pytest.fixture
async def alice(world: World) -> Person:
    alice = await world.alice()
    for question, alternatives, answer in (
        ("How long do I have to return something?", ["Can I send it back?", "What is your returns policy?"], RETURNS),
        ("Do you deliver to Norway?", [], "To Oslo and Bergen."),
        ("Is there parking at the shop?", ["Where can I leave my car?"], "Behind the house."),
    ):
        form = {"question": question, "alternatives": alternatives, "answer": answer}
        assert (await alice.post("/api/knowledge/answers", form)).status_code == 201
    return alice


@pytest.mark.parametrize(
    "question",
    [
        "how long do i have to return something",
        "May I bring an item back if I don't like it, and how many days do I have?",
        "मुझे कोई चीज़ वापस करने के लिए कितना समय मिलता है?",
        "¿Cuánto tiempo tengo para devolver un producto?",
    ],
)
async def test_the_same_question_in_other_words_and_languages_is_told_the_answer(alice: Person, question: str):
    reply = await alice.asks(question)

    assert (reply["answer"], reply["source"], reply["answered"]) == (RETURNS, "curated", True)
    assert (reply["citations"], reply["intent"]) == ([], "question")
    assert reply["confidence"] >= 0.25


async def test_another_question_is_not_told_it(alice: Person):
    replies = [await alice.asks(question) for question in ("Who founded the company?", "Do you sell bicycles?")]

    assert [reply["source"] for reply in replies] == ["none", "none"]


async def test_another_day_or_number_is_another_question(alice: Person):
    for question, answer in (
        ("Are you open on Sundays?", "Only in December."),
        ("Do you have model 12?", "Yes, in oak."),
    ):
        await alice.post("/api/knowledge/answers", {"question": question, "answer": answer})

    questions = ("Are you open on Saturdays?", "Do you have model 13?", "Are you open on a Sunday?")
    replies = [await alice.asks(question) for question in questions]

    assert [reply["source"] for reply in replies] == ["none", "none", "curated"]


async def test_an_answer_that_is_off_changed_or_removed_is_never_told_again(alice: Person):
    question = "Do you deliver to Norway?"
    kept = next(a for a in (await alice.get("/api/knowledge/answers")).json()["items"] if a["question"] == question)
    path, told = f"/api/knowledge/answers/{kept['id']}", [(await alice.asks(question))["answer"]]

    await alice.patch(path, {"answer": "To all of Norway."})
    told.append((await alice.asks(question))["answer"])
    await alice.patch(path, {"enabled": False})
    told.append((await alice.asks(question))["source"])
    await alice.patch(path, {"enabled": True})
    told.append((await alice.asks(question))["answer"])
    await alice.delete(path)
    told.append((await alice.asks(question))["source"])

    assert told == ["To Oslo and Bergen.", "To all of Norway.", "none", "To all of Norway.", "none"]


async def test_while_the_embedder_is_away_nearly_the_same_words_are_enough(world: World, alice: Person):
    async with world.without_embedder():
        same = await alice.asks("DO YOU deliver to Norway")
        nearly = await alice.asks("Do you also deliver to Norway?")
        other = await alice.asks("Do you deliver furniture to Sweden?")

    assert [same["answer"], nearly["answer"], other["source"]] == ["To Oslo and Bergen."] * 2 + ["none"]


async def test_a_visitor_is_told_it_and_a_stranger_is_not(world: World, alice: Person):
    visitor, charlie = await alice.visitor(), await world.charlie()

    replies = [await who.asks("Is there parking at the shop?") for who in (visitor, charlie)]

    assert [reply["source"] for reply in replies] == ["curated", "none"]


async def test_an_answer_of_the_owners_comes_before_small_talk(alice: Person):
    before = await alice.asks("What is your name?")
    await alice.post("/api/knowledge/answers", {"question": "What's your name?", "answer": "Pine, at your service."})

    after = await alice.asks("What is your name?")

    assert (before["source"], before["intent"]) == ("smalltalk", "about")
    assert (after["source"], after["intent"], after["answer"]) == ("curated", "about", "Pine, at your service.")


async def test_a_complaint_is_told_that_we_are_sorry_and_what_we_know(alice: Person):
    form = {"question": "My parcel arrived broken", "answer": "Send us a picture, and a new one leaves the same day."}
    await alice.post("/api/knowledge/answers", form)

    known = await alice.asks("This is the third time my parcel arrived broken")
    unknown = await alice.asks("Your service is terrible")

    assert (known["intent"], known["source"]) == ("complaint", "curated")
    assert known["answer"].startswith("I'm sorry")
    assert known["answer"].endswith(f"\n\n{form['answer']}")
    assert (unknown["intent"], unknown["source"]) == ("complaint", "handover")

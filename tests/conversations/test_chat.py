"""Asking the bot: answered from the knowledge with its source, or honestly not."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.world import SHOP, Person, World

HOURS = "We are open from nine to six on weekdays, and from ten to two on Saturdays."


async def shop(world: World) -> Person:
    alice = await world.alice()
    await alice.knows(HOURS, title="Opening hours", url="https://shop.example/hours", external_id="hours")
    await alice.knows("You may return anything unused within 30 days. Send it in its own box.", title="Returns")
    await world.work()
    return alice


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def stream(person: Person, message: str, **more: Any) -> list[tuple[str, Any]]:
    headers = {"Accept": "text/event-stream"}
    response = await person.post("/api/chat", {"message": message, **more}, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    return events(response.text)


async def test_a_question_is_answered_with_its_source(world: World):
    alice = await shop(world)

    reply = await alice.asks("When are you open on Saturday?")

    assert reply["answered"] is True
    assert reply["source"] == "documents"
    assert "ten to two" in reply["answer"]
    citation = reply["citations"][0]
    assert (citation["title"], citation["external_id"], citation["url"]) == (
        "Opening hours",
        "hours",
        "https://shop.example/hours",
    )
    assert citation["text"] == HOURS
    assert 0.25 <= reply["confidence"] <= 1


async def test_a_question_without_evidence_is_honestly_not_answered(world: World):
    alice = await shop(world)

    reply = await alice.asks("What is the boiling point of tungsten?")

    assert (reply["answered"], reply["source"], reply["citations"]) == (False, "none", [])
    assert reply["answer"]


async def test_an_empty_workspace_knows_nothing(world: World):
    alice = await world.alice()

    assert (await alice.asks("When are you open?"))["answered"] is False


async def test_a_question_in_another_language_finds_the_passage(world: World):
    alice = await shop(world)

    reply = await alice.asks("¿A qué hora abren ustedes los sábados?")

    assert reply["language"] == "es"
    assert reply["citations"][0]["title"] == "Opening hours"


async def test_a_stream_says_the_same_as_the_answer(world: World):
    alice = await shop(world)

    parts = await stream(alice, "When are you open on Saturday?")

    assert [kind for kind, _ in parts] == ["start", "delta", "citation", "done"]
    done = parts[-1][1]
    assert parts[0][1] == {"conversation_id": done["conversation_id"], "message_id": done["message_id"]}
    assert "".join(data["text"] for kind, data in parts if kind == "delta") == done["answer"]
    assert [data for kind, data in parts if kind == "citation"] == done["citations"]


async def test_a_retry_with_the_same_message_id_answers_the_same_and_counts_once(world: World):
    alice = await shop(world)
    message_id = str(uuid4())

    first = await alice.asks("When are you open?", message_id=message_id)
    again = await alice.asks("When are you open?", message_id=message_id)
    streamed = await stream(alice, "When are you open?", message_id=message_id)

    assert first == again == streamed[-1][1]
    assert first["message_id"] == message_id
    assert (await alice.get("/api/user/profile")).json()["usage"]["monthly_conversations"] == 1


async def test_the_same_message_sent_twice_at_once_is_one_turn(world: World):
    alice = await shop(world)
    message_id = str(uuid4())

    replies = await asyncio.gather(
        *(alice.post("/api/chat", {"message": "When are you open?", "message_id": message_id}) for _ in range(5))
    )

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert (await alice.get("/api/user/profile")).json()["usage"]["monthly_conversations"] == 1


async def test_a_message_id_of_another_question_is_a_conflict(world: World):
    alice = await shop(world)
    message_id = str(uuid4())
    await alice.asks("When are you open?", message_id=message_id)

    response = await alice.post("/api/chat", {"message": "Something else?", "message_id": message_id})

    assert (response.status_code, response.json()["error"]["code"]) == (409, "message_id_taken")


async def test_a_conversation_goes_on(world: World):
    alice = await shop(world)
    first = await alice.asks("When are you open?")

    second = await alice.asks("How long may I return things?", conversation_id=first["conversation_id"])

    assert second["conversation_id"] == first["conversation_id"]
    assert (await alice.get("/api/user/profile")).json()["usage"]["monthly_conversations"] == 1


async def test_another_workspaces_conversation_is_not_found(world: World):
    alice, charlie = await shop(world), await world.charlie()
    theirs = (await alice.asks("When are you open?"))["conversation_id"]

    stranger = await charlie.post("/api/chat", {"message": "Hello?", "conversation_id": theirs})
    missing = await charlie.post("/api/chat", {"message": "Hello?", "conversation_id": str(uuid4())})

    assert stranger.status_code == missing.status_code == 404
    assert stranger.json()["error"]["code"] == missing.json()["error"]["code"] == "conversation_not_found"


async def test_a_visitor_asks_from_an_allowed_site_and_from_no_other(world: World):
    alice = await shop(world)
    visitor = await alice.visitor()

    reply = await visitor.asks("When are you open on Saturday?")
    elsewhere = await visitor.post("/api/chat", {"message": "Hi?"}, headers={"Origin": "https://shop.example.evil.io"})
    nowhere = await world.http.post(
        "/api/chat", json={"message": "Hi?"}, headers={"Authorization": f"Bearer {visitor.token}"}
    )

    assert reply["citations"][0]["title"] == "Opening hours"
    assert (elsewhere.status_code, nowhere.status_code) == (403, 403)


async def test_a_visitor_cannot_read_another_visitors_conversation(world: World):
    alice = await shop(world)
    one, other = await alice.visitor(), await alice.visitor()
    theirs = await one.asks("When are you open?")

    response = await other.post("/api/chat", {"message": "And?", "conversation_id": theirs["conversation_id"]})
    taken = await other.post("/api/chat", {"message": "When are you open?", "message_id": theirs["message_id"]})

    assert response.status_code == 404
    assert taken.status_code == 409


async def test_another_workspaces_visitor_gets_nothing_from_it(world: World):
    await shop(world)
    visitor = await (await world.charlie()).visitor()

    reply = await visitor.asks("When are you open on Saturday?")

    assert (reply["answered"], reply["citations"]) == (False, [])


async def test_a_visitor_may_chat_and_nothing_else(world: World):
    alice = await shop(world)
    visitor = await alice.visitor()

    for method, path in (
        ("GET", "/api/documents"),
        ("POST", "/api/search"),
        ("GET", "/api/user/profile"),
        ("GET", "/api/widget/config"),
    ):
        response = await visitor.request(method, path, json={"query": "x"} if method == "POST" else None)
        assert response.status_code == 403, path


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"message": ""},
        {"message": " \n\t"},
        {"message": None},
        {"message": "x" * 8001},
        {"message": ["x"]},
        {"message": "x", "conversation_id": "nonsense"},
        {"message": "x", "message_id": ""},
        [],
        "x",
    ],
)
async def test_a_message_of_the_wrong_shape_is_refused(world: World, sent: Any):
    alice = await world.alice()

    response = await alice.post("/api/chat", sent)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "validation_failed"


async def test_chat_without_a_token_is_refused(world: World):
    response = await world.http.post("/api/chat", json={"message": "Hello?"}, headers={"Origin": SHOP})

    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


async def test_an_answer_is_finished_and_kept_when_its_asker_leaves(world: World, live: str):
    alice = await shop(world)
    message_id = str(uuid4())
    headers = {"Authorization": f"Bearer {alice.token}", "Accept": "text/event-stream"}

    async with httpx.AsyncClient(base_url=live) as http:
        sent = {"message": "When are you open?", "message_id": message_id}
        async with http.stream("POST", "/api/chat", json=sent, headers=headers) as response:
            async for line in response.aiter_lines():
                if line.startswith("event: start"):
                    break

    reply = await alice.asks("When are you open?", message_id=message_id)
    assert reply["answered"] is True


async def test_without_the_embedder_words_answer(world: World):
    alice = await shop(world)

    async with world.without_embedder():
        reply = await alice.asks("When are you open on Saturdays?")

    assert reply["citations"][0]["title"] == "Opening hours"


PRICES = {
    "Museum": "A ticket for the museum costs 12 euros. Students pay 7 euros at the museum.",
    "Swimming pool": "A ticket for the pool costs 5 euros. Students pay 3 euros at the pool.",
    "Library": "The library is free of charge for everybody. Students show their card.",
}


async def test_a_follow_up_is_understood_from_the_conversation(world: World):
    alice = await world.alice()
    for title, text in PRICES.items():
        await alice.knows(text, title=title)
    await world.work()

    for place, price in (("museum", "7"), ("swimming pool", "3")):
        first = await alice.asks(f"What does a ticket for the {place} cost?")
        told = await alice.asks("and for students?", conversation_id=first["conversation_id"])
        found = await alice.post(
            "/api/search", {"query": "and for students?", "conversation_id": first["conversation_id"]}
        )

        assert f"{price} euros" in told["answer"]
        assert f"{price} euros" in found.json()["results"][0]["text"]


async def test_a_search_goes_on_with_what_the_caller_remembers(world: World):
    alice = await world.alice()
    for title, text in PRICES.items():
        await alice.knows(text, title=title)
    await world.work()

    for title in PRICES:
        history = [{"role": "user", "text": f"Tell me about the {title.lower()}."}]
        found = await alice.post("/api/search", {"query": "and for students?", "history": history})

        assert found.json()["results"][0]["title"] == title


async def test_a_search_cannot_go_on_with_a_strangers_conversation(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    first = await alice.asks("What does a ticket cost?")

    found = await charlie.post("/api/search", {"query": "and?", "conversation_id": first["conversation_id"]})

    assert found.status_code == 404
    assert found.json()["error"]["code"] == "conversation_not_found"


async def test_a_try_after_one_that_broke_off_knows_the_past_and_the_bot(world: World, monkeypatch: pytest.MonkeyPatch):
    alice = await world.alice()
    await alice.patch("/api/bot", {"caution": "strict"})
    first = await alice.asks("Hello")
    answer = world.app.state.answering.answer
    seen = []

    def breaks_off_once(db: object, who: object, question: object) -> object:
        seen.append(question)
        if len(seen) == 1:
            raise RuntimeError
        return answer(db, who, question)

    monkeypatch.setattr(world.app.state.answering, "answer", breaks_off_once)
    again = {"message": "Why?", "message_id": "one", "conversation_id": first["conversation_id"]}
    broken = await alice.post("/api/chat", again)
    whole = await alice.post("/api/chat", again)

    assert (broken.status_code, whole.status_code) == (500, 200)
    assert [question.bot.caution for question in seen] == ["strict", "strict"]
    assert [len(question.history) for question in seen] == [1, 1]

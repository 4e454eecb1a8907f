"""Answers in the owner's own words, kept over the API."""

import asyncio
from uuid import UUID

from tests.world import Person, World
from trulybot.curated import service
from trulybot.workspaces.identity import Member

RETURNS = {
    "question": "How long do I have to return something?",
    "alternatives": ["Can I send it back?", "What is your returns policy?"],
    "answer": "Thirty days, in its box.",
}


async def keeps(person: Person, **more: object) -> dict[str, object]:
    response = await person.post("/api/knowledge/answers", {**RETURNS, **more})
    assert response.status_code == 201, response.text
    return dict(response.json())


def member(person: Person) -> Member:
    return Member(person.user_id, person.workspace_id, "owner", person.email, person.user_id)


async def test_an_answer_is_kept_as_it_was_written_and_ready_to_be_tried(world: World):
    alice = await world.alice()

    kept = await keeps(alice, answer="  Thirty days,\n\nin its box. ")

    assert kept["answer"] == "Thirty days,\n\nin its box."
    assert kept["alternatives"] == RETURNS["alternatives"]
    assert (kept["enabled"], kept["embedded"]) == (True, True)
    assert (await alice.get(f"/api/knowledge/answers/{kept['id']}")).json() == kept


async def test_what_is_not_sent_stays(world: World):
    alice = await world.alice()
    kept = await keeps(alice)

    changed = (await alice.patch(f"/api/knowledge/answers/{kept['id']}", {"alternatives": ["May I return it?"]})).json()
    off = (await alice.patch(f"/api/knowledge/answers/{kept['id']}", {"enabled": False})).json()

    assert changed["alternatives"] == ["May I return it?"]
    assert (changed["question"], changed["answer"], changed["embedded"]) == (kept["question"], kept["answer"], True)
    assert (off["enabled"], off["alternatives"]) == (False, ["May I return it?"])


async def test_two_changes_at_once_both_hold(world: World):
    alice = await world.alice()
    path = f"/api/knowledge/answers/{(await keeps(alice))['id']}"

    await asyncio.gather(
        alice.patch(path, {"answer": "Sixty days."}), alice.patch(path, {"alternatives": ["Returns?"]})
    )

    now = (await alice.get(path)).json()
    assert (now["answer"], now["alternatives"], now["embedded"]) == ("Sixty days.", ["Returns?"], True)


async def test_answers_are_listed_from_new_to_old_and_found_by_their_words(world: World):
    alice = await world.alice()
    first = await keeps(alice)
    second = await keeps(alice, question="Do you deliver?", alternatives=["Shipping"], answer="Yes, 100% of orders.")

    page = (await alice.get("/api/knowledge/answers?limit=1")).json()
    rest = (await alice.get(f"/api/knowledge/answers?limit=1&cursor={page['next_cursor']}")).json()
    found = [
        (await alice.get("/api/knowledge/answers", params={"q": q})).json()["items"] for q in ("SEND it", "100%", "\0")
    ]

    assert [page["items"], rest["items"]] == [[second], [first]]
    assert found == [[first], [second], [second, first]]


async def test_a_stranger_neither_sees_nor_changes_an_answer(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    path = f"/api/knowledge/answers/{(await keeps(alice))['id']}"

    told = [await charlie.get(path), await charlie.patch(path, {"answer": "Never."}), await charlie.delete(path)]

    assert [response.status_code for response in told] == [404, 404, 404]
    assert (await charlie.get("/api/knowledge/answers")).json()["items"] == []
    assert (await alice.get(path)).json()["answer"] == RETURNS["answer"]


async def test_while_the_embedder_is_away_an_answer_is_kept_and_embedded_later(world: World):
    alice = await world.alice()
    embedder, world.app.state.embedder = world.app.state.embedder, None
    async with world.without_embedder():
        world.app.state.embedder = world.embedder
        kept = await keeps(alice)
    world.app.state.embedder = embedder

    await world.work()

    assert kept["embedded"] is False
    assert (await alice.get(f"/api/knowledge/answers/{kept['id']}")).json()["embedded"] is True


async def test_a_file_read_again_replaces_its_answers_and_takes_them_with_it(world: World):
    alice = await world.alice()
    own = await keeps(alice)
    document = await alice.knows("Answers of a spreadsheet")
    first, again = (
        [("Open on Sunday?", (), "No."), ("Parking?", (), "Yes.")],
        [("Open on Sunday?", ("Sundays",), "Yes.")],
    )

    for entries in (first, again):
        async with world.app.state.db.workspace(member(alice)) as tx:
            await service.take_from(tx, UUID(document["id"]), entries)
    await world.work()

    def texts(items: list[dict[str, object]]) -> list[object]:
        return sorted(item["answer"] for item in items)  # type: ignore[type-var]

    items = (await alice.get("/api/knowledge/answers")).json()["items"]
    assert texts(items) == ["Thirty days, in its box.", "Yes."]
    assert all(item["embedded"] for item in items)
    await alice.delete(f"/api/documents/{document['id']}")
    assert [item["id"] for item in (await alice.get("/api/knowledge/answers")).json()["items"]] == [own["id"]]


async def test_a_workspace_keeps_so_many_and_no_more(world: World, monkeypatch):
    monkeypatch.setattr(service, "ANSWERS", 1)
    alice = await world.alice()
    await keeps(alice)

    response = await alice.post("/api/knowledge/answers", RETURNS)

    assert (response.status_code, response.json()["error"]["code"]) == (409, "curated_answers_full")
    assert len((await alice.get("/api/knowledge/answers")).json()["items"]) == 1

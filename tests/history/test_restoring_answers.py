"""Curated answers go back with the knowledge, and are replayed."""

from typing import Any

from tests.history.test_restoring import VERSIONS, newest
from tests.world import Person, World

HERE = "/api/knowledge/answers"
DOGS = {"question": "Can I bring my dog?", "alternatives": ["Are pets allowed?"], "answer": "Dogs are welcome."}


async def keeps(person: Person, **more: Any) -> dict[str, Any]:
    response = await person.post(HERE, {**DOGS, **more})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def said(person: Person) -> dict[str, tuple[str, list[str]]]:
    items = (await person.get(HERE)).json()["items"]
    return {one["question"]: (one["answer"], one["alternatives"]) for one in items if one["enabled"]}


async def goes_back(person: Person, version: int) -> dict[str, Any]:
    response = await person.post(f"{VERSIONS}/{version}/restoration")
    assert response.status_code == 202, response.text
    return dict(response.json())


async def test_what_was_changed_removed_and_added_since_is_undone_and_redone(world: World):
    alice = await world.alice()
    dogs = await keeps(alice)
    parking = await keeps(alice, question="Where can I park?", alternatives=[], answer="Behind the house.")
    then, before = await newest(alice), await said(alice)
    await alice.patch(f"{HERE}/{dogs['id']}", {"alternatives": ["Dogs?"], "answer": "No dogs."})
    await alice.delete(f"{HERE}/{parking['id']}")
    await keeps(alice, question="Is there Wi-Fi?")
    later, after = await newest(alice), await said(alice)

    preview = (await alice.get(f"{VERSIONS}/{then}/restoration")).json()
    done = await goes_back(alice, then)
    await world.work()
    back = await said(alice)
    told = await alice.asks("Are pets allowed?")
    again = await goes_back(alice, later)

    assert done == preview
    assert {one["question"]: one["step"] for one in done["answers"]} == {
        "Can I bring my dog?": "put_back",
        "Where can I park?": "brought_back",
        "Is there Wi-Fi?": "taken_out",
    }
    assert back == before
    assert (told["source"], told["answer"]) == ("curated", "Dogs are welcome.")
    assert (await alice.get(f"{HERE}/{parking['id']}")).status_code == 404
    assert (again["put_back"], again["brought_back"], again["taken_out"]) == (1, 1, 1)
    assert await said(alice) == after
    kinds = [one["kind"] for one in (await alice.get(VERSIONS)).json()["items"]]
    assert kinds[:2] == ["knowledge.restored"] * 2


async def test_an_answer_of_a_file_goes_with_it_and_a_change_of_it_is_undone(world: World):
    alice = await world.alice()
    rows = "Question,Answer\nCan I bring my dog?,Dogs are welcome.\nWhere can I park?,Behind the house.\n"
    await alice.post("/api/text-upload", files={"file": ("faq.csv", rows.encode())})
    await world.work()
    then, before = await newest(alice), await said(alice)
    items = {one["question"]: one for one in (await alice.get(HERE)).json()["items"]}
    await alice.patch(f"{HERE}/{items['Can I bring my dog?']['id']}", {"answer": "No dogs."})
    await alice.delete(f"{HERE}/{items['Where can I park?']['id']}")

    done = await goes_back(alice, then)
    back = await said(alice)
    await alice.delete(f"/api/documents/{items['Can I bring my dog?']['document_id']}")
    gone = await alice.post(f"{VERSIONS}/{then}/restoration")

    assert (done["put_back"], done["brought_back"], done["taken_out"]) == (1, 1, 0)
    assert back == before
    assert gone.json()["error"]["code"] == "nothing_to_restore"
    assert await said(alice) == {}


async def test_a_curated_answer_is_replayed_beside_what_is_told_now(world: World):
    alice = await world.alice()
    dogs = await keeps(alice)
    then = await alice.asks(DOGS["question"])

    same = (await alice.get(f"/api/chat/{then['message_id']}/replay")).json()
    await alice.patch(f"{HERE}/{dogs['id']}", {"answer": "No dogs."})
    other = (await alice.get(f"/api/chat/{then['message_id']}/replay")).json()
    await alice.delete(f"{HERE}/{dogs['id']}")
    gone = (await alice.get(f"/api/chat/{then['message_id']}/replay")).json()

    assert (same["changed"], same["then"]["curated"]["state"]) == (False, "same")
    assert same["then"]["curated"]["answer_id"] == dogs["id"]
    assert same["then"]["knowledge_version"] is not None
    assert (other["then"]["answer"], other["now"]["answer"]) == ("Dogs are welcome.", "No dogs.")
    assert [side["curated"]["state"] for side in (other["then"], other["now"])] == ["only_here", "only_here"]
    assert (gone["then"]["curated"]["state"], gone["then"]["curated"]["question"]) == ("removed", None)
    assert gone["now"]["curated"] is None


async def test_a_stranger_restores_and_replays_no_answer(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await keeps(alice)
    told = await alice.asks(DOGS["question"])

    refused = [
        await charlie.get(f"/api/chat/{told['message_id']}/replay"),
        await charlie.post(f"{VERSIONS}/{await newest(alice)}/restoration"),
    ]

    assert [response.status_code for response in refused] == [404, 404]

"""What changed the knowledge, when and by whom."""

from tests.world import World

VERSIONS = "/api/knowledge/versions"


async def test_an_upload_is_one_entry_and_indexing_makes_none(world: World):
    alice = await world.alice()
    texts = [{"text": f"Shelf {number} holds tea."} for number in range(3)]
    await alice.post("/api/text-upload", {"documents": texts})
    await world.work()

    page = (await alice.get(VERSIONS)).json()

    assert page["next_cursor"] is None
    [entry] = page["items"]
    assert entry["kind"] == "documents.added"
    assert (entry["count"], entry["failed"]) == (3, 0)
    assert entry["by"] == {"kind": "person", "id": str(alice.user_id)}
    assert entry["text"] == "added or replaced documents: 3"


async def test_what_is_sent_again_unchanged_makes_no_entry(world: World):
    alice = await world.alice()
    await alice.knows("We are open on Mondays.", external_id="hours")
    await alice.knows("We are open on Mondays.", external_id="hours")

    assert len((await alice.get(VERSIONS)).json()["items"]) == 1


async def test_an_entry_says_how_many_documents_could_not_be_read(world: World):
    alice = await world.alice()
    files = [
        ("file", ("hours.txt", b"We are open on Mondays.")),
        ("file", ("empty.txt", b"")),
        ("file", ("broken.pdf", b"%PDF-1.7 nothing more")),
    ]
    await alice.post("/api/text-upload", files=files)
    await world.work()

    [entry] = (await alice.get(VERSIONS)).json()["items"]

    assert (entry["count"], entry["failed"]) == (3, 2)


async def test_a_program_is_named_by_its_key(world: World):
    alice = await world.alice()
    key = (await alice.post("/api/api-keys", {"name": "shop"})).json()
    await world.http.post(
        "/api/text-upload", json={"text": "Tea is 4 euros."}, headers={"Authorization": f"Bearer {key['key']}"}
    )

    [entry] = (await alice.get(VERSIONS)).json()["items"]

    assert entry["by"] == {"kind": "key", "id": key["id"]}


async def test_a_deletion_is_told_without_what_was_deleted(world: World):
    alice = await world.alice()
    document = await alice.knows("The code of the safe is 1234.", title="Safe", external_id="safe-page")
    await alice.delete(f"/api/documents/{document['id']}")

    page = await alice.get(VERSIONS)

    assert [entry["kind"] for entry in page.json()["items"]] == ["documents.deleted", "documents.added"]
    assert page.json()["items"][0]["details"]["document"] == document["id"]
    assert "safe" not in page.text.lower()


async def test_curated_answers_and_settings_are_told_too(world: World):
    alice = await world.alice()
    form = {"question": "Do you ship abroad?", "answer": "To all of Europe."}
    answer = (await alice.post("/api/knowledge/answers", form)).json()
    await alice.patch("/api/bot", {"tone": "brief"})
    await alice.delete(f"/api/knowledge/answers/{answer['id']}")

    kinds = [entry["kind"] for entry in (await alice.get(VERSIONS)).json()["items"]]

    assert kinds == ["answers.deleted", "settings.changed", "answers.changed"]


async def test_the_list_goes_on_at_its_cursor(world: World):
    alice = await world.alice()
    for number in range(3):
        await alice.knows(f"Room {number} is upstairs.")

    first = (await alice.get(VERSIONS, params={"limit": 2})).json()
    second = (await alice.get(VERSIONS, params={"limit": 2, "cursor": first["next_cursor"]})).json()

    numbers = [entry["version"] for entry in first["items"] + second["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), second["next_cursor"]) == (3, None)
    assert (await alice.get(VERSIONS, params={"cursor": "x"})).status_code == 400


async def test_a_stranger_and_a_visitor_see_nothing_of_the_history(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("We are open on Mondays.")
    visitor = await alice.visitor()

    assert (await charlie.get(VERSIONS)).json()["items"] == []
    assert (await charlie.get(VERSIONS, headers={"X-Workspace-Id": str(alice.workspace_id)})).status_code == 403
    assert (await visitor.get(VERSIONS)).status_code == 403

"""Back to an earlier state of the knowledge, and forth again."""

from tests.world import Person, World
from trulybot.documents.files import Files
from trulybot.documents.keeping import sweep
from trulybot.operations.worker import database_of

VERSIONS = "/api/knowledge/versions"


async def newest(person: Person) -> int:
    return int((await person.get(VERSIONS)).json()["items"][0]["version"])


async def texts_of(person: Person) -> set[str]:
    found = (await person.post("/api/search", {"query": "How much is the tea?", "limit": 50})).json()["results"]
    return {passage["text"] for passage in found}


async def test_what_was_replaced_and_added_since_is_undone_and_can_be_redone(world: World):
    alice = await world.alice()
    await alice.knows("Tea is 4 euros.", external_id="tea", title="Tea")
    await alice.knows("Tea is served until six.", external_id="times", title="Times")
    await world.work()
    before = await newest(alice)
    await alice.knows("Tea is 5 euros.", external_id="tea", title="Tea")
    await alice.knows("Tea is free on Sundays.", external_id="sunday", title="Sunday")
    await world.work()
    after = await newest(alice)

    previewed = (await alice.get(f"{VERSIONS}/{before}/restoration")).json()
    restored = await alice.post(f"{VERSIONS}/{before}/restoration")

    assert restored.status_code == 202
    assert restored.json() == previewed
    steps = {change["title"]: change["step"] for change in previewed["documents"]}
    assert steps == {"Tea": "put_back", "Sunday": "taken_out"}
    # What answered goes on answering until the earlier text is read; what came later is gone at once.
    assert await texts_of(alice) == {"Tea is 5 euros.", "Tea is served until six."}
    await world.work()
    assert await texts_of(alice) == {"Tea is 4 euros.", "Tea is served until six."}

    await alice.post(f"{VERSIONS}/{after}/restoration")
    await world.work()
    assert await texts_of(alice) == {"Tea is 5 euros.", "Tea is served until six.", "Tea is free on Sundays."}
    entries = (await alice.get(VERSIONS)).json()["items"]
    assert [entry["kind"] for entry in entries[:2]] == ["knowledge.restored"] * 2
    assert entries[0]["details"] == {"to": after}


async def test_a_document_that_was_out_for_a_while_is_out_again(world: World):
    alice = await world.alice()
    await alice.knows("Tea is 4 euros.", external_id="tea")
    first = await newest(alice)
    await alice.knows("Tea is free on Sundays.", external_id="sunday")
    second = await newest(alice)
    await alice.post(f"{VERSIONS}/{first}/restoration")
    without = await newest(alice)
    await alice.post(f"{VERSIONS}/{second}/restoration")

    response = await alice.post(f"{VERSIONS}/{without}/restoration")
    await world.work()

    assert response.json()["taken_out"] == 1
    assert await texts_of(alice) == {"Tea is 4 euros."}


async def test_what_was_deleted_for_good_does_not_come_back(world: World):
    alice = await world.alice()
    tea = await alice.knows("Tea is 4 euros.", external_id="tea")
    first = await newest(alice)
    await alice.knows("Tea is 5 euros.", external_id="tea")
    await alice.delete(f"/api/documents/{tea['id']}")

    previewed = (await alice.get(f"{VERSIONS}/{first}/restoration")).json()
    response = await alice.post(f"{VERSIONS}/{first}/restoration")

    assert (previewed["deleted"], previewed["documents"]) == (1, [])
    assert (response.status_code, response.json()["error"]["code"]) == (409, "nothing_to_restore")


async def test_a_file_comes_back_from_its_file(world: World):
    alice = await world.alice()
    await alice.knows("Tea is 4 euros.")
    before = await newest(alice)
    await alice.post("/api/text-upload", files={"file": ("sunday.txt", b"Tea is free on Sundays.")})
    await world.work()
    after = await newest(alice)
    await alice.post(f"{VERSIONS}/{before}/restoration")
    await world.work()
    assert await texts_of(alice) == {"Tea is 4 euros."}

    await alice.post(f"{VERSIONS}/{after}/restoration")
    await world.work()

    assert await texts_of(alice) == {"Tea is 4 euros.", "Tea is free on Sundays."}


async def test_deleting_what_was_taken_out_forgets_its_file(world: World):
    alice = await world.alice()
    await alice.knows("Tea is 4 euros.")
    before = await newest(alice)
    sent = await alice.post("/api/text-upload", files={"file": ("sunday.txt", b"Tea is free on Sundays.")})
    document = sent.json()["documents"][0]["id"]
    await alice.post(f"{VERSIONS}/{before}/restoration")
    folder = world.settings.files_directory / str(alice.workspace_id)
    assert [file.name for file in folder.iterdir()] == [document]

    response = await alice.delete(f"/api/documents/{document}")
    await world.work()

    assert response.status_code == 204
    assert list(folder.iterdir()) == []


async def test_contents_that_are_too_old_are_swept_with_their_files(world: World, superuser_url: str):
    alice = await world.alice()
    await alice.knows("Tea is 4 euros.", external_id="tea")
    before = await newest(alice)
    sent = await alice.post("/api/text-upload", files={"file": ("sunday.txt", b"Tea is free on Sundays.")})
    document = sent.json()["documents"][0]["id"]
    await alice.post(f"{VERSIONS}/{before}/restoration")
    await age(world, superuser_url, alice)

    db = database_of(world.settings, size=1)
    await db.open()
    await sweep(db, Files(world.settings.files_directory))
    await db.close()

    assert not (world.settings.files_directory / str(alice.workspace_id) / document).exists()
    assert (await alice.get(f"{VERSIONS}/{before}/restoration")).json()["brought_back"] == 0


async def test_a_stranger_restores_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("Tea is 4 euros.")
    version = await newest(alice)
    for method in (charlie.get, charlie.post):
        assert (await method(f"{VERSIONS}/{version + 1000}/restoration")).status_code == 404
    headers = {"X-Workspace-Id": str(alice.workspace_id)}
    assert (await charlie.post(f"{VERSIONS}/{version}/restoration", headers=headers)).status_code == 403
    viewer = await world.joins(alice, "viewer")
    assert (await viewer.post(f"{VERSIONS}/{version}/restoration")).status_code == 403


async def age(world: World, superuser_url: str, person: Person) -> None:
    """A season passes for what is kept of a workspace."""
    import psycopg

    from trulybot.operations.embedded import DATABASE

    with psycopg.connect(superuser_url.replace(f"/{DATABASE}?", "/suite?"), autocommit=True) as connection:
        connection.execute(
            "update document_versions set kept_at = now() - interval '91 days' where workspace_id = %s",
            (person.workspace_id,),
        )

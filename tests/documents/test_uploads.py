"""Documents over HTTP: taken in, read, found, taken out."""

import asyncio
import io
import zipfile
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

import pytest

from tests.world import Person, World
from trulybot.documents.errors import StorageFull
from trulybot.documents.files import Files

SAMPLES = Path(__file__).parent.parent / "samples"


async def uploads(person: Person, *files: tuple[str, bytes]) -> list[dict]:
    response = await person.request("POST", "/api/text-upload", files=[("file", file) for file in files])
    assert response.status_code == 202, response.text
    return response.json()["documents"]


async def document(person: Person, document_id: str) -> dict:
    response = await person.get(f"/api/documents/{document_id}")
    assert response.status_code == 200
    return response.json()


async def found(person: Person, query: str) -> list[dict]:
    response = await person.post("/api/search", {"query": query})
    assert response.status_code == 200, response.text
    return response.json()["results"]


async def test_a_pasted_text_becomes_ready_and_is_found(world: World):
    alice = await world.alice()

    taken = await alice.knows("We deliver on Tuesdays and Fridays.", title="Delivery", external_id="d-1")
    assert taken["status"] == "queued"
    await world.work()

    kept = await document(alice, taken["id"])
    assert (kept["status"], kept["passages"], kept["embedded"], kept["external_id"]) == ("ready", 1, 1, "d-1")
    result = (await found(alice, "delivery days"))[0]
    assert result["document_id"] == taken["id"]
    assert result["text"] == "We deliver on Tuesdays and Fridays."
    assert 0 < result["score"] <= 1


async def test_a_text_is_found_by_its_words_before_it_is_embedded(world: World):
    alice = await world.alice()
    taken = await alice.knows("Order number ZX-9000 is a lamp.", title="Lamps")

    async with world.without_embedder():
        await world.work()

    kept = await document(alice, taken["id"])
    assert (kept["status"], kept["passages"], kept["embedded"]) == ("processing", 1, 0)
    assert [result["document_id"] for result in await found(alice, "ZX-9000")] == [taken["id"]]


async def test_a_title_is_the_first_line_when_none_is_given(world: World):
    alice = await world.alice()

    taken = await alice.knows("\n  Opening hours \nWe open at nine.")

    assert taken["title"] == "Opening hours"


async def test_the_same_content_is_not_stored_twice(world: World):
    alice = await world.alice()

    first = await alice.knows("The same words.", title="One")
    again = await alice.knows("The same words.", title="One")
    file, file_again = [(await uploads(alice, ("a.txt", b"A small file.")))[0] for _ in range(2)]

    assert first["id"] == again["id"]
    assert file["id"] == file_again["id"]
    assert len(list((world.settings.files_directory / str(alice.workspace_id)).iterdir())) == 1


async def test_an_external_id_names_one_document_whose_content_can_change(world: World):
    alice = await world.alice()
    first = await alice.knows("The price is 10 euros.", title="Price", external_id="price")
    await world.work()

    second = await alice.knows("The price is 12 euros.", title="Price", external_id="price")
    await world.work()

    assert first["id"] == second["id"]
    assert [result["text"] for result in await found(alice, "price")] == ["The price is 12 euros."]


async def test_documents_of_different_external_ids_may_say_the_same(world: World):
    alice = await world.alice()

    response = await alice.post(
        "/api/text-upload",
        {"documents": [{"title": "Same", "text": "Same.", "external_id": name} for name in ("a", "b", "a")]},
    )

    names = [one["external_id"] for one in response.json()["documents"]]
    assert names == ["a", "b", "a"]
    assert (await alice.get("/api/documents/summary")).json()["total"] == 2


async def test_every_kind_of_file_is_read(world: World):
    alice = await world.alice()
    files = [
        ("policy.pdf", (SAMPLES / "returns-policy.pdf").read_bytes()),
        ("cards.docx", (SAMPLES / "gift-cards.docx").read_bytes()),
        ("a.md", b"# Parking\n\nParking is free behind the shop."),
        ("b.html", b"<html><body><h1>Wood</h1><p>Our oak comes from Galicia.</p></body></html>"),
        ("c.csv", b"question,answer\nDo you engrave?,Yes; in two days.\n"),
        ("d.txt", "Grüße aus Köln.".encode("cp1252")),
    ]

    taken = await uploads(alice, *files)
    await world.work()

    statuses = {one["title"]: (await document(alice, one["id"]))["status"] for one in taken}
    assert set(statuses.values()) == {"ready"}
    assert "Galicia" in (await found(alice, "Where does the oak come from?"))[0]["text"]


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.txt", b"", 400, "empty_file"),
        ("program.exe", b"MZ\x90\x00\x03\x00\x00\x00", 415, "unsupported_type"),
        ("photo.docx", b"\x89PNG\r\n\x1a\n0000", 415, "unsupported_type"),
    ],
)
async def test_a_file_that_is_none_of_ours_is_refused_at_once(
    world: World, name: str, content: bytes, status: int, code: str
):
    alice = await world.alice()

    response = await alice.request("POST", "/api/text-upload", files={"file": (name, content)})

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_a_broken_file_says_why_and_stops_no_other(world: World):
    alice = await world.alice()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w/>" + bytes(210_000_000))
    broken = [
        ("cut.pdf", (SAMPLES / "returns-policy.pdf").read_bytes()[:900], "damaged_file"),
        ("locked.pdf", (SAMPLES / "password-willow.pdf").read_bytes(), "password_protected"),
        ("bomb.docx", bomb.getvalue(), "too_large"),
        ("empty.txt", b"", "empty_file"),
        ("blank.txt", b" \n ", "no_text"),
        ("good.txt", b"Everything is fine.", None),
    ]

    taken = await uploads(alice, *((name, content) for name, content, _ in broken))
    await world.work()

    ended = [await document(alice, one["id"]) for one in taken]
    assert [one["error"] and one["error"]["code"] for one in ended] == [code for _, _, code in broken]
    assert [one["status"] for one in ended] == ["failed"] * 5 + ["ready"]
    assert all(one["error"]["message"].endswith(".") for one in ended[:5])


async def test_hostile_text_is_kept_without_what_cannot_be_stored(world: World):
    alice = await world.alice()
    sent = b'{"text": "nul \\u0000 and half a pair \\ud800 end", "title": "\\u0000"}'

    response = await alice.request(
        "POST", "/api/text-upload", content=sent, headers={"Content-Type": "application/json"}
    )
    await world.work()

    assert response.status_code == 202
    assert (await document(alice, response.json()["documents"][0]["id"]))["status"] == "ready"


@pytest.mark.parametrize(
    "sent",
    [
        "not json",
        "[]",
        "{}",
        '{"text": 5}',
        '{"text": ""}',
        '{"text": "  \\n"}',
        '{"documents": []}',
        '{"documents": [{"text": "x", "url": "javascript:alert(1)"}]}',
        '{"text": "x", "external_id": ""}',
        '{"documents": 7}',
        '{"text": "x", "language": "english please"}',
    ],
)
async def test_json_of_the_wrong_shape_is_refused_and_names_the_field(world: World, sent: str):
    alice = await world.alice()

    response = await alice.request(
        "POST", "/api/text-upload", content=sent.encode(), headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 400
    assert response.json()["error"]["code"] in ("validation_failed", "empty_text")


async def test_a_form_without_a_file_and_another_type_are_refused(world: World):
    alice = await world.alice()

    empty = await alice.request("POST", "/api/text-upload", files={"other": ("a.txt", b"text")})
    other = await alice.request("POST", "/api/text-upload", content=b"x", headers={"Content-Type": "text/plain"})

    assert empty.status_code == 400
    assert other.status_code == 415


async def test_a_deleted_document_is_gone_with_its_passages_and_file(world: World):
    alice = await world.alice()
    (file,) = await uploads(alice, ("moving.txt", b"We move to Lisbon in May."))
    await world.work()
    assert await found(alice, "Lisbon")

    response = await alice.delete(f"/api/documents/{file['id']}")
    await world.work()

    assert response.status_code == 204
    assert (await alice.get(f"/api/documents/{file['id']}")).status_code == 404
    assert await found(alice, "Lisbon") == []
    assert list((world.settings.files_directory / str(alice.workspace_id)).iterdir()) == []


async def test_a_list_goes_from_new_to_old_by_pages(world: World):
    alice = await world.alice()
    for number in range(5):
        await alice.knows(f"Text number {number}.", title=f"Text {number}")

    first = (await alice.get("/api/documents?limit=3")).json()
    second = (await alice.get("/api/documents", params={"limit": 3, "cursor": first["next_cursor"]})).json()

    assert [one["title"] for one in first["items"] + second["items"]] == [f"Text {n}" for n in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None
    assert (await alice.get("/api/documents?cursor=nonsense")).status_code == 400


async def test_a_stranger_neither_sees_nor_deletes_a_document(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    taken = await alice.knows("Acme's own secret.", title="Secret")
    await world.work()

    seen = await charlie.get(f"/api/documents/{taken['id']}")
    missing = await charlie.get(f"/api/documents/{uuid4()}")
    deleted = await charlie.delete(f"/api/documents/{taken['id']}")

    assert (seen.status_code, deleted.status_code) == (404, 404)
    assert seen.json()["error"]["message"] == missing.json()["error"]["message"]
    assert (await charlie.get("/api/documents")).json()["items"] == []
    assert await found(charlie, "Acme's own secret") == []
    assert (await document(alice, taken["id"]))["status"] == "ready"


async def test_the_same_text_sent_twice_at_once_is_one_document(world: World):
    alice = await world.alice()

    taken = await asyncio.gather(*(alice.knows("Sent at once.", title="Once") for _ in range(8)))

    assert len({one["id"] for one in taken}) == 1


async def test_a_file_is_not_kept_when_its_upload_fails(world: World, monkeypatch: pytest.MonkeyPatch):
    alice = await world.alice()
    await uploads(alice, ("first.txt", b"So that the folder exists."))

    async def fails(*_args: object, **_more: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr("trulybot.documents.adding_queries.add", fails)
    response = await alice.request("POST", "/api/text-upload", files={"file": ("b.txt", b"Second.")})

    assert response.status_code == 500
    assert len(list((world.settings.files_directory / str(alice.workspace_id)).iterdir())) == 1


async def test_no_file_of_a_request_is_kept_when_the_disk_is_full_before_its_last(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    keep, kept = Files.keep, []

    def fills(files: Files, file: BinaryIO, workspace_id: UUID, document_id: UUID) -> str:
        if kept:
            raise StorageFull(reason="No space left on device")
        kept.append(keep(files, file, workspace_id, document_id))
        return kept[0]

    monkeypatch.setattr(Files, "keep", fills)
    response = await alice.request(
        "POST", "/api/text-upload", files=[("file", ("a.txt", b"First.")), ("file", ("b.txt", b"Second."))]
    )

    assert (response.status_code, response.json()["error"]["code"]) == (507, "storage_full")
    assert [
        world.settings.files_directory / key for key in kept if (world.settings.files_directory / key).exists()
    ] == []
    assert (await alice.get("/api/documents/summary")).json()["total"] == 0

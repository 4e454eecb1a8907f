"""The proof that what was deleted is gone."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.world import Person, World
from trulybot.conversations import queries as conversations
from trulybot.documents import service as documents
from trulybot.history import leftovers
from trulybot.history.receipts import digest_of
from trulybot.operations.embedded import DATABASE
from trulybot.workspaces.identity import Member

RECEIPTS = "/api/knowledge/receipts"


@pytest.fixture
def superuser(superuser_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(superuser_url.replace(f"/{DATABASE}?", "/suite?"), autocommit=True) as connection:
        yield connection


async def receipt_of(person: Person) -> dict[str, Any]:
    [receipt] = (await person.get(RECEIPTS)).json()["items"]
    return dict(receipt)


async def filed(world: World, text: bytes) -> tuple[Person, str]:
    alice = await world.alice()
    sent = await alice.post("/api/text-upload", files={"file": ("tea.txt", text)})
    await world.work()
    return alice, sent.json()["documents"][0]["id"]


async def test_a_receipt_says_that_all_is_gone_and_what_is_answered_now(world: World):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    visitor = await alice.visitor()
    answer = await visitor.asks("How much is a pot of tea?")
    await alice.delete(f"/api/documents/{document}")
    assert (await receipt_of(alice))["state"] == "pending"
    await world.work()

    receipt = await receipt_of(alice)

    assert (receipt["state"], receipt["left"]) == ("clean", [])
    assert (receipt["receipt"]["passages"], receipt["receipt"]["files"]) == (1, 1)
    [question] = receipt["questions"]
    assert question["message_id"] == answer["message_id"]
    assert question["question"] == "How much is a pot of tea?"
    assert (question["answered"], question["uses_deleted"]) == (False, False)
    assert receipt["is_intact"] is True
    assert digest_of(receipt["receipt"]) == receipt["digest"]
    acts = (await alice.get("/api/audit-log", params={"action": "deletion.proved"})).json()["items"]
    assert [act["details"]["digest"] for act in acts] == [receipt["digest"]]
    assert (await alice.get(f"{RECEIPTS}/{receipt['id']}")).json() == receipt


async def test_what_the_visitor_was_told_stays_and_the_source_is_blank(world: World, superuser):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    answer = await alice.asks("How much is a pot of tea?")
    await alice.delete(f"/api/documents/{document}")
    await world.work()

    [kept] = superuser.execute("select answer from turns where id = %s", (answer["message_id"],)).fetchone()
    replay = (await alice.get(f"/api/chat/{answer['message_id']}/replay")).json()

    assert kept["answer"] == "A pot of tea is 4 euros."
    assert [(source["text"], source["title"]) for source in kept["citations"]] == [("", "")]
    assert [(passage["text"], passage["state"]) for passage in replay["then"]["passages"]] == [("", "deleted")]


async def test_a_golden_question_names_the_deleted_no_more(world: World):
    alice = await world.alice()
    tea = await alice.knows("A pot of tea is 4 euros.")
    await world.work()
    golden = (await alice.post("/api/golden-sets", {"name": "Prices"})).json()["id"]
    question = {"question": "How much is a pot of tea?", "document_ids": [tea["id"]]}
    await alice.post(f"/api/golden-sets/{golden}/questions", {"questions": [question]})
    await alice.post(f"/api/golden-sets/{golden}/runs")
    await world.work()

    await alice.delete(f"/api/documents/{tea['id']}")
    await world.work()

    receipt = (await alice.get("/api/knowledge/receipts")).json()["items"][0]
    kept = (await alice.get(f"/api/golden-sets/{golden}/questions")).json()["items"][0]
    assert (receipt["state"], receipt["left"]) == ("clean", [])
    assert kept["document_ids"] == []


async def test_an_answer_on_its_way_does_not_write_down_again_what_was_deleted(world: World, superuser, monkeypatch):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    stay = conversations.documents_that_stay

    async def too_late(tx, ids):
        superuser.execute("delete from documents where id = %s", (document,))
        return await stay(tx, ids)

    monkeypatch.setattr(conversations, "documents_that_stay", too_late)
    answer = await alice.asks("How much is a pot of tea?")

    [kept] = superuser.execute("select answer from turns where id = %s", (answer["message_id"],)).fetchone()
    read = superuser.execute("select from passages_read where document = %s", (document,)).fetchall()
    assert [(source["text"], source["title"]) for source in kept["citations"]] == [("", "")]
    assert read == []


# What a careless release might leave behind, by the place that the receipt names.
SABOTAGE = {
    "documents.title": "insert into documents (workspace_id, id, title, source, content_hash, media_type, bytes)"
    " values (%(workspace)s, gen_random_uuid(), 'See ' || %(document)s::text, 'text', '\\x01', 'text/plain', 1)",
    "documents.id": "insert into documents (workspace_id, id, title, source, content_hash, media_type, bytes)"
    " values (%(workspace)s, %(document)s, 'Tea', 'text', '\\x00', 'text/plain', 1)",
    "passages_read.document": "insert into passages_read (workspace_id, id, document, title, heading, text)"
    " values (%(workspace)s, gen_random_uuid(), %(document)s, 'Tea', '', 'Tea is 4 euros.')",
    "document_versions.document": "insert into document_versions (workspace_id, document, added_version, from_version,"
    " is_taken_out, title, source, content_hash, media_type, bytes, created_at)"
    " values (%(workspace)s, %(document)s, 1, 1, true, 'Tea', 'text', '\\x00', 'text/plain', 1, now())",
}


@pytest.mark.parametrize("place", SABOTAGE)
async def test_a_row_that_was_left_is_found_and_told(world: World, superuser, place: str):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    await alice.delete(f"/api/documents/{document}")
    superuser.execute(SABOTAGE[place], {"workspace": alice.workspace_id, "document": document})
    await world.work()

    receipt = await receipt_of(alice)

    assert (receipt["state"], receipt["left"]) == ("left", [place])


async def test_a_file_that_was_left_is_found_and_an_operator_is_told(world: World, caplog):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    folder = world.settings.files_directory / str(alice.workspace_id)
    (folder / f"{document}.part").write_bytes(b"half a copy")
    await alice.delete(f"/api/documents/{document}")
    await world.work()

    receipt = await receipt_of(alice)

    assert (receipt["state"], receipt["left"]) == ("left", [f"file {document}.part"])
    assert not (folder / document).exists()


async def test_a_receipt_that_was_changed_shows(world: World, superuser):
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    await alice.delete(f"/api/documents/{document}")
    await world.work()
    superuser.execute(
        """update deletion_receipts set receipt = receipt || '{"passages": 0}' where workspace_id = %s""",
        (alice.workspace_id,),
    )

    assert (await receipt_of(alice))["is_intact"] is False


async def test_every_table_that_could_hold_knowledge_is_looked_into(superuser):
    """A table that names a document, a passage or a file, and that a job may not read, would stay unseen."""
    unseen = superuser.execute(
        """
        select c.relname::text || '.' || a.attname
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and a.attname in ('document_id', 'document', 'passage_id', 'passages', 'file_key', 'documents')
           and format_type(a.atttypid, null) in ('uuid', 'uuid[]', 'text', 'jsonb')
           and not has_column_privilege('worker', c.oid, a.attnum, 'select')
        """
    ).fetchall()

    assert unseen == []


async def test_a_stranger_reads_no_receipt(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    document = await alice.knows("A pot of tea is 4 euros.")
    await alice.delete(f"/api/documents/{document['id']}")
    id = (await receipt_of(alice))["id"]

    assert (await charlie.get(RECEIPTS)).json()["items"] == []
    assert (await charlie.get(f"{RECEIPTS}/{id}")).status_code == 404


async def test_the_sources_of_every_answer_are_blanked_however_many_there_are(world: World, superuser, monkeypatch):
    monkeypatch.setattr(leftovers, "TURNS", 2)
    alice, document = await filed(world, b"A pot of tea is 4 euros.")
    for number in range(5):
        await alice.asks(f"How much is a pot of tea at table {number}?")

    await alice.delete(f"/api/documents/{document}")
    await world.work()

    answers = superuser.execute("select answer from turns where workspace_id = %s", (alice.workspace_id,)).fetchall()
    assert [source["text"] for (answer,) in answers for source in answer["citations"]] == [""] * 5
    assert (await receipt_of(alice))["state"] == "clean"


async def test_many_documents_go_as_one(world: World, superuser):
    alice = await world.alice()
    texts = [{"title": str(number), "text": f"Table {number} is by the window."} for number in range(5)]
    sent = (await alice.post("/api/text-upload", {"documents": texts})).json()["documents"]
    ids = [UUID(one["id"]) for one in sent]
    await world.work()
    version = "select version from knowledge where workspace_id = %s"
    [before] = superuser.execute(version, (alice.workspace_id,)).fetchone()

    who = Member(alice.user_id, alice.workspace_id, "owner", alice.email, uuid4())
    async with world.app.state.db.workspace(who) as tx:
        assert await documents.take_out(tx, ids) == 5

    [after] = superuser.execute(version, (alice.workspace_id,)).fetchone()
    assert after - before == 2  # that they are gone, and the act
    assert (await alice.get("/api/documents")).json()["items"] == []
    await world.work()
    assert (await receipt_of(alice))["state"] == "clean"

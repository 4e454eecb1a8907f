"""Items 21, 30, 32, 33, 34 and 35 of the forty, each by the way an attacker would come."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from tests.world import World
from trulybot.settings import APP_LOGIN, WORKER_LOGIN

SMUGGLED = (
    "' or '1'='1",
    "'; select set_config('request.jwt.claims', '{}', false); --",
    "x%' or 1=1 --",
    "[0.1]'::extensions.halfvec) --",
    "$$; reset role; $$",
    '{"a": "\\u0027 or true"}',
)


async def test_item_21_the_same_question_in_two_workspaces_finds_each_its_own(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("The code of the gate is heron-4411.", title="Gate")
    await charlie.knows("The code of the gate is magpie-9020.", title="Gate")
    await world.work()

    for person, own, foreign in ((alice, "heron-4411", "magpie-9020"), (charlie, "magpie-9020", "heron-4411")):
        found = await person.post("/api/search", {"query": "What is the code of the gate?", "limit": 50})
        answer = await person.asks("What is the code of the gate?")
        assert own in found.text
        assert foreign not in found.text
        assert foreign not in str(answer)


async def test_item_30_an_id_of_another_tenant_is_as_good_as_none(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    document = (await alice.knows("A secret."))["id"]
    key = (await alice.post("/api/api-keys", {"name": "a program"})).json()["id"]

    for path, id in (("/api/documents", document), ("/api/api-keys", key)):
        foreign, missing = [await charlie.delete(f"{path}/{one}") for one in (id, str(uuid4()))]
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "not_found")
        assert foreign.json()["error"]["message"] == missing.json()["error"]["message"]
    assert (await alice.get(f"/api/documents/{document}")).status_code == 200


async def test_item_32_without_claims_there_is_no_row_and_no_row_moves(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("A secret.")

    async with await psycopg.AsyncConnection.connect(world.settings.database_url(APP_LOGIN)) as web:
        for role in ("member", "authenticated", "visitor"):
            await web.execute("select set_config('role', %s, true)", (role,))
            assert await (await web.execute("select id from documents")).fetchall() == []
            await web.rollback()
        claims = f'{{"sub": "{charlie.user_id}", "workspace_id": "{alice.workspace_id}"}}'
        await web.execute(
            "select set_config('role', 'member', true), set_config('request.jwt.claims', %s, true)", (claims,)
        )
        assert await (await web.execute("select id from documents")).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await web.execute("update documents set workspace_id = %s", (charlie.workspace_id,))


async def test_item_33_the_apps_logins_are_nobody_and_cannot_rise(world: World):
    for login in (APP_LOGIN, WORKER_LOGIN):
        async with await psycopg.AsyncConnection.connect(world.settings.database_url(login), autocommit=True) as app:
            rights = await app.execute(
                """
                select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit
                       or exists (select from pg_class where relowner = r.oid)
                  from pg_roles r where rolname = current_user
                """
            )
            assert await rights.fetchall() == [(False,)]
            for role in ("postgres", "service_role", "trulybot_owner", "trulybot_definer"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await app.execute(f"set role {role}")  # type: ignore[arg-type]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await app.execute("create table public.trap (id int)")


async def test_item_34_requests_of_two_tenants_over_one_connection_see_each_their_own(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await world.app.state.db.pool.resize(1, 1)

    asked = [(alice, charlie)[number % 2] for number in range(20)]
    answers = await asyncio.gather(*(person.get("/api/user/profile") for person in asked))

    assert [answer.json()["workspace"]["id"] for answer in answers] == [str(person.workspace_id) for person in asked]


async def test_item_35_smuggled_sql_is_text(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("The code of the gate is heron-4411.", title="Gate")
    await world.work()

    for text in SMUGGLED:
        answers = [
            await charlie.post("/api/search", {"query": text}),
            await charlie.get("/api/documents", params={"cursor": text}),
            await charlie.get("/api/documents", params={"status": text}),
            await charlie.get("/api/leads", params={"cursor": text}),
            await charlie.get(f"/api/documents/{uuid4()}", headers={"X-Workspace-Id": text}),
            await charlie.post("/api/text-upload", {"text": text, "title": text, "external_id": text}),
        ]
        assert all(answer.status_code < 500 for answer in answers), (text, [one.status_code for one in answers])
        assert not any("heron" in answer.text for answer in answers)
    kept = {document["title"] for document in (await charlie.get("/api/documents")).json()["items"]}
    assert kept == set(SMUGGLED)

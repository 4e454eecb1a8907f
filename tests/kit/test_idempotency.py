"""A request that is sent again is not done again."""

import asyncio

import httpx
import psycopg
import pytest

from tests.world import Person, World
from trulybot.operations.embedded import DATABASE

KEY = {"Idempotency-Key": "an-order-of-keys-1"}


async def make_key(person: Person, name: str = "shop", **headers: str) -> httpx.Response:
    return await person.post("/api/api-keys", {"name": name}, headers={**KEY, **headers})


async def keys_of(person: Person) -> int:
    return len((await person.get("/api/api-keys")).json()["items"])


async def test_the_same_request_is_answered_as_before_and_not_done_again(world: World):
    alice = await world.alice()

    first, second = await make_key(alice), await make_key(alice)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await keys_of(alice) == 1


async def test_the_same_key_with_something_else_is_refused(world: World):
    alice = await world.alice()
    await make_key(alice)

    other = await make_key(alice, "another")

    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert await keys_of(alice) == 1


async def test_of_many_at_once_one_is_done(world: World):
    alice = await world.alice()

    answers = await asyncio.gather(*(make_key(alice) for _ in range(6)))

    assert await keys_of(alice) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["key"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} <= {
        "request_in_progress"
    }


async def test_what_was_refused_may_be_tried_again_with_the_same_key(world: World):
    alice = await world.alice()
    refused = await alice.post("/api/api-keys", {"name": ""}, headers=KEY)

    again = await make_key(alice)

    assert (refused.status_code, again.status_code) == (400, 201)


async def test_a_key_is_its_senders_own(world: World):
    alice, charlie = await world.alice(), await world.charlie()

    hers, his = await make_key(alice), await make_key(charlie)

    assert hers.json()["key"] != his.json()["key"]
    assert await keys_of(charlie) == 1


async def test_what_is_kept_tells_nobody_the_answer(world: World, superuser_url: str):
    alice = await world.alice()
    secret = (await make_key(alice)).json()["key"]
    database = superuser_url.replace(f"/{DATABASE}?", "/suite?")

    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await (
            await connection.execute(
                "select answer from repeatable_requests where workspace_id = %s", (alice.workspace_id,)
            )
        ).fetchall()

    assert len(rows) == 1
    assert secret.encode() not in bytes(rows[0][0])


async def test_an_upload_is_taken_in_once(world: World):
    alice = await world.alice()

    answers = [
        await alice.post("/api/text-upload", {"text": "We open at nine.", "title": "Hours"}, headers=KEY)
        for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
async def test_a_key_has_a_form(world: World, key: str):
    alice = await world.alice()

    assert (await make_key(alice, **{"Idempotency-Key": key})).status_code == 400

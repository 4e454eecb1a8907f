from dataclasses import dataclass
from uuid import UUID, uuid4

from tests.world import PASSWORD, Person, World
from trulybot.accounts import session_queries
from trulybot.kit.db import Database
from trulybot.operations.worker import database_of


@dataclass
class _Id:
    id: UUID


async def signs_in(world: World, person: Person) -> Person:
    form = {"email": person.email, "password": PASSWORD}
    headers = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Gecko/20100101 Firefox/142.0"}
    answer = await world.http.post("/auth/v1/token?grant_type=password", json=form, headers=headers)
    return Person(world.http, person.email, person.user_id, answer.json()["access_token"])


async def test_a_person_sees_where_they_are_signed_in(world: World):
    alice = await world.alice()
    elsewhere = await signs_in(world, alice)

    mine, other = (await alice.get("/api/user/sessions")).json()["items"]

    assert (mine["current"], other["current"]) == (True, False)
    assert (other["device"], other["address"]) == ("Firefox on macOS", "127.0.0.1")
    assert not other["second_factor"]
    assert (await elsewhere.get("/api/user/sessions")).json()["items"][0]["id"] == other["id"]


async def test_a_session_ends_at_once(world: World):
    alice = await world.alice()
    elsewhere = await signs_in(world, alice)
    other = (await alice.get("/api/user/sessions")).json()["items"][1]

    ended = await alice.delete(f"/api/user/sessions/{other['id']}")

    assert ended.status_code == 204
    assert (await elsewhere.get("/api/user/profile")).status_code == 401
    assert (await alice.get("/api/user/profile")).status_code == 200


async def test_a_strangers_session_is_not_found(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    (own,) = (await alice.get("/api/user/sessions")).json()["items"]

    taken = await charlie.delete(f"/api/user/sessions/{own['id']}")
    missing = await charlie.delete(f"/api/user/sessions/{uuid4()}")

    assert taken.status_code == missing.status_code == 404
    assert taken.json()["error"]["code"] == missing.json()["error"]["code"]
    assert len((await charlie.get("/api/user/sessions")).json()["items"]) == 1
    assert (await alice.get("/api/user/profile")).status_code == 200


async def test_the_worker_forgets_sessions_that_are_over(world: World, db: Database):
    alice = await world.alice()
    idle, lasting = await signs_in(world, alice), await signs_in(world, alice)
    async with db.system("test") as tx:
        newest = await tx.all(
            _Id,
            "select id from trulybot_auth.sessions where user_id = %(id)s order by created_at desc limit 2",
            id=alice.user_id,
        )
        await tx.run(
            "update trulybot_auth.sessions set used_at = now() - interval '8 days' where id = %(id)s",
            id=newest[1].id,
        )
    worker = database_of(world.settings, size=1)
    await worker.open()

    async with worker.chore("test") as tx:
        await session_queries.sweep(tx)

    await worker.close()
    async with db.system("test") as tx:
        left = await tx.value("select count(*) from trulybot_auth.sessions where user_id = %(id)s", id=alice.user_id)
    assert left == 2
    assert (await idle.get("/api/user/profile")).status_code == 401
    assert (await lasting.get("/api/user/profile")).status_code == 200

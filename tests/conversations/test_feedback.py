"""A thumb on an answer: by whoever asked, changed at will, and by nobody else."""

import pytest

from tests.world import SHOP, Person, World
from trulybot.kit.db import Database
from trulybot.workspaces.identity import Visitor


async def asked(person: Person, **more: str) -> str:
    return str((await person.asks("When are you open?", **more))["message_id"])


async def test_whoever_asked_may_say_what_they_think_and_change_it(world: World):
    visitor = await (await world.alice()).visitor()
    message = await asked(visitor)

    first = await visitor.post(f"/api/chat/{message}/feedback", {"rating": "up"})
    again = await visitor.post(f"/api/chat/{message}/feedback", {"rating": "down", "comment": "It is ten o’clock."})

    assert (first.status_code, first.json()["rating"]) == (200, "up")
    assert (again.json()["rating"], again.json()["comment"]) == ("down", "It is ten o’clock.")
    assert again.json()["message_id"] == message
    assert again.headers["access-control-allow-origin"] == SHOP


async def test_the_id_that_the_client_gave_names_its_answer(world: World):
    alice = await world.alice()
    await asked(alice, message_id="my own name for it")

    response = await alice.post("/api/chat/my own name for it/feedback", {"rating": "up"})

    assert response.status_code == 200


@pytest.mark.parametrize("body", [{"rating": "five stars"}, {}, {"rating": "up", "comment": "x" * 2001}])
async def test_an_opinion_that_is_none_is_refused(world: World, body: dict[str, str]):
    alice = await world.alice()

    response = await alice.post(f"/api/chat/{await asked(alice)}/feedback", body)

    assert response.status_code == 400


async def test_nobody_rates_an_answer_that_another_got(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    visitor, other = await alice.visitor(), await alice.visitor()
    message = await asked(visitor)

    for somebody in (other, alice, charlie):
        response = await somebody.post(f"/api/chat/{message}/feedback", {"rating": "down"})

        assert response.status_code == 404
        assert response.json()["error"]["code"] == "message_not_found"


async def test_the_database_keeps_a_visitor_from_rating_anothers_turn(world: World, db: Database):
    alice = await world.alice()
    visitor, other = await alice.visitor(), await alice.visitor()
    message = await asked(visitor)
    await visitor.post(f"/api/chat/{message}/feedback", {"rating": "up"})

    async with db.workspace(Visitor(other.user_id, alice.workspace_id, SHOP)) as tx:
        changed = await tx.run("update feedback set rating = 'down' where turn_id = %(id)s", id=message)

    assert changed == 0

"""How a bot behaves, as its owner sets it; and what nobody else learns of it."""

from uuid import uuid4

import pytest

from tests.world import World
from trulybot.bots import queries
from trulybot.bots.service import key_purpose
from trulybot.workspaces.identity import Member

KEY = "sk-proj-4f9a7c2e8b1d6035-w8Qk"


async def test_an_owner_changes_how_the_bot_speaks_and_the_rest_stays(world: World):
    alice = await world.alice()

    await alice.patch("/api/bot", {"tone": "formal", "monthly_budget_usd": "20.00"})
    response = await alice.patch("/api/bot", {"instructions": "Call our customers guests."})

    assert response.status_code == 200, response.text
    bot = (await alice.get("/api/bot")).json()
    assert bot == response.json()
    assert (bot["tone"], bot["instructions"], bot["monthly_budget_usd"]) == (
        "formal",
        "Call our customers guests.",
        "20.00",
    )
    assert bot["version"] > 1
    assert (await alice.patch("/api/bot", {"tone": "formal"})).json()["version"] == bot["version"]


async def test_a_key_is_kept_sealed_and_shown_as_a_hint(world: World):
    alice = await world.alice()

    response = await alice.patch("/api/bot", {"api_key": KEY, "model": "gpt-4o"})

    assert (response.json()["api_key_hint"], response.json()["model"]) == ("sk-…w8Qk", "gpt-4o")
    assert KEY not in response.text + (await alice.get("/api/bot")).text + (await alice.get("/api/audit-log")).text
    member = Member(alice.user_id, alice.workspace_id, "owner", alice.email, uuid4())
    async with world.app.state.db.workspace(member) as tx:
        settings = await queries.settings(tx)
    assert settings.api_key is not None
    assert KEY.encode() not in settings.api_key
    opened = await world.app.state.keyring.open(settings.api_key, purpose=key_purpose(alice.workspace_id))
    assert opened == KEY


async def test_a_kept_key_goes_to_no_other_server(world: World):
    alice = await world.alice()
    await alice.patch("/api/bot", {"api_key": KEY, "base_url": "https://models.example/v1"})

    refused = await alice.patch("/api/bot", {"base_url": "https://thief.example/v1"})
    moved = await alice.patch("/api/bot", {"base_url": "https://other.example/v1", "api_key": KEY})
    rest = await alice.patch("/api/bot", {"base_url": "https://other.example/v1", "tone": "brief"})

    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "api_key")
    assert (moved.status_code, rest.status_code) == (200, 200)


async def test_another_key_that_looks_alike_is_another_version(world: World):
    alice = await world.alice()
    before = (await alice.patch("/api/bot", {"api_key": KEY})).json()

    after = (await alice.patch("/api/bot", {"api_key": KEY[:8] + "revoked-it" + KEY[18:]})).json()

    assert after["api_key_hint"] == before["api_key_hint"]
    assert after["version"] > before["version"]


async def test_null_takes_a_value_away(world: World):
    alice = await world.alice()
    await alice.patch("/api/bot", {"api_key": KEY, "model": "gpt-4o", "monthly_budget_usd": "1.00"})

    bot = (await alice.patch("/api/bot", {"api_key": None, "model": None, "monthly_budget_usd": None})).json()

    assert (bot["api_key_hint"], bot["model"], bot["monthly_budget_usd"]) == (None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "gpt-4o"},  # with the operator's key
        {"base_url": "ftp://models.example"},
        {"base_url": "https://user:secret@models.example"},
        {"base_url": "models.example"},
        {"instructions": "x" * 2001},
        {"tone": "rude"},
        {"tone": None},
        {"caution": "reckless"},
        {"monthly_budget_usd": "-1"},
        {"version": 7},
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, change: dict[str, object]):
    alice = await world.alice()

    response = await alice.patch("/api/bot", change)

    assert (response.status_code, response.json()["error"]["code"]) == (400, "validation_failed")


async def test_a_stranger_sees_and_changes_a_bot_of_his_own(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.patch("/api/bot", {"instructions": "Call our customers guests."})

    await charlie.patch("/api/bot", {"tone": "brief"})

    assert (await charlie.get("/api/bot")).json()["instructions"] == ""
    assert (await alice.get("/api/bot")).json()["tone"] == "friendly"


async def test_who_does_not_own_the_workspace_changes_nothing(world: World):
    alice = await world.alice()
    bob = await world.joins(alice, "admin")
    visitor = await alice.visitor()

    assert (await bob.patch("/api/bot", {"tone": "brief"})).status_code == 403
    assert (await visitor.get("/api/bot")).status_code == 403
    assert (await bob.get("/api/bot")).status_code == 200


async def test_a_careful_bot_answers_less(world: World):
    alice = await world.alice()
    await alice.knows("We are open from nine to six on weekdays.", title="Opening hours")
    await world.work()
    question = "When does the shop open?"
    eager = (await alice.patch("/api/bot", {"caution": "eager"})).json()
    answered = await alice.asks(question)

    await alice.patch("/api/bot", {"caution": "strict"})

    assert eager["caution"] == "eager"
    assert answered["answered"]
    assert answered["confidence"] < 0.7
    assert not (await alice.asks(question))["answered"]


async def test_a_new_month_has_cost_nothing(world: World):
    alice = await world.alice()

    assert (await alice.get("/api/bot/usage")).json() == {
        "spent_usd": "0",
        "calls": 0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
    }

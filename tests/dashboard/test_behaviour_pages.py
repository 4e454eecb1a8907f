"""The page Behaviour, as a form without a script sends it."""

from tests.world import Person, World

HERE = "/dashboard/behaviour"


async def sends(person: Person, section: str, **form: str) -> str:
    response = await person.post(f"{HERE}/{section}", data=form)
    return f"{response.status_code} {response.text}"


async def test_an_owner_sets_how_the_bot_speaks_and_what_it_may_cost(world: World):
    alice = await world.alice()

    assert "Saved" in await sends(alice, "manner", tone="formal", instructions="Call our customers <guests>.")
    assert "Saved" in await sends(alice, "budget", monthly_budget_usd="5")
    page = (await alice.get(HERE)).text

    bot = (await alice.get("/api/bot")).json()
    assert (bot["tone"], bot["monthly_budget_usd"]) == ("formal", "5.00")
    assert "&lt;guests&gt;" in page
    assert "of $5.00" in page


async def test_a_key_is_kept_until_it_is_forgotten(world: World):
    alice = await world.alice()
    key = "sk-proj-4f9a7c2e8b1d6035-w8Qk"

    saved = await sends(alice, "model", api_key=key, model="gpt-4o")
    await sends(alice, "model", model="gpt-4o-mini")

    assert key not in saved + (await alice.get(HERE)).text
    bot = (await alice.get("/api/bot")).json()
    assert (bot["api_key_hint"], bot["model"]) == ("sk-…w8Qk", "gpt-4o-mini")
    await sends(alice, "model", forget_key="yes")
    assert (await alice.get("/api/bot")).json()["api_key_hint"] is None


async def test_what_cannot_be_is_said_beside_its_field_and_kept_as_typed(world: World):
    alice = await world.alice()

    page = await sends(alice, "budget", monthly_budget_usd="a lot")

    assert page.startswith("400")
    assert "This is not valid." in page
    assert 'value="a lot"' in page
    assert "needs a key of your own" in await sends(alice, "model", model="gpt-4o")


async def test_whoever_does_not_own_the_workspace_reads_the_page_and_changes_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    bob = await world.joins(alice, "agent")
    await alice.patch("/api/bot", {"instructions": "Call our customers guests."})

    assert "guests" in (await bob.get(HERE)).text
    assert (await sends(bob, "manner", tone="brief")).startswith("403")
    assert "guests" not in (await charlie.get(HERE)).text


async def test_a_change_that_the_gate_holds_is_shown_and_said_to_be_held(world: World):
    alice = await world.alice()
    set_id = (await alice.post("/api/golden-sets", {"name": "What people ask"})).json()["id"]
    golden = {"questions": [{"question": "Who won the cup?", "must_refuse": True}]}
    await alice.post(f"/api/golden-sets/{set_id}/questions", golden)
    await alice.request("PUT", "/api/publish-gate", json={"set_id": set_id})

    page = await sends(alice, "manner", tone="formal", instructions="Call our customers guests.")
    settings = await alice.post("/dashboard/settings/caution", data={"caution": "strict"})
    quality = await alice.get("/dashboard/quality")

    assert "is held by the" in page
    assert '<option value="formal" selected>' in page
    assert "Until then your bot is balanced" in settings.text
    assert "how your bot behaves" in quality.text
    assert (await alice.get("/api/bot")).json()["tone"] == "friendly"

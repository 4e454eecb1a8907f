"""Pages that a source visits again, at the publish gate."""

from typing import Any

from tests.evaluation.gate.test_gate import answer, gate, gated
from tests.sites import Answer, Site, page
from tests.sources.test_sources import adds, syncs, taken
from tests.world import Person, World

BACK = "You may send back anything unused within {} days. Send it in its own box."


async def gated_site(world: World, shop: Site) -> tuple[Person, dict[str, Any]]:
    """A shop whose page alone says how long things may be sent back, which the gate asks; and its source."""
    alice = await world.alice()
    shop.pages["/returns"] = page("Returns", BACK.format(30), "/")
    source = await adds(alice, shop.url)
    await gated(world, person=alice)
    items = (await alice.get("/api/documents")).json()["items"]
    await alice.delete(f"/api/documents/{next(one['id'] for one in items if one['external_id'] == 'returns')}")
    shop.pages["/returns"] = page("Returns", BACK.format(14), "/")
    return alice, source


async def test_a_page_that_changed_waits_beside_the_one_that_answers(world: World, shop: Site):
    alice, source = await gated_site(world, shop)
    before = (await taken(alice, shop))["/returns"]

    await syncs(world, alice, source)
    refused, told = await gate(alice), await answer(await alice.visitor())
    await alice.post("/api/publish-gate/withdrawal")
    await syncs(world, alice, source)  # what was withdrawn is not brought again
    withdrawn = await gate(alice)
    shop.pages["/returns"] = page("Returns", BACK.format(30) + " Sofas are collected at your door.", "/sofas")
    shop.pages["/sofas"] = page("Sofas", "Sofas are made of oak.", "/")
    await syncs(world, alice, source)
    after = await taken(alice, shop)

    assert (refused["state"], refused["ready"]) == ("refused", 1)
    assert "30 days" in told
    assert withdrawn["state"] == (await gate(alice))["state"] == "open"
    assert (after["/returns"]["id"], after["/returns"]["held"], after["/sofas"]["held"]) == (before["id"], False, False)
    assert "Sofas are collected" in (await alice.post("/api/search", {"query": "Are sofas collected?"})).text


async def test_a_page_that_vanishes_goes_at_once_with_what_was_held_of_it(world: World, shop: Site):
    alice, source = await gated_site(world, shop)
    await syncs(world, alice, source)
    held = (await gate(alice))["ready"]

    shop.pages["/returns"] = Answer("Gone.", status=410)
    await syncs(world, alice, source)

    assert held == 1
    assert "/returns" not in await taken(alice, shop)
    assert (await gate(alice))["state"] == "open"


async def test_a_page_that_changes_back_holds_nothing_up(world: World, shop: Site):
    alice, source = await gated_site(world, shop)
    await syncs(world, alice, source)

    shop.pages["/returns"] = page("Returns", BACK.format(30), "/")
    await syncs(world, alice, source)

    assert (await gate(alice))["state"] == "open"

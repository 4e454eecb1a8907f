"""What the owner is shown of the knowledge's disagreements."""

from typing import Any

from tests.world import Person, World

CONFLICTS = "/api/knowledge/conflicts"


async def shown(person: Person) -> list[dict[str, Any]]:
    return list((await person.get(CONFLICTS)).json()["items"])


async def disagreeing(world: World) -> Person:
    alice = await world.alice()
    await alice.knows("Returns are accepted within 30 days.", title="Returns", external_id="returns")
    await alice.knows("You may ask us anything. Returns are accepted within 14 days.", title="FAQ", external_id="faq")
    await alice.knows("Faulty goods can be returned within 2 years.", title="Warranty", external_id="warranty")
    await world.work()
    return alice


async def test_two_documents_that_disagree_are_shown_side_by_side(world: World):
    alice = await disagreeing(world)

    [conflict] = await shown(alice)

    assert conflict["kind"] == "duration"
    sides = {(side["title"], side["sentence"], side["fact"]) for side in (conflict["one"], conflict["other"])}
    assert sides == {
        ("Returns", "Returns are accepted within 30 days.", "30 days"),
        ("FAQ", "Returns are accepted within 14 days.", "14 days"),
    }


async def test_a_conflict_disappears_when_a_document_is_mended(world: World):
    alice = await disagreeing(world)

    await alice.knows("Returns are accepted within 30 days.", title="FAQ", external_id="faq")
    await world.work()

    assert await shown(alice) == []


async def test_a_dismissed_conflict_stays_away_when_the_same_is_read_again(world: World):
    alice = await disagreeing(world)
    [conflict] = await shown(alice)

    response = await alice.delete(f"{CONFLICTS}/{conflict['id']}")
    await alice.knows("Ask! Returns are accepted within 14 days.", title="FAQ", external_id="faq")
    await world.work()

    assert response.status_code == 204
    assert await shown(alice) == []
    assert (await alice.delete(f"{CONFLICTS}/{conflict['id']}")).status_code == 404


async def test_what_is_over_is_shown_and_what_is_to_come_is_not(world: World):
    alice = await world.alice()
    await alice.knows("The offer is valid until 31 March 2025.", title="Spring")
    await alice.knows("The offer is valid until 31 March 2099.", title="The far spring")
    await world.work()

    [stale] = await shown(alice)

    assert (stale["kind"], stale["over_on"], stale["other"]) == ("stale", "2025-03-31", None)
    assert stale["one"]["fact"] == "31 March 2025"


async def test_a_stranger_sees_and_dismisses_no_conflict(world: World):
    alice, charlie = await disagreeing(world), await world.charlie()
    [conflict] = await shown(alice)

    assert await shown(charlie) == []
    assert (await charlie.delete(f"{CONFLICTS}/{conflict['id']}")).status_code == 404
    viewer = await world.joins(alice, "viewer")
    assert (await viewer.delete(f"{CONFLICTS}/{conflict['id']}")).status_code == 403

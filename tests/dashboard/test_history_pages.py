"""The pages of the time machine and of conflicts, as a browser without JavaScript sees them."""

import pytest

from tests.pages import OURS, a_browser
from tests.world import Person, World
from trulybot.dashboard import history_pages

HISTORY = "/dashboard/history"


async def newest(person: Person) -> int:
    return int((await person.get("/api/knowledge/versions")).json()["items"][0]["version"])


async def test_an_owner_looks_back_goes_back_and_replays(world: World):
    alice = await world.alice()
    await alice.knows("A pot of tea is 4 euros.", external_id="tea", title="<b>Tea</b>")
    await world.work()
    before = await newest(alice)
    answer = await alice.asks("How much is a pot of tea?")
    await alice.knows("A pot of tea is 5 euros.", external_id="tea", title="<b>Tea</b>")
    await world.work()

    async with a_browser(world, alice) as browser:
        history = await browser.get(HISTORY)
        preview = await browser.get(f"{HISTORY}/versions/{before}")
        replay = await browser.get(f"{HISTORY}/answers/{answer['message_id']}")
        done = await browser.post(f"{HISTORY}/versions/{before}/restoration", headers=OURS)
        again = await browser.get(HISTORY)

    assert alice.email in history.text
    assert "How much is a pot of tea?" in history.text
    assert "&lt;b&gt;Tea&lt;/b&gt;</bdi> gets its earlier text back" in preview.text
    assert "<del>4</del>" in replay.text
    assert "<ins>5</ins>" in replay.text
    assert (done.status_code, done.headers["location"]) == (303, HISTORY)
    assert f"brought the knowledge back to version {before}" in again.text


async def test_a_receipt_is_shown_and_downloaded(world: World):
    alice = await world.alice()
    document = await alice.knows("A pot of tea is 4 euros.")
    await world.work()
    await alice.asks("How much is a pot of tea?")
    await alice.delete(f"/api/documents/{document['id']}")
    await world.work()
    [receipt] = (await alice.get("/api/knowledge/receipts")).json()["items"]

    async with a_browser(world, alice) as browser:
        page = await browser.get(f"{HISTORY}/receipts/{receipt['id']}")
        file = await browser.get(f"{HISTORY}/receipts/{receipt['id']}/download")

    assert "Nothing is left." in page.text
    assert "How much is a pot of tea?" in page.text
    assert file.json() == receipt
    assert "attachment" in file.headers["content-disposition"]


async def test_conflicts_stand_side_by_side_until_they_are_dismissed(world: World):
    alice = await world.alice()
    await alice.knows("Returns are accepted within 30 days.", title="Returns")
    await alice.knows("Returns are accepted within 14 days.", title="FAQ")
    await alice.knows("The offer is valid until 31 March 2025.", title="Spring")
    await world.work()
    items = (await alice.get("/api/knowledge/conflicts")).json()["items"]
    conflict = next(one for one in items if one["other"])

    async with a_browser(world, alice) as browser:
        page = await browser.get("/dashboard/conflicts")
        await browser.post(f"/dashboard/conflicts/{conflict['id']}/dismissal", headers=OURS)
        after = await browser.get("/dashboard/conflicts")

    assert "<mark>30 days</mark>" in page.text
    assert "<mark>14 days</mark>" in page.text
    assert "31 March 2025" in page.text
    assert "<mark>30 days</mark>" not in after.text


async def test_a_stranger_sees_nothing_of_it(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    document = await alice.knows("A pot of tea is 4 euros.")
    answer = await alice.asks("How much is a pot of tea?")
    await alice.delete(f"/api/documents/{document['id']}")
    [receipt] = (await alice.get("/api/knowledge/receipts")).json()["items"]

    async with a_browser(world, charlie) as browser:
        pages = [
            await browser.get(f"{HISTORY}/versions/{await newest(alice) + 10**6}"),
            await browser.get(f"{HISTORY}/answers/{answer['message_id']}"),
            await browser.get(f"{HISTORY}/receipts/{receipt['id']}"),
            await browser.get(f"{HISTORY}/receipts/{receipt['id']}/download"),
        ]

    assert [page.status_code for page in pages] == [404] * 4


@pytest.mark.parametrize(
    ("then", "now", "marked"),
    [
        ("Ten days.", "Ten days.", ([(False, "Ten days.")], [(False, "Ten days.")])),
        (
            "It takes ten days.",
            "It takes 12 working days.",
            (
                [(False, "It takes "), (True, "ten"), (False, " days.")],
                [(False, "It takes "), (True, "12 working"), (False, " days.")],
            ),
        ),
        ("a a a", "a a", ([(False, "a a"), (True, " a")], [(False, "a a")])),
        ("", "Yes.", ([], [(True, "Yes.")])),
    ],
)
def test_what_differs_between_two_answers_is_marked(then: str, now: str, marked: object):
    assert history_pages._marked(then, now) == marked

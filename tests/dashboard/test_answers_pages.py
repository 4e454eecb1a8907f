"""The pages of the owner's own answers and of what nobody could answer, as a browser without JavaScript uses them."""

import re

import httpx

from tests.evaluation.gate.test_gate import gated
from tests.pages import OURS, a_browser
from tests.world import World


async def send(browser: httpx.AsyncClient, path: str, **data: object) -> httpx.Response:
    return await browser.post(path, data=data, headers=OURS)


async def test_an_owner_writes_tries_changes_and_removes_an_answer(world: World):
    alice = await world.alice()
    written = {
        "question": "Do you deliver?",
        "alternatives": "Shipping?\n\nCan you send it?",
        "answer": "Yes, <b>all</b>.",
    }

    async with a_browser(world, alice) as browser:
        added = await send(browser, "/dashboard/answers", **written)
        path = added.headers["location"]
        page = await browser.get(path)
        tried = await send(browser, "/dashboard/answers/try", question="could you ship it to me?")
        changed = await send(browser, path, **{**written, "answer": "Only on Mondays."})
        await send(browser, f"{path}/switch", enabled="off")
        found = await browser.get("/dashboard/answers", params={"q": "mondays"})
        missed = await browser.get("/dashboard/answers", params={"q": "tuesdays"})
        removed = await send(browser, f"{path}/removal")

    assert "Shipping?\nCan you send it?" in page.text
    assert "Yes, &lt;b&gt;all&lt;/b&gt;." in tried.text
    assert "One of your own answers" in tried.text
    assert "Kept." in changed.text
    assert '<span class="tag">Off</span>' in found.text
    assert "Nothing found." in missed.text
    assert (removed.status_code, (await alice.get("/api/knowledge/answers")).json()["items"]) == (303, [])


async def test_what_is_wrong_is_said_and_what_was_typed_stays(world: World):
    async with a_browser(world, await world.alice()) as browser:
        page = await send(browser, "/dashboard/answers", question=" ", alternatives="Shipping?", answer="Yes.")

    assert page.status_code == 400
    assert "Write a question of up to" in page.text
    assert "Shipping?" in page.text


async def test_an_owner_answers_what_nobody_could(world: World):
    alice = await world.alice()
    visitor = await alice.visitor()
    for question in ("Do you deliver to Norway?", "do you deliver to norway"):
        await visitor.asks(question)
    await world.work()

    async with a_browser(world, alice) as browser:
        page = await browser.get("/dashboard/unanswered")
        link = re.search(r"/dashboard/unanswered/[\w-]+", page.text)
        assert link
        group = await browser.get(link[0])
        empty = await send(browser, f"{link[0]}/approval", answer=" ")
        approved = await send(browser, f"{link[0]}/approval", question="Norway?", answer="To Oslo.")
        after = await browser.get("/dashboard/unanswered")

    assert "twice" in page.text
    assert "there is no draft" in group.text
    assert empty.status_code == 400
    assert "2 of 2 are told your answer now" in approved.text
    assert "Nothing is left unanswered." in after.text


async def test_a_viewer_reads_and_a_stranger_finds_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    answer = (await alice.post("/api/knowledge/answers", {"question": "Norway?", "answer": "Oslo."})).json()
    viewer = await world.joins(alice, "viewer")
    path = f"/dashboard/answers/{answer['id']}"

    async with a_browser(world, viewer) as browser:
        read = await browser.get(path)
        refused = await send(browser, path, question="Norway?", answer="No.")
    async with a_browser(world, charlie) as browser:
        gone = await browser.get(path)

    assert "Oslo." in read.text
    assert "<form" not in read.text.partition("<main")[2].partition("</main")[0]
    assert (refused.status_code, gone.status_code) == (403, 404)


async def test_a_change_that_is_held_is_seen_from_the_answer_that_is_told(world: World):
    alice = await world.alice()
    kept = (await alice.post("/api/knowledge/answers", {"question": "Any dogs?", "answer": "Welcome."})).json()
    await gated(world, person=alice)

    async with a_browser(world, alice) as browser:
        changed = await send(browser, f"/dashboard/answers/{kept['id']}", question="Any dogs?", answer="No.")
        told = await browser.get(f"/dashboard/answers/{kept['id']}")
        listed = await browser.get("/dashboard/answers")

    assert "It is told to nobody until" in changed.text
    assert "A change of it is held" in told.text
    assert "Welcome." in told.text
    assert "Held: a change" in listed.text

"""The pages about quality, as a browser without JavaScript uses them."""

import re
from typing import Any

import httpx
import pytest

from tests.pages import OURS, a_browser
from tests.world import Person, World

RETURNS = "You may send back anything unused within 30 days. Send it in its own box."
QUESTION = "How long do I have to send something back?"


async def send(browser: httpx.AsyncClient, path: str, **data: Any) -> httpx.Response:
    return await browser.post(path, data=data, headers=OURS)


async def shop(world: World) -> Person:
    alice = await world.alice()
    await alice.knows(RETURNS, title="Returns", external_id="returns")
    await world.work()
    return alice


async def test_a_set_is_made_filled_and_asked(world: World):
    alice = await shop(world)
    await alice.asks("What is the capital of Mongolia?")

    async with a_browser(world, alice) as browser:
        made = await send(browser, "/dashboard/quality/sets", name="What people ask")
        path = made.headers["location"]
        await send(browser, f"{path}/questions", question=QUESTION, answer="30 days | a month")
        await send(browser, f"{path}/questions", question="Do you sell lamps?", answer="brass")
        file = {"file": ("golden.csv", b"question,must_refuse\nWho won the cup?,yes\n")}
        await browser.post(f"{path}/files", files=file, headers=OURS)
        page = await browser.get(path)
        offer = re.search(rf"{path}/offers/[\w-]+", page.text)
        assert offer
        await send(browser, offer[0], refuse="yes")
        await send(browser, f"{path}/runs")
        await world.work()
        page = await browser.get(path)
        overview = await browser.get("/dashboard/quality")

    assert made.status_code == 303
    assert "must say <bdi>30 days” or “a month</bdi>" in page.text
    assert page.text.count("should not be answered") == 2
    assert "<svg" in page.text
    assert "4 questions" in overview.text
    assert "75% right" in overview.text


async def test_the_gate_says_what_a_change_would_break_and_lets_it_through_all_the_same(world: World):
    alice = await shop(world)
    set_id = (await alice.post("/api/golden-sets", {"name": "What people ask"})).json()["id"]
    golden = {"questions": [{"question": QUESTION, "answers": ["30 days"]}]}
    await alice.post(f"/api/golden-sets/{set_id}/questions", golden)

    async with a_browser(world, alice) as browser:
        up = await send(browser, "/dashboard/quality/gate", set_id=set_id, percent="90")
        await alice.knows(RETURNS.replace("30", "14"), title="Returns", external_id="returns")
        await world.work()
        held = await browser.get("/dashboard/quality")
        stays_up = await send(browser, "/dashboard/quality/gate/removal")
        await send(browser, "/dashboard/quality/gate/publication")
        through = await browser.get("/dashboard/quality")
        await send(browser, "/dashboard/quality/gate/removal")
        down = await browser.get("/dashboard/quality")

    assert up.status_code == 303
    assert "the test did not go well" in held.text
    assert f"<bdi>{QUESTION}</bdi>" in held.text
    assert "14 days" in held.text
    assert stays_up.status_code == 409
    assert "Up, and nothing is held" in through.text
    assert "Not up" in down.text


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("questions", {"data": {"question": ""}}, "Write the question"),
        ("files", {"files": {"file": ("a.csv", b"answer\nbrass\n")}}, "line 2"),
        ("files", {"files": {"file": ("a.csv", b"\xff\xfe\x00")}}, "no text"),
        ("runs", {"data": {}}, "holds no question yet"),
    ],
)
async def test_what_cannot_be_done_is_said_where_it_was_tried(world: World, path: str, sent: dict[str, Any], said: str):
    alice = await world.alice()
    set_id = (await alice.post("/api/golden-sets", {"name": "Mine"})).json()["id"]

    async with a_browser(world, alice) as browser:
        page = await browser.post(f"/dashboard/quality/{set_id}/{path}", headers=OURS, **sent)

    assert page.status_code in (400, 409)
    assert said in page.text


async def test_a_viewer_reads_and_a_stranger_finds_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    viewer = await world.joins(alice, "viewer")
    set_id = (await alice.post("/api/golden-sets", {"name": "Mine"})).json()["id"]

    async with a_browser(world, viewer) as browser:
        read = await browser.get(f"/dashboard/quality/{set_id}")
        refused = await send(browser, f"/dashboard/quality/{set_id}/removal")
    async with a_browser(world, charlie) as browser:
        nothing = await browser.get(f"/dashboard/quality/{set_id}")
        not_theirs = await send(browser, f"/dashboard/quality/{set_id}/removal")

    assert (read.status_code, refused.status_code) == (200, 403)
    assert "Remove the set" not in read.text
    assert (nothing.status_code, not_theirs.status_code) == (404, 404)


async def test_a_question_with_a_thumb_down_is_kept_in_a_set_by_one_click_from_where_it_stands(world: World):
    alice, charlie = await shop(world), await world.charlie()
    set_id = (await alice.post("/api/golden-sets", {"name": "What people ask"})).json()["id"]
    visitor = await alice.visitor()
    told = await visitor.asks(QUESTION)
    await visitor.post(f"/api/chat/{told['message_id']}/feedback", {"rating": "down"})
    await world.work()
    group = (await alice.get("/api/knowledge/unanswered")).json()["items"][0]

    async with a_browser(world, alice) as browser:
        pages = [
            await browser.get(f"/dashboard/unanswered/{group['id']}"),
            await browser.get(f"/dashboard/quality/{set_id}"),
        ]
        kept = await send(browser, f"/dashboard/quality/{set_id}/offers/{told['message_id']}")
    async with a_browser(world, charlie) as browser:
        foreign = await browser.get(f"/dashboard/unanswered/{group['id']}")

    action = f'action="/dashboard/quality/{set_id}/offers/{told["message_id"]}"><button'
    assert [action in page.text for page in pages] == [True, True]
    assert kept.status_code == 303
    [question] = (await alice.get(f"/api/golden-sets/{set_id}/questions")).json()["items"]
    assert (question["question"], question["origin"]) == (QUESTION, "thumbs_down")
    assert foreign.status_code == 404

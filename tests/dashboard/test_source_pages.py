"""The page about knowledge from the web, as a browser without JavaScript uses it."""

import httpx
import pytest

from tests.pages import OURS, a_browser
from tests.sites import Answer, page, site
from tests.world import World

HELP = {
    "/robots.txt": Answer("User-agent: *\nCrawl-delay: 0", media_type="text/plain"),
    "/": page("Help", "Chairs may be returned within 45 days.", "/broken"),
    "/broken": Answer("Oops", status=500),
}


async def send(browser: httpx.AsyncClient, path: str, **data: object) -> httpx.Response:
    return await browser.post(path, data=data, headers=OURS)


async def test_an_owner_adds_a_site_sees_it_read_and_takes_it_out(world: World):
    alice = await world.alice()

    async with a_browser(world, alice) as browser, site(HELP) as served:
        added = await send(browser, "/dashboard/sources", url=served.url, kind="crawl", refresh="weekly", max_pages=5)
        waiting = await browser.get("/dashboard/sources")
        await world.work()
        ready = await browser.get("/dashboard/sources")
        source = (await alice.get("/api/sources")).json()["items"][0]
        path = f"/dashboard/sources/{source['id']}"
        await send(browser, f"{path}/refresh", refresh="daily")
        again = await send(browser, f"{path}/sync")
        changed = (await alice.get(f"/api/sources/{source['id']}")).json()
        removed = await send(browser, f"{path}/removal")
        empty = await browser.get("/dashboard/sources")

    assert added.status_code == again.status_code == removed.status_code == 303
    assert ">Waiting<" in waiting.text
    assert ">Ready<" in ready.text
    assert "1 page known" in ready.text
    assert "The server answered with an error." in ready.text
    assert (changed["refresh"], changed["state"]) == ("daily", "waiting")
    assert "No web pages yet." in empty.text
    assert (await alice.get("/api/documents")).json()["items"] == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"url": "http://127.0.0.1/"}, "private network"),
        ({"url": "file:///etc/passwd"}, "not an address of a web page"),
        ({"url": "https://shop.example", "max_pages": "many"}, "a number of pages"),
        ({"url": "https://shop.example", "kind": "all"}, "an address of the web"),
    ],
)
async def test_what_cannot_be_a_source_is_said_beside_the_field(world: World, form: dict[str, str], said: str):
    async with a_browser(world, await world.alice()) as browser:
        refused = await send(browser, "/dashboard/sources", **form)

    assert refused.status_code == 400
    assert said in refused.text
    assert f'value="{form["url"]}"' in refused.text


async def test_a_stranger_changes_no_source_and_a_viewer_only_looks(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    viewer = await world.joins(alice, "viewer")
    source = (await alice.post("/api/sources", {"url": "https://shop.example", "kind": "page"})).json()
    path = f"/dashboard/sources/{source['id']}"

    async with a_browser(world, charlie) as browser:
        refused = [await send(browser, f"{path}/{act}", refresh="daily") for act in ("sync", "refresh", "removal")]
        listed = await browser.get("/dashboard/sources")
    async with a_browser(world, viewer) as browser:
        looked = await browser.get("/dashboard/sources", headers={"X-Workspace-Id": str(alice.workspace_id)})
        kept_out = await send(browser, f"{path}/removal")

    assert [one.status_code for one in refused] == [404] * 3
    assert "shop.example/<" not in listed.text
    assert "https://shop.example/" in looked.text
    assert "Visit now" not in looked.text
    assert kept_out.status_code == 403

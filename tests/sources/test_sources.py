"""Sources over HTTP, with a website of our own behind them."""

from typing import Any

import psycopg
import pytest

from tests.sites import Answer, Site, page
from tests.sources.conftest import DELIVERY, HOURS, RETURNS
from tests.world import Person, World

ALL = {"/", "/returns", "/delivery", "/hours"}


async def adds(alice: Person, url: str, kind: str = "crawl", **more: Any) -> dict[str, Any]:
    response = await alice.post("/api/sources", {"url": url, "kind": kind, **more})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def source_of(alice: Person, source: dict[str, Any]) -> dict[str, Any]:
    return dict((await alice.get(f"/api/sources/{source['id']}")).json())


async def taken(alice: Person, shop: Site) -> dict[str, dict[str, Any]]:
    """The documents by the paths of their pages."""
    items = (await alice.get("/api/documents")).json()["items"]
    return {item["url"].removeprefix(shop.url): item for item in items if item["url"] is not None}


async def syncs(world: World, alice: Person, source: dict[str, Any]) -> dict[str, Any]:
    """Have it visited again, and what it says then."""
    response = await alice.post(f"/api/sources/{source['id']}/sync")
    assert response.status_code == 202, response.text
    await world.work()
    return await source_of(alice, source)


async def test_a_whole_site_is_taken_in_and_answers_with_its_pages(world: World, shop: Site):
    alice = await world.alice()

    source = await adds(alice, shop.url)
    assert (source["state"], source["url"]) == ("waiting", f"{shop.url}/")
    await world.work()
    source = await source_of(alice, source)
    documents = await taken(alice, shop)
    answer = await alice.asks("Until when can I send a chair back?")

    assert (source["state"], source["error"], source["next_sync_at"]) == ("ready", None, None)
    assert source["pages"] == {
        "found": 5, "taken_in": 4, "unchanged": 0, "skipped": 0, "failed": 1, "removed": 0, "documents": 4,
    }  # fmt: skip
    assert [(one["url"], one["error"]["code"]) for one in source["failing"]] == [
        (f"{shop.url}/private", "robots_refused")
    ]
    assert "robots.txt" in source["failing"][0]["error"]["message"]
    assert set(documents) == ALL
    assert {one["status"] for one in documents.values()} == {"ready"}
    assert documents["/hours"]["title"] == "Opening hours"
    assert (documents["/hours"]["source"], documents["/hours"]["external_id"]) == ("web", f"web:{shop.url}/hours")
    assert "45 days" in answer["answer"]
    assert answer["citations"][0]["url"] == f"{shop.url}/returns"
    assert "All rights reserved" not in str(answer)
    assert sorted(shop.paths) == sorted(ALL)


async def test_a_page_alone_brings_nothing_else(world: World, shop: Site):
    alice = await world.alice()

    source = await adds(alice, f"{shop.url}/returns", "page", max_pages=50)
    await world.work()

    assert source["max_pages"] == 1
    assert set(await taken(alice, shop)) == {"/returns"}
    assert shop.paths == ["/returns"]


async def test_a_sitemap_brings_what_it_lists_of_its_own_site(world: World, shop: Site):
    alice = await world.alice()
    listed = f"<url><loc>{shop.url}/returns</loc></url><url><loc>http://10.0.0.1/</loc></url><url><loc>x</loc></url>"
    shop.pages["/more.xml"] = Answer(f"<urlset>{listed}</urlset>", media_type="text/xml")
    index = f"<sitemapindex><sitemap><loc>{shop.url}/more.xml</loc></sitemap></sitemapindex>"
    shop.pages["/sitemap.xml"] = Answer(index, media_type="application/xml")

    source = await adds(alice, f"{shop.url}/sitemap.xml", "sitemap")
    await world.work()

    assert (await source_of(alice, source))["pages"]["found"] == 1
    assert set(await taken(alice, shop)) == {"/returns"}


async def test_no_more_pages_are_taken_in_than_are_wanted(world: World, shop: Site):
    alice = await world.alice()

    source = await adds(alice, shop.url, max_pages=2)
    await world.work()

    assert (await source_of(alice, source))["pages"]["documents"] == 2
    assert len(await taken(alice, shop)) == 2


async def test_what_a_page_asks_of_robots_is_done(world: World, shop: Site):
    alice = await world.alice()
    shop.pages["/returns"] = page(
        "Returns", RETURNS, "/secret", head='<meta name="robots" content="NoIndex, nofollow">'
    )
    shop.pages["/delivery"] = page("Delivery", DELIVERY, X_Robots_Tag="otherbot: noindex, trulybot: noindex")
    shop.pages["/hours"] = page("Hours", HOURS, X_Robots_Tag="otherbot: noindex")
    shop.pages["/secret"] = page("Secret", "Nobody links here otherwise.")

    source = await adds(alice, shop.url)
    await world.work()

    assert set(await taken(alice, shop)) == {"/", "/hours"}
    assert (await source_of(alice, source))["pages"]["skipped"] == 2


async def test_a_page_under_several_addresses_is_one_document(world: World, shop: Site):
    alice = await world.alice()
    for path in ("/returns?color=red", "/returns?color=blue"):
        shop.pages[path] = page("Returns", RETURNS, head='<link rel="canonical" href="/returns">')
    shop.pages["/old-returns"] = Answer(status=301, headers={"Location": "/returns"})
    shop.pages["/"] = page("Help", "All.", "/returns?color=red", "/returns?color=blue", "/old-returns", "/returns")

    await adds(alice, shop.url)
    await world.work()

    assert {"/", "/returns"} <= set(await taken(alice, shop)) <= ALL


async def test_a_changed_page_replaces_its_document_and_a_vanished_one_goes(world: World, shop: Site):
    alice = await world.alice()
    source = await adds(alice, shop.url)
    await world.work()
    before = await taken(alice, shop)
    shop.pages["/returns"] = page("Returns", RETURNS.replace("45 days", "two weeks"), "/")
    shop.pages["/"] = page("Help", "Everything about our chairs.", "/returns", "/hours")
    shop.pages["/hours"] = Answer("Gone.", status=410)

    source = await syncs(world, alice, source)
    after = await taken(alice, shop)
    answer = await alice.asks("Until when can I send a chair back?")

    assert set(after) == {"/", "/returns"}
    assert after["/returns"]["id"] == before["/returns"]["id"]
    assert "two weeks" in answer["answer"]
    assert (source["pages"]["removed"], source["pages"]["taken_in"], source["pages"]["unchanged"]) == (2, 1, 1)


async def test_what_did_not_change_is_not_sent_or_read_again(world: World, shop: Site):
    alice = await world.alice()
    shop.pages["/"] = page("Help", "Everything about our chairs.", "/returns", "/hours", ETag='"1"')
    source = await adds(alice, shop.url)
    await world.work()
    before = await taken(alice, shop)
    shop.asked.clear()

    source = await syncs(world, alice, source)

    assert shop.asked[1].headers["if-none-match"] == '"1"'
    assert source["pages"]["unchanged"] == 3
    assert set(shop.paths) == {"/", "/returns", "/hours"}
    assert await taken(alice, shop) == before


async def test_while_the_site_is_down_the_last_good_version_answers(world: World, shop: Site):
    alice = await world.alice()
    source = await adds(alice, shop.url, refresh="daily")
    await world.work()
    for path in ALL:
        shop.pages[path] = Answer("Oops", status=503)

    source = await syncs(world, alice, source)
    answer = await alice.asks("Until when can I send a chair back?")

    assert (source["state"], source["error"]["code"]) == ("failed", "server_error")
    assert source["next_sync_at"] is not None
    assert source["pages"]["documents"] == 4
    assert "45 days" in answer["answer"]


async def test_a_source_that_keeps_failing_is_paused_and_goes_on_by_hand(
    world: World, shop: Site, superuser_of_the_database: str
):
    alice = await world.alice()
    shop.pages["/robots.txt"] = Answer("Oops", status=500)
    source = await adds(alice, shop.url, refresh="daily")
    await world.work()
    states = [(await source_of(alice, source))["state"]]
    for _ in range(4):
        await come_due(superuser_of_the_database, world)
        states.append((await source_of(alice, source))["state"])
    paused = await source_of(alice, source)
    await come_due(superuser_of_the_database, world)
    shop.pages.pop("/robots.txt")

    assert states == ["failed"] * 4 + ["paused"]
    assert (paused["error"]["code"], paused["next_sync_at"]) == ("robots_unavailable", None)
    assert (await syncs(world, alice, paused))["state"] == "ready"


async def test_a_daily_source_is_visited_when_its_time_has_come(
    world: World, shop: Site, superuser_of_the_database: str
):
    alice = await world.alice()
    source = await adds(alice, f"{shop.url}/returns", "page", refresh="daily")
    await world.work()
    shop.pages["/returns"] = page("Returns", "Chairs may be returned within a year.")

    await come_due(superuser_of_the_database, world)

    assert (await source_of(alice, source))["pages"]["taken_in"] == 1
    assert "a year" in (await alice.asks("Until when can I return a chair?"))["answer"]


async def test_what_the_owner_took_out_stays_out(world: World, shop: Site):
    alice = await world.alice()
    source = await adds(alice, shop.url)
    await world.work()
    await alice.delete(f"/api/documents/{(await taken(alice, shop))['/hours']['id']}")

    await syncs(world, alice, source)
    await syncs(world, alice, source)

    assert set(await taken(alice, shop)) == ALL - {"/hours"}


async def test_a_source_goes_with_what_it_alone_brought(world: World, shop: Site):
    alice = await world.alice()
    whole = await adds(alice, shop.url)
    one = await adds(alice, f"{shop.url}/returns", "page")
    await world.work()

    assert (await alice.delete(f"/api/sources/{whole['id']}")).status_code == 204
    assert set(await taken(alice, shop)) == {"/returns"}
    assert (await alice.delete(f"/api/sources/{one['id']}")).status_code == 204

    assert await taken(alice, shop) == {}
    assert (await alice.asks("Until when can I send a chair back?"))["answered"] is False
    assert (await alice.get(f"/api/sources/{one['id']}")).status_code == 404


async def test_a_source_that_cannot_be_read_says_why_and_what_to_do(world: World, shop: Site):
    alice = await world.alice()
    shop.pages["/picture"] = Answer(b"\x89PNG", media_type="image/png")
    shop.pages["/empty"] = Answer("<html><body><script>write()</script></body></html>")
    wrong = {
        ("/picture", "page"): "wrong_type",
        ("/empty", "page"): "no_text",
        ("/nowhere", "page"): "page_gone",
        ("/returns", "sitemap"): "not_a_sitemap",
        ("/private/x", "page"): "robots_refused",
    }
    sources = {key: await adds(alice, shop.url + key[0], key[1]) for key in wrong}
    inside = await alice.post("/api/sources", {"url": "http://127.0.0.1/", "kind": "page"})
    await world.work()

    assert {key: (await source_of(alice, one))["error"]["code"] for key, one in sources.items()} == wrong
    assert (inside.status_code, inside.json()["error"]["code"]) == (400, "address_refused")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://169.254.169.254/", "http://[::1]/", "http://a@b.example/", "x"]
)
async def test_an_address_that_can_be_none_is_refused_at_once(world: World, url: str):
    alice = await world.alice()

    response = await alice.post("/api/sources", {"url": url, "kind": "page"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] in ("address_invalid", "address_refused")


async def test_the_same_source_is_not_added_twice(world: World):
    alice = await world.alice()
    await adds(alice, "https://shop.example", "page")

    response = await alice.post("/api/sources", {"url": "https://SHOP.example/#top", "kind": "page"})

    assert (response.status_code, response.json()["error"]["code"]) == (409, "source_exists")


async def test_a_source_is_changed_and_listed(world: World):
    alice = await world.alice()
    sources = [await adds(alice, f"https://shop.example/{n}", "crawl") for n in range(3)]

    changed = await alice.patch(f"/api/sources/{sources[0]['id']}", {"refresh": "weekly", "max_pages": 7})
    first = (await alice.get("/api/sources?limit=2")).json()
    second = (await alice.get(f"/api/sources?limit=2&cursor={first['next_cursor']}")).json()

    assert (changed.json()["refresh"], changed.json()["max_pages"]) == ("weekly", 7)
    assert [one["id"] for one in first["items"] + second["items"]] == [one["id"] for one in reversed(sources)]
    assert second["next_cursor"] is None


async def test_a_stranger_finds_no_source(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    source = await adds(alice, "https://shop.example/", "page")
    path = f"/api/sources/{source['id']}"

    answers = [
        await charlie.get(path),
        await charlie.patch(path, {"refresh": "daily"}),
        await charlie.post(f"{path}/sync"),
        await charlie.delete(path),
    ]

    assert [one.status_code for one in answers] == [404] * 4
    assert (await charlie.get("/api/sources")).json()["items"] == []
    assert (await source_of(alice, source))["refresh"] == "never"


async def test_a_viewer_reads_sources_and_changes_none(world: World):
    alice = await world.alice()
    source = await adds(alice, "https://shop.example/", "page")
    viewer = await world.joins(alice, "viewer")

    assert (await viewer.get(f"/api/sources/{source['id']}")).status_code == 200
    assert (await viewer.post("/api/sources", {"url": "https://b.example", "kind": "page"})).status_code == 403
    assert (await viewer.delete(f"/api/sources/{source['id']}")).status_code == 403


async def come_due(superuser_url: str, world: World) -> None:
    """As if the time had come, and the clock's chore had run."""
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        await superuser.execute("update public.sources set next_sync_at = now() where next_sync_at is not null")
        await superuser.execute("select private.queue_due_sources()")
    await world.work()

"""A run that is stopped in the middle, and hosts that are visited in turn."""

import asyncio

import pytest

from tests.sites import Answer, Site
from tests.sources.test_sources import ALL, adds, source_of, taken
from tests.world import World
from trulybot.kit.db import Database
from trulybot.operations.worker import database_of
from trulybot.sources import syncing


async def test_a_run_whose_worker_was_killed_goes_on_where_it_was(
    world: World, shop: Site, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    source = await adds(alice, shop.url)
    visits = 0
    visit = syncing.visit

    async def dies(*given: object) -> object:
        nonlocal visits
        visits += 1
        if visits == 3:
            raise asyncio.CancelledError
        return await visit(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(syncing, "visit", dies)
    await world.work()  # a job that was broken off is done again

    assert visits == 5 + 1  # the one at which it was broken off
    assert (await source_of(alice, source))["pages"]["taken_in"] == 4
    assert set(await taken(alice, shop)) == ALL
    assert sorted(shop.paths) == sorted(ALL)  # each once


async def test_a_source_that_is_removed_while_it_is_visited_brings_nothing_more(
    world: World, shop: Site, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    source = await adds(alice, shop.url)
    visit = syncing.visit

    async def meanwhile(*given: object) -> object:
        outcome = await visit(*given)  # type: ignore[arg-type]
        await alice.delete(f"/api/sources/{source['id']}")
        return outcome

    monkeypatch.setattr(syncing, "visit", meanwhile)
    await world.work()

    assert await taken(alice, shop) == {}
    kept = world.settings.files_directory / str(alice.workspace_id)
    assert not kept.exists() or list(kept.iterdir()) == []


async def test_hosts_are_visited_in_turn(world: World):
    db: Database = database_of(world.settings, size=1)
    await db.open()
    async with db.chore("turns") as tx:
        turns = [
            await tx.value("select private.seconds_until_visit(%(host)s, 100)", host=host)
            for host in ("one.example", "one.example", "two.example", "one.example")
        ]
    await db.close()

    assert [round(turn / 100) for turn in turns] == [0, 1, 0, 2]


async def test_a_page_at_which_we_stumble_is_set_aside_and_the_run_goes_on(
    world: World, shop: Site, monkeypatch: pytest.MonkeyPatch
):
    alice = await world.alice()
    source = await adds(alice, shop.url)
    visit, stumbled = syncing.visit, 0

    async def stumbles(*given: object) -> object:
        nonlocal stumbled
        if given[3].url.endswith("/returns"):  # type: ignore[attr-defined]
            stumbled += 1
            raise ZeroDivisionError
        return await visit(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(syncing, "visit", stumbles)
    await world.work()

    source = await source_of(alice, source)
    assert (source["state"], source["pages"]["taken_in"], stumbled) == ("ready", 3, syncing.VISITS)
    assert (f"{shop.url}/returns", "reader_crashed") in [
        (one["url"], one["error"]["code"]) for one in source["failing"]
    ]


async def test_a_long_index_of_sitemaps_is_read_by_turns_and_each_once(
    world: World, shop: Site, monkeypatch: pytest.MonkeyPatch
):
    def lists(kind: str, *paths: str) -> Answer:
        entries = "".join(f"<{kind}><loc>{shop.url}{path}</loc></{kind}>" for path in paths)
        whole = "urlset" if kind == "url" else "sitemapindex"
        return Answer(f"<{whole}>{entries}</{whole}>", media_type="application/xml")

    sitemaps = [f"/{number}.xml" for number in range(4)]
    shop.pages["/sitemap.xml"] = lists("sitemap", "/sitemap.xml", *sitemaps)
    shop.pages |= {path: lists("url", listed) for path, listed in zip(sitemaps, sorted(ALL), strict=True)}
    looked = 0

    def clock() -> float:
        """By which a turn is over after one step."""
        nonlocal looked
        looked += 1
        return looked * syncing.TURN_SECONDS * 0.4

    monkeypatch.setattr(syncing, "clock", clock)
    alice = await world.alice()
    source = await adds(alice, f"{shop.url}/sitemap.xml", "sitemap")
    await world.work()

    found = await source_of(alice, source)
    assert (found["state"], found["pages"]["found"], found["pages"]["taken_in"]) == ("ready", 4, 4)
    assert sorted(shop.paths) == sorted(["/sitemap.xml", *sitemaps, *ALL])
    turns = [one.path for one in shop.asked].count("/robots.txt")
    assert turns >= len(shop.paths)

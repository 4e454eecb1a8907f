"""A worker that is killed in the middle of something long: the next one goes on, and nothing is doubled or lost."""

import asyncio
from collections import Counter
from pathlib import Path

import psycopg

from tests.conftest import OWNER
from tests.documents.test_tending import elsewhere
from tests.operations.test_worker import SECONDS, owner_of, quiet_queue, taken_for_dead, until, worker_process
from tests.servers import SECRET_KEY
from tests.sites import SITE_ADDRESS, Site
from tests.sources.conftest import shop
from tests.sources.test_sources import ALL, adds, source_of, taken
from tests.world import World
from trulybot.documents.embedding import PASSAGES_AT_ONCE
from trulybot.kit import migrations
from trulybot.operations.embedded import DATABASE
from trulybot.settings import APP_LOGIN, WORKER_LOGIN, Settings, login_password, with_login

__all__ = ["quiet_queue", "shop"]  # fixtures


async def test_a_crawl_goes_on_where_its_worker_was_killed(
    world: World, shop: Site, owner_url: str, embedder_socket: Path
):
    reached = asyncio.Event()
    there = shop.pages["/delivery"]

    async def stalls(_writer: asyncio.StreamWriter) -> None:
        reached.set()
        shop.pages["/delivery"] = there
        await asyncio.Event().wait()

    shop.pages["/delivery"] = stalls
    alice = await world.alice()
    source = await adds(alice, shop.url)
    reaches = {"TRULYBOT_CRAWL_PRIVATE": f"{SITE_ADDRESS}/32"}

    async with worker_process(world, owner_url, embedder_socket, **reaches) as first:
        await asyncio.wait_for(reached.wait(), SECONDS)
        first.kill()
        await first.wait()
    before = await source_of(alice, source)
    await taken_for_dead(owner_url)

    async def is_through() -> bool:
        summary = (await alice.get("/api/documents/summary")).json()
        return (await source_of(alice, source))["state"] == "ready" and summary["ready"] == len(ALL)

    async with worker_process(world, owner_url, embedder_socket, **reaches):
        await until(is_through)

    pages = (await source_of(alice, source))["pages"]
    assert before["state"] == "syncing"
    assert (pages["taken_in"], pages["documents"]) == (4, 4)
    assert set(await taken(alice, shop)) == ALL
    assert len((await alice.get("/api/documents")).json()["items"]) == 4
    assert Counter(shop.paths) == Counter(ALL) + Counter(["/delivery"])  # the one at which it was killed


def another_database(superuser_url: str) -> str:
    """A change of the model is everybody's, so this one is nobody else's."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("create database another")
    database = superuser_url.replace(f"/{DATABASE}?", "/another?")
    passwords = {login: login_password(SECRET_KEY, login) for login in (OWNER, APP_LOGIN, WORKER_LOGIN)}
    migrations.bootstrap(database, passwords=passwords, owner=OWNER)
    url = with_login(database, OWNER, passwords[OWNER])
    migrations.migrate(url)
    return url


async def vectors(owner_url: str) -> dict[str, int]:
    """How many there are of each model."""
    async with owner_of(owner_url) as owner:
        rows = await owner.execute("select model, count(*) from public.passage_vectors group by 1")
        return dict(await rows.fetchall())


async def test_a_change_of_the_model_goes_on_where_its_worker_was_killed(
    superuser_url: str, embedder_socket: Path, tmp_path: Path
):
    owner_url = await asyncio.to_thread(another_database, superuser_url)
    settings = Settings.read(
        {
            "DATABASE_URL": owner_url,
            "SECRET_KEY": SECRET_KEY,
            "TRULYBOT_DATA_DIR": str(tmp_path),
            "TRULYBOT_EMBEDDER_SOCKET": str(embedder_socket),
        }
    )
    async with World.running(settings) as world, elsewhere() as other:
        other.answers, other.goes_silent = 1, asyncio.Event()
        names = {
            "EMBEDDINGS_BASE_URL": other.url,
            "EMBEDDINGS_MODEL": other.model,
            "EMBEDDINGS_DIMENSIONS": str(other.dimensions),
        }
        alice = await world.alice()
        number_of = PASSAGES_AT_ONCE + 3
        texts = [{"title": f"Shelf {n}", "text": f"A parcel lies on shelf {n}."} for n in range(number_of)]
        await alice.post("/api/text-upload", {"documents": texts})
        await world.work()

        async with worker_process(world, owner_url, embedder_socket, **names) as first:
            await asyncio.wait_for(other.goes_silent.wait(), SECONDS)
            first.kill()
            await first.wait()
        half = await vectors(owner_url)
        found = await alice.post("/api/search", {"query": "Where is my parcel?"})
        await taken_for_dead(owner_url)
        other.answers = 1000

        async def has_changed_over() -> bool:
            return set(await vectors(owner_url)) == {other.model}

        async with worker_process(world, owner_url, embedder_socket, **names):
            await until(has_changed_over)

        async with owner_of(owner_url) as owner:
            answering = await (await owner.execute("select embedding_model from public.knowledge")).fetchall()
        whole = (await alice.get("/api/documents/summary")).json()

    assert half == {world.embedder.model: number_of, other.model: PASSAGES_AT_ONCE}
    assert len(found.json()["results"]) > 0  # by the model before
    assert answering == [(other.model,)]
    assert await vectors(owner_url) == {other.model: number_of}
    assert (whole["ready"], whole["total"]) == (number_of, number_of)
    titles = [text.partition("\n")[0] for text in other.texts if text.startswith("Shelf") and "\n" in text]
    assert sorted(titles) == sorted(one["title"] for one in texts)  # none was asked for twice

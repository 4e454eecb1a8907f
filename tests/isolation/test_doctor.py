"""`trulybot doctor --isolation`, on a server that runs: it is calm, cleans up, and cries out when a wall is down."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import uvicorn

from tests.conftest import SECRET_KEY
from tests.isolation.database import copied
from tests.isolation.site import Site
from tests.world import World
from trulybot.settings import OWNER_LOGIN, Settings, login_password, with_login

ROOT = Path(__file__).parents[2]


@pytest.fixture
def broken_later(template: str) -> Site:
    """A database of its own, so that what is broken in it is broken for nobody else."""
    with copied(template, SECRET_KEY, "doctored") as site:
        yield site


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    """The worker's part, meanwhile."""
    done = asyncio.Event()

    async def work() -> None:
        while not done.is_set():
            await world.work()
            await asyncio.sleep(0.2)

    task = asyncio.create_task(work())
    yield
    done.set()
    await task


async def doctor(settings: Settings, url: str) -> tuple[int, str, str]:
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.given_database_url,
        "SECRET_KEY": settings.secret_key,
        "TRULYBOT_DATA_DIR": str(settings.trulybot_data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trulybot", "doctor", "--isolation", "--url", url, env=env, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def examined(
    settings: Settings, break_it: Callable[[psycopg.AsyncConnection], Awaitable[object]] | None = None, *, site: Site
):
    owner = with_login(site.superuser_url, OWNER_LOGIN, login_password(SECRET_KEY, OWNER_LOGIN))
    there = replace(settings, given_database_url=owner)
    async with await psycopg.AsyncConnection.connect(site.superuser_url, autocommit=True) as superuser:
        # What was planted for other tests stands for nothing here.
        for planted in ("queue.procrastinate_jobs", "trulybot_auth.data_keys", "trulybot_auth.isolation_checks"):
            await superuser.execute(f"delete from {planted}")  # type: ignore[arg-type]  # noqa: S608
        if break_it is not None:
            await break_it(superuser)
        async with World.running(there) as world, served(world) as url, working(world):
            result = await doctor(there, url)
        rows = await superuser.execute(
            """
            select (select count(*) from trulybot_auth.users where email like 'isolation-check-%'),
                   (select count(*) from public.workspaces where name ~ '^(canary|isolation-check)'),
                   (select array_agg(answers) from trulybot_auth.isolation_checks where ended_at is not null),
                   (select count(*) from trulybot_auth.security_events where event = 'isolation.broken'),
                   (select count(*) from trulybot_auth.security_events where event = 'tenant.crossed')
            """
        )
        return result, await rows.fetchone()


@pytest.mark.timeout(300)
async def test_a_whole_server_is_found_whole_and_nothing_is_left_of_the_canary(settings: Settings, broken_later: Site):
    (code, out, err), (people, workspaces, checks, broken, crossed) = await examined(settings, site=broken_later)

    assert code == 0, out + err
    assert "Nothing of one workspace showed to another." in out
    assert "not planted" not in out
    assert "another workspace's visitor" in out
    assert (people, workspaces, broken, crossed) == (0, 0, 0, 0)
    assert len(checks) == 1
    assert checks[0] > 100


# Queries name their workspace besides, so that nothing shows when a policy alone falls. This takes three walls down:
# who belongs where, who sees a document, who sees a key.
BROKEN = """
    create or replace function private.memberships_of(user_id uuid) returns table (workspace_id uuid, role text)
        language sql stable security definer set search_path = '' as $$
        select m.workspace_id, 'owner'::text from public.memberships m
         order by m.user_id = memberships_of.user_id desc
    $$;
    alter policy read on public.documents using (true);
    alter policy read on public.api_keys using (true);
"""


@pytest.mark.timeout(300)
async def test_walls_that_are_down_are_named_and_alarm(settings: Settings, broken_later: Site):
    async def breaks(superuser: psycopg.AsyncConnection) -> None:
        await superuser.execute(BROKEN)

    (code, out, err), (people, workspaces, _checks, broken, _crossed) = await examined(
        settings, breaks, site=broken_later
    )

    assert code == 1, out + err
    assert "ISOLATION IS BROKEN" in out
    assert "GET /api/documents as the same, naming this workspace: document title" in out
    assert "GET /api/api-keys as the same, naming this workspace: key's name" in out
    assert (people, workspaces, broken) == (0, 0, 1)


async def test_a_server_that_is_not_there_is_no_clean_bill(settings: Settings):
    code, out, err = await doctor(settings, "http://127.0.0.1:9")

    assert code == 1
    assert out == ""
    assert "does not answer" in err

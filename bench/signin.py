"""Whether the time of a refused sign-in tells who has an account: wrong passwords, for three kinds of addresses."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg

from bench.timing import WARM_UP, in_turn
from tests.servers import SECRET_KEY, start_postgres
from tests.world import World
from trulybot.accounts import passwords
from trulybot.evaluation.table import show
from trulybot.kit import log, migrations
from trulybot.kit.db import Database
from trulybot.operations.embedded import DATABASE
from trulybot.settings import APP_LOGIN, WORKER_LOGIN, Settings, login_password, with_login

ROUNDS = 200
OWNER = "trulybot_owner"
HEAD = ("wrong password for", "median", "ratio", "aim")
PATH = "/auth/v1/token?grant_type=password"


def run() -> None:
    """Each sign-in is of another person and from another address, so that no limit and no lock-out is in the way."""
    log.configure(json=True)  # to the error stream, away from the table
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        world = runner.run(stack.enter_async_context(World.running(_settings(Path(folder)))))
        known = [f"{uuid4().hex}@example.com" for _ in range(ROUNDS + WARM_UP)]
        banned = [f"{uuid4().hex}@example.com" for _ in range(ROUNDS + WARM_UP)]
        unknown = [f"{uuid4().hex}@example.com" for _ in range(ROUNDS + WARM_UP)]
        runner.run(_keep(world.app.state.db, known, banned=False))
        runner.run(_keep(world.app.state.db, banned, banned=True))
        kinds = (known, unknown, banned)
        times = in_turn(ROUNDS, *(_tries(world, runner, emails, kind) for kind, emails in enumerate(kinds)))
        runner.run(stack.aclose())
    whole = times[0].median
    names = ("a known address", "an unknown address", "a banned person's address")
    show(
        HEAD,
        [
            (name, f"{one.median:.2f} ms", f"{one.median / whole:.3f}", "0.9 to 1.1")
            for name, one in zip(names, times, strict=True)
        ],
    )


def _tries(world: World, runner: asyncio.Runner, emails: list[str], kind: int) -> Callable[[int], object]:
    async def try_in(number: int) -> None:
        transport = httpx.ASGITransport(world.app, client=(f"10.{kind}.{number // 250}.{number % 250 + 1}", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as http:
            answer = await http.post(PATH, json={"email": emails[number], "password": "a wrong password"})
        assert answer.status_code == 400, answer.text

    return lambda number: runner.run(try_in(number))


async def _keep(db: Database, emails: list[str], *, banned: bool) -> None:
    async with db.system("people of the bench") as tx:
        await tx.run(
            """
            insert into trulybot_auth.users (id, email, password_hash, email_confirmed_at, banned_until)
            select gen_random_uuid(), email, %(hash)s, now(), case when %(banned)s then now() + interval '1 day' end
              from unnest(%(emails)s::text[]) email
            """,
            hash=await passwords.hash_of("correct horse battery"),
            emails=emails,
            banned=banned,
        )


def _settings(folder: Path) -> Settings:
    """The product on a PostgreSQL of its own."""
    (folder / "postgres").mkdir()
    superuser = start_postgres(folder / "postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("create database bench")
    database = superuser.replace(f"/{DATABASE}?", "/bench?")
    known = {login: login_password(SECRET_KEY, login) for login in (OWNER, APP_LOGIN, WORKER_LOGIN)}
    migrations.bootstrap(database, passwords=known, owner=OWNER)
    url = with_login(database, OWNER, known[OWNER])
    migrations.migrate(url)
    return Settings.read({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "TRULYBOT_DATA_DIR": str(folder)})

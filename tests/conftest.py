"""What every test may lean on: real PostgreSQL as the app's own login, the real embedder, and the world's people."""

import asyncio
import atexit
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import uvicorn

from tests.models import converted_models
from tests.servers import SECRET_KEY, start_postgres, stop
from tests.sites import SITE_ADDRESS
from tests.world import World
from trulybot.kit import log, migrations
from trulybot.kit.db import Database
from trulybot.kit.server import configured
from trulybot.llm import embedder
from trulybot.operations.embedded import DATABASE
from trulybot.operations.launch import spawn
from trulybot.settings import APP_LOGIN, WORKER_LOGIN, Settings, login_password, with_login

pytest_plugins = ["tests.browser"]

log.configure(json=True)

OWNER = "trulybot_owner"

# All people of the tests are at one address.
MANY_PEOPLE = dict.fromkeys(
    (
        "GOTRUE_RATE_LIMIT_OTP",
        "GOTRUE_RATE_LIMIT_TOKEN_REFRESH",
        "GOTRUE_RATE_LIMIT_VERIFY",
        "GOTRUE_RATE_LIMIT_ANONYMOUS_USERS",
        "GOTRUE_RATE_LIMIT_EMAIL_SENT",
        "GOTRUE_RATE_LIMIT_SMS_SENT",
        "GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY",
    ),
    "1000000",
)


# Files that take long, so that neither process is left alone with one at the end.
LONG = ("test_schemathesis.py", "test_hostile_input.py", "test_doctor.py", "test_first_day.py", "test_accessibility.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def superuser_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL server of our own."""
    return start_postgres(tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def owner_url(superuser_url: str) -> str:
    """A fresh, migrated database, as the login that owns its tables."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("create database suite")
    database = superuser_url.replace(f"/{DATABASE}?", "/suite?")
    passwords = {login: login_password(SECRET_KEY, login) for login in (OWNER, APP_LOGIN, WORKER_LOGIN)}
    migrations.bootstrap(database, passwords=passwords, owner=OWNER)
    url = with_login(database, OWNER, passwords[OWNER])
    migrations.migrate(url)
    return url


@pytest.fixture(scope="session")
def superuser_of_the_database(superuser_url: str, owner_url: str) -> str:
    """The same database for the login that no policy binds."""
    return superuser_url.replace(f"/{DATABASE}?", "/suite?")


@pytest.fixture(scope="session")
def database_url(owner_url: str) -> str:
    """The same database as the web's login sees it."""
    return with_login(owner_url, APP_LOGIN, login_password(SECRET_KEY, APP_LOGIN))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def embedder_socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedder, as a process of its own."""
    path = tmp_path_factory.mktemp("embedder") / "embedder.sock"
    command = embedder.command(path, converted_models())
    process = spawn(command, env={"PATH": os.environ["PATH"]}, death_signal=signal.SIGKILL)
    atexit.register(stop, process)
    deadline = time.monotonic() + 30
    while not path.exists() or not _answers(path):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path


@pytest.fixture(scope="session")
def settings(owner_url: str, embedder_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.read(
        {
            "DATABASE_URL": owner_url,
            "SECRET_KEY": SECRET_KEY,
            "TRULYBOT_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "TRULYBOT_EMBEDDER_SOCKET": str(embedder_socket),
            "TRULYBOT_CRAWL_PRIVATE": f"{SITE_ADDRESS}/32",
            **MANY_PEOPLE,
        }
    )


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """The running product, with Alice and Bob of Acme, and Charlie, a stranger with a workspace of his own."""
    async with World.running(settings) as world:
        yield world


@pytest.fixture
async def live(world: World) -> AsyncIterator[str]:
    """The same product on a real port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = configured(world.app)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0

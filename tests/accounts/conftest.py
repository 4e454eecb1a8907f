"""The accounts alone: in this process, and behind a real server and socket."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from tests.accounts.served import Above, Client, accounts_of, app_of, client_of
from trulybot.accounts.config import Accounts
from trulybot.kit.db import Database


@pytest.fixture
def above() -> Above:
    return Above()


@pytest.fixture
def accounts(above: Above) -> Accounts:
    return accounts_of(above)


@pytest.fixture
async def accounts_app(db: Database, accounts: Accounts) -> AsyncIterator[Client]:
    async with client_of(app_of(db, accounts)) as client:
        yield client


@pytest.fixture
async def confirming_app(db: Database, above: Above) -> AsyncIterator[Client]:
    """Where an email has to be confirmed."""
    async with client_of(app_of(db, accounts_of(above, autoconfirm=False))) as client:
        yield client


@pytest.fixture(scope="session")
def accounts_url(database_url: str) -> Iterator[str]:
    """The accounts behind a real server and socket."""
    with serving(database_url, accounts_of(Above())) as url:
        yield url


@contextmanager
def serving(database_url: str, accounts: Accounts) -> Iterator[str]:
    """Serve them in a thread of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = app_of(Database(database_url), accounts, opens=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    ready = threading.Event()

    async def serve() -> None:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not running.done():
            await asyncio.sleep(0)
        ready.set()
        await running

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(timeout=30)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)

"""The accounts as a whole behind a real server and socket, for the official clients."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from supabase_auth import AsyncGoTrueClient, SyncGoTrueClient

from tests.accounts import hook
from tests.accounts.conftest import serving
from tests.accounts.served import Above, Letter, accounts_of, letters
from tests.servers import SECRET_KEY
from trulybot.accounts.limits import AccountLimits
from trulybot.accounts.texts import HookTexts
from trulybot.kit.db import Database
from trulybot.kit.keyring import Keyring

ADMIN_KEY = "sb_secret_" + "c" * 32
MANY = AccountLimits(emails=(100_000, 3600), messages=(100_000, 3600), anonymous=100_000)


@pytest.fixture(scope="session")
def texts() -> Iterator[hook.Hook]:
    with hook.running() as running:
        yield running


@pytest.fixture(scope="session")
def whole_url(database_url: str, texts: hook.Hook) -> Iterator[str]:
    """Where emails and phones are confirmed, and everything is offered."""
    accounts = accounts_of(
        Above(),
        autoconfirm=False,
        admin_key=ADMIN_KEY,
        anonymous_users=True,
        phones=True,
        texts=HookTexts(texts.url, [hook.KEY]),
        limits=MANY,
    )
    with serving(database_url, accounts) as url:
        yield f"{url}/auth/v1"


Make = Callable[..., Any]


@pytest.fixture(params=[SyncGoTrueClient, AsyncGoTrueClient], ids=["sync", "async"])
async def client_of(request: pytest.FixtureRequest, whole_url: str) -> AsyncIterator[Make]:
    """A new client of one kind: `client_of()`, `client_of(flow_type="pkce")`, `client_of(admin=True)`."""
    made: list[Any] = []

    def make(*, admin: bool = False, **options: Any) -> Any:
        headers = {"apiKey": ADMIN_KEY, "Authorization": f"Bearer {ADMIN_KEY}"} if admin else {}
        kind = httpx.Client if request.param is SyncGoTrueClient else httpx.AsyncClient
        http = kind(timeout=60, follow_redirects=True)  # the clients' own five seconds are few on a busy machine
        made.append(
            request.param(url=whole_url, auto_refresh_token=False, headers=headers, http_client=http, **options)
        )
        return made[-1]

    yield make
    for client in made:
        await done(client.close())


async def done(result: Any | Awaitable[Any]) -> Any:
    """What a call of either kind of client answered; the server runs in a thread of its own."""
    return await result if inspect.isawaitable(result) else result


Mailbox = Callable[[str, str], Awaitable[Letter]]


@pytest.fixture
def mailbox(db: Database) -> Mailbox:
    """The last mail of a kind to an address, once it is there: it goes out after the answer."""
    db.keyring = Keyring(db, SECRET_KEY)

    async def look(email: str, kind: str) -> Letter:
        deadline = time.monotonic() + 30
        while True:
            found = [letter for letter in await letters(db, email) if letter.kind == kind]
            if found:
                return found[-1]
            assert time.monotonic() < deadline, f"no {kind} to {email}"
            await asyncio.sleep(0.01)

    return look

from collections.abc import AsyncIterator

import pytest

from tests.accounts.providers.peer import Peer
from tests.accounts.served import Above, Client, accounts_of, app_of, client_of
from trulybot.accounts.config import Accounts
from trulybot.kit.db import Database

PEOPLE = {
    "ana": {"email": "ana@firm.example", "email_verified": True, "name": "Ana", "picture": "https://pics.example/ana"},
    "ben": {"email": "ben@firm.example", "email_verified": True},
    "cleo": {"email": "cleo@firm.example", "email_verified": False},
    "dan": {"email": "dan@firm.example", "email_verified": True},
    "eve": {"email": "eve@firm.example", "email_verified": True},
    "nobody": {"name": "Nobody"},
    **{f"p{n}": {"email": f"p{n}@firm.example", "email_verified": True} for n in range(20)},
}


@pytest.fixture(scope="session")
def peer() -> Peer:
    return Peer.started(PEOPLE)


@pytest.fixture
def accounts(above: Above, peer: Peer, db: Database) -> Accounts:
    return accounts_of(above, providers={"keycloak": peer.as_provider()}, manual_linking=True)


@pytest.fixture
async def client(db: Database, accounts: Accounts) -> AsyncIterator[Client]:
    async with client_of(app_of(db, accounts)) as client:
        yield client

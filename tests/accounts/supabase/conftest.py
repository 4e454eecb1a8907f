from collections.abc import AsyncIterator, Iterator

import pytest

from tests.accounts.issuer import ANON_KEY, Issuer
from tests.accounts.served import Above, Client, accounts_of, app_of, client_of
from trulybot.accounts.config import Accounts
from trulybot.accounts.supabase.project import Project
from trulybot.kit.db import Database


@pytest.fixture(scope="session")
def issuing() -> Issuer:
    return Issuer.started()


@pytest.fixture
def issuer(issuing: Issuer) -> Iterator[Issuer]:
    yield issuing
    issuing.becomes(away=False)


@pytest.fixture
def project(issuer: Issuer) -> Project:
    return Project(issuer.address, anon_key=ANON_KEY)


@pytest.fixture
def accounts(above: Above, project: Project) -> Accounts:
    return accounts_of(above, supabase=project, disable_signup=True)


@pytest.fixture
async def client(db: Database, accounts: Accounts) -> AsyncIterator[Client]:
    async with client_of(app_of(db, accounts)) as client:
        yield client

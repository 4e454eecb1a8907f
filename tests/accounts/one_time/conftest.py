from collections.abc import AsyncIterator

import pytest

from tests.accounts.served import Above, Client, accounts_of, app_of, client_of
from trulybot.kit.db import Database


@pytest.fixture
async def confirming(db: Database, above: Above) -> AsyncIterator[Client]:
    """Where emails are confirmed, and links may lead to a shop of ours."""
    accounts = accounts_of(above, autoconfirm=False, allowed_redirects=["https://shop.example/**"])
    async with client_of(app_of(db, accounts)) as client:
        yield client

"""The accounts alone, as a web application, and a client that speaks to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from tests.servers import SECRET_KEY
from trulybot.accounts import config, pages
from trulybot.accounts.transport import GoTrueTransport
from trulybot.accounts.wire import gotrue_error
from trulybot.kit.aside import finish_asides
from trulybot.kit.db import Database, Tx
from trulybot.kit.http import Errors, RequestContext, answer_errors
from trulybot.kit.keyring import Keyring
from trulybot.mail.queries import Row
from trulybot.mail.service import unseal
from trulybot.routes import ACCOUNT_ROUTES

PASSWORD = "correct horse battery"


@dataclass
class Above:
    """The layers above, as the accounts see them."""

    founded: list[tuple[UUID, str, Mapping[str, Any]]] = field(default_factory=list)
    moved: list[tuple[UUID, str]] = field(default_factory=list)

    async def found(self, _tx: Tx, user_id: UUID, email: str, metadata: Mapping[str, Any]) -> None:
        self.founded.append((user_id, email, metadata))

    async def readdress(self, _tx: Tx, user_id: UUID, email: str) -> None:
        self.moved.append((user_id, email))


def accounts_of(above: Above, **wishes: Any) -> config.Accounts:
    settings = {
        "secret_key": "a secret of the tests, long enough",
        "issuer": "https://trulybot.test/auth/v1",
        "found": above.found,
        "readdress": above.readdress,
        "keyring": Keyring(Database(""), SECRET_KEY),
        "secure_cookies": False,
    }
    return config.Accounts(**settings | wishes)


def app_of(db: Database, accounts: config.Accounts, *, opens: bool = False) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await db.open()
        yield
        await db.close()

    app = FastAPI(lifespan=lifespan if opens else None)
    keyring = Keyring(db, SECRET_KEY)  # the database's data keys are sealed under one secret
    db.keyring = keyring
    app.state.db, app.state.accounts = db, replace(accounts, keyring=keyring)
    app.router.routes.extend([*ACCOUNT_ROUTES, *pages.router.routes])
    answer = answer_errors(app, by_prefix={"/auth/v1": gotrue_error, "/api/auth": gotrue_error})
    app.add_middleware(Errors, answer=answer)
    app.add_middleware(GoTrueTransport)
    app.add_middleware(RequestContext)
    return app


class Client(httpx.AsyncClient):
    """Speaks the current version of the API; a new email for every new person. It waits for what an answer left."""

    async def send(self, *args: Any, **kwargs: Any) -> httpx.Response:
        response = await super().send(*args, **kwargs)
        await finish_asides(30)
        return response

    async def signs_up(self, **fields: Any) -> dict[str, Any]:
        response = await self.post("/auth/v1/signup", json=fresh(**fields))
        assert response.status_code == 200, response.text
        return response.json()  # type: ignore[no-any-return]

    async def signs_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/auth/v1/token?grant_type=password", json={"email": email, "password": password})

    async def refreshes(self, token: str) -> httpx.Response:
        return await self.post("/auth/v1/token?grant_type=refresh_token", json={"refresh_token": token})

    async def reads_user(self, token: str) -> httpx.Response:
        return await self.get("/auth/v1/user", headers=bearer(token))

    async def changes_user(self, token: str, **fields: Any) -> httpx.Response:
        return await self.put("/auth/v1/user", headers=bearer(token), json=fields)


@dataclass(frozen=True)
class Letter:
    """A mail as somebody reads it. token: what stands in its link."""

    kind: str
    code: str
    link: str

    @property
    def token(self) -> str:
        return self.asks["token"]

    @property
    def asks(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.link).query))


async def letters(db: Database, email: str) -> list[Letter]:
    """What was mailed to an address, the oldest first."""
    async with db.system("test") as tx:
        rows = await tx.all(
            Row,
            """
            select id, kind, recipient, locale, sealed, created_at from trulybot_auth.mails
             where recipient = %(email)s and sealed is not null order by created_at, id
            """,
            email=email,
        )
    assert db.keyring is not None
    mails = [await unseal(db.keyring, row) for row in rows]
    return [Letter(mail.kind, mail.values.get("code", ""), mail.values.get("link", "")) for mail in mails]


async def last_letter(db: Database, email: str) -> Letter:
    return (await letters(db, email))[-1]


def fresh(**fields: Any) -> dict[str, Any]:
    return {"email": f"{uuid4().hex[:12]}@example.com", "password": PASSWORD} | fields


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def client_of(app: FastAPI) -> Client:
    return Client(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://127.0.0.1:8000",
        headers={"X-Supabase-Api-Version": "2024-01-01"},
    )

"""The accounts alone, as a web application, and a client that speaks to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from trulybot.accounts import config, pages, routes
from trulybot.accounts.transport import GoTrueTransport
from trulybot.accounts.wire import gotrue_error
from trulybot.kit.db import Database, Tx
from trulybot.kit.http import RequestContext, answer_errors

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
    app.state.db, app.state.accounts = db, accounts
    for prefix in ("/auth/v1", "/api/auth"):
        app.include_router(routes.router, prefix=prefix)
    app.include_router(pages.router)
    answer_errors(app, by_prefix={"/auth/v1": gotrue_error, "/api/auth": gotrue_error})
    app.add_middleware(GoTrueTransport)
    app.add_middleware(RequestContext)
    return app


class Client(httpx.AsyncClient):
    """Speaks the current version of the API; a new email for every new person."""

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

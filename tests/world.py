"""The people and workspaces that every test knows, and the product they use."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from trulybot.app import build
from trulybot.documents.files import Files
from trulybot.llm.embeddings import Embedder, OpenAIEmbedder
from trulybot.operations.alerts import Alerts
from trulybot.operations.worker import database_of, errands, queue_app, tasks
from trulybot.parts import embedder_of, postman_of, reach_of
from trulybot.settings import Settings
from trulybot.sources.fetching.fetcher import Fetcher

PASSWORD = "correct horse battery"
SHOP = "https://shop.example"


def nowhere(_host: str, _port: int) -> NoReturn:
    """There is no network, so no name stands for anything."""
    raise OSError


@dataclass
class Person:
    """Someone with an account, who speaks to the product with their own token."""

    http: httpx.AsyncClient
    email: str
    user_id: UUID
    token: str
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace_id(self) -> UUID:
        return UUID(self.profile["workspace"]["id"])

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("POST", path, json=json, **more)

    async def patch(self, path: str, json: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=json)

    async def delete(self, path: str) -> httpx.Response:
        return await self.request("DELETE", path)

    async def knows(self, text: str, **more: Any) -> dict[str, Any]:
        """Give the workspace a text. It is found once the world has worked."""
        response = await self.post("/api/text-upload", {"text": text, **more})
        assert response.status_code == 202, response.text
        return dict(response.json()["documents"][0])

    async def asks(self, message: str, **more: Any) -> dict[str, Any]:
        response = await self.post("/api/chat", {"message": message, **more})
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def bot(self) -> str:
        return str((await self.get("/api/widget/config")).json()["bot"])

    async def visitor(self, origin: str = SHOP) -> "Person":
        """Someone on a website of theirs."""
        await self.patch("/api/widget/config", {"allowed_origins": [origin]})
        headers = {"Origin": origin}
        response = await self.http.post("/api/widget/session", json={"bot": await self.bot()}, headers=headers)
        assert response.status_code == 200, response.text
        http = httpx.AsyncClient(transport=self.http._transport, base_url=self.http.base_url, headers=headers)
        return Person(http, "", UUID(response.json()["visitor_id"]), response.json()["token"], self.profile)


@dataclass
class World:
    app: FastAPI
    http: httpx.AsyncClient
    settings: Settings
    embedder: Embedder

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings) -> AsyncIterator["World"]:
        app = build(settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as http,
        ):
            yield cls(app, http, settings, embedder_of(settings))

    async def person(self, workspace: str, metadata: Mapping[str, Any] | None = None) -> Person:
        """A new person with a workspace of their own."""
        email = f"{uuid4().hex}@example.com"
        data = {"workspace_name": workspace, **(metadata or {})}
        response = await self.http.post("/auth/v1/signup", json={"email": email, "password": PASSWORD, "data": data})
        assert response.status_code == 200, response.text
        session = response.json()
        person = Person(self.http, email, UUID(session["user"]["id"]), session["access_token"])
        person.profile = (await person.get("/api/user/profile")).json()
        return person

    async def alice(self) -> Person:
        """The owner of Acme."""
        return await self.person("Acme")

    async def charlie(self) -> Person:
        """A stranger to Acme, with a workspace of his own."""
        return await self.person("Charlie's")

    async def joins(self, owner: Person, role: str) -> Person:
        """A person of another workspace who has accepted an invitation to the owner's, and is in it now."""
        person = await self.person("Their own")
        form = {"email": person.email, "role": role}
        response = await owner.post("/api/workspaces/invitations", form)
        assert response.status_code == 201, response.text
        token = response.json()["link"].rpartition("/")[2]
        response = await person.post("/api/workspaces/invitations/acceptance", {"token": token})
        assert response.status_code == 201, response.text
        headers = {"X-Workspace-Id": str(owner.workspace_id)}
        await person.get("/api/user/profile", headers=headers)
        return person

    @asynccontextmanager
    async def without_embedder(self) -> AsyncIterator[None]:
        """As if the embedder were away."""
        here, nowhere = self.embedder, OpenAIEmbedder.local(Path("/nonexistent.sock"))
        self.embedder = self.app.state.answering.embedder = nowhere
        yield
        self.embedder = self.app.state.answering.embedder = here

    async def work(self) -> None:
        """Do the jobs that wait, as the worker would, until none is left."""
        db = database_of(self.settings, size=4)
        await db.open()
        fetcher = Fetcher(reach_of(self.settings), resolve=nowhere)
        known = tasks(db, Files(self.settings.files_directory), self.embedder, fetcher, self.app.state.answering)
        queue = queue_app(db.url, known, of_nobody=errands(db, postman_of(self.settings), Alerts.of(self.settings)))
        async with queue.open_async():
            await queue.run_worker_async(
                wait=False, install_signal_handlers=False, delete_jobs="successful", listen_notify=False
            )
        await fetcher.close()
        await db.close()

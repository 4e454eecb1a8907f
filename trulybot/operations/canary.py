"""
Two workspaces that nobody owns, on a live server, over its own API: one holds secrets, the other looks for them.

What is planted is a secret of its kind, which nobody can guess and no answer may repeat to anybody else. Questions name
a topic and never the secret, so that an answer which echoes them shows nothing.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from secrets import token_hex
from typing import Any
from uuid import UUID

import httpx

from trulybot.kit.openapi import operations

Json = dict[str, Any]

UUIDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
READ_SECONDS = 30.0
READY_SECONDS = 60.0
LOOK_SECONDS = 0.5
STREAM_SECONDS = 3.0
# Pages and streams that the description of the API does not name.
UNDESCRIBED = ("/", "/dashboard", "/dashboard/documents/events", "/docs", "/metrics")
# Beginnings of paths where asking in earnest does something: these are asked with GET alone.
ACCOUNTS = ("/auth/v1/", "/api/auth/")
SAME_AS_ABOVE = "/api/auth/"


@dataclass(frozen=True)
class Leak:
    """place: the request and who sent it. what: the kind of thing that showed."""

    place: str
    what: str


@dataclass
class Tenant:
    """Somebody with a workspace. secrets: what only they may see, by its kind. ids: of their things, by kind."""

    http: httpx.AsyncClient
    token: str
    user_id: UUID
    topic: str = field(default_factory=lambda: f"ledger {token_hex(6)}")
    secrets: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def secret(self, kind: str) -> str:
        return self.secrets.setdefault(kind, f"canary{token_hex(16)}")

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return await self.http.request(method, path, json=body, headers=sent)


@dataclass(frozen=True)
class Caller:
    """Somebody who is not of the canary's workspace."""

    name: str
    headers: Mapping[str, str]


@dataclass
class Search:
    """What was asked, what could not be, and what showed."""

    asked: dict[str, int] = field(default_factory=dict)
    refused_for_now: int = 0
    not_planted: list[str] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)


async def plant(canary: Tenant) -> list[str]:
    """Put a secret into every kind of thing; name the kinds that could not be made."""
    origin = f"https://{canary.secret('allowed website')}.example"
    making: list[tuple[str, str, str, Json]] = [
        ("member's name", "PATCH", "/api/user/profile", {"name": canary.secret("member's name")}),
        ("workspace's name", "PATCH", "/api/user/profile", {"workspace_name": canary.secret("workspace's name")}),
        ("key", "POST", "/api/api-keys", {"name": canary.secret("key's name")}),
        ("allowed website", "PATCH", "/api/widget/config", {"allowed_origins": [origin]}),
        (
            "invitation",
            "POST",
            "/api/workspaces/invitations",
            {"email": f"{canary.secret('invited address')}@example.com", "role": "viewer"},
        ),
        ("document", "POST", "/api/text-upload", _document(canary)),
        ("conversation", "POST", "/api/chat", {"message": f"{canary.topic}: {canary.secret('question')}"}),
    ]
    missing = []
    for kind, method, path, body in making:
        answer = await canary.call(method, path, body)
        if answer.is_success:
            _remember(canary, kind, answer.json())
        else:
            missing.append(f"{kind} ({answer.status_code})")
    missing += await _as_a_visitor(canary, origin)
    return missing


def _document(canary: Tenant) -> Json:
    return {
        "title": f"{canary.topic} {canary.secret('document title')}",
        "text": f"The password of the {canary.topic} is {canary.secret('passage')}.",
        "external_id": canary.secret("external id"),
    }


async def _as_a_visitor(canary: Tenant, origin: str) -> list[str]:
    """A visitor asks, and leaves an address: a lead."""
    config = await canary.call("GET", "/api/widget/config")
    if not config.is_success:
        return [f"visitor ({config.status_code})"]
    session = await canary.http.post(
        "/api/widget/session", json={"bot": config.json()["bot"]}, headers={"Origin": origin}
    )
    if not session.is_success:
        return [f"visitor ({session.status_code})"]
    canary.ids["visitor"] = session.json()["visitor_id"]
    canary.secrets["visitor's token"] = session.json()["token"]
    said = f"Please write to {canary.secret('lead')}@example.com about the {canary.topic}."
    headers = {"Authorization": f"Bearer {session.json()['token']}", "Origin": origin}
    answer = await canary.http.post("/api/chat", json={"message": said}, headers=headers)
    return [] if answer.is_success else [f"lead ({answer.status_code})"]


def _remember(canary: Tenant, kind: str, answer: Json) -> None:
    """The ids of what was made, under the names that paths have for them."""
    for name, value in answer.items():
        if name == "key":
            canary.secrets["key itself"] = value
        elif name == "id":
            canary.ids[kind] = value
        elif name.endswith("_id") and isinstance(value, str):
            canary.ids[name.removesuffix("_id")] = value
    for document in answer.get("documents", ()):
        canary.ids["document"] = document["id"]
    if "workspace" in answer:
        canary.ids["workspace"] = answer["workspace"]["id"]


async def until_found(canary: Tenant) -> bool:
    """Wait until the canary itself finds its passage, or there would be nothing to find for others."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        answer = await canary.call("POST", "/api/search", {"query": canary.topic})
        if canary.secrets["passage"] in answer.text:
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def look(canary: Tenant, other: Tenant, document: Json, search: Search) -> None:
    """Ask everything, as everybody who must not find it."""
    traces = {**canary.secrets, **{f"id of the {kind}": id for kind, id in canary.ids.items()}, "topic": canary.topic}
    callers = await _callers(canary, other)
    for method, path, body in _questions(canary, document):
        # Whatever a cache may keep of the answer, the canary's own is the one it has.
        etag = await _etag(canary, path) if method == "GET" else None
        known = {"If-None-Match": etag} if etag else {}
        asked = [Question(caller.name, method, path, body, {**caller.headers, **known}) for caller in callers]
        # All at once, since a stream is listened to for seconds.
        await asyncio.gather(*(_ask(canary.http, search, question, traces) for question in asked))


@dataclass(frozen=True)
class Question:
    who: str
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


async def _ask(http: httpx.AsyncClient, search: Search, question: Question, traces: Mapping[str, str]) -> None:
    place = f"{question.method} {question.path} as {question.who}"
    status, text, headers = await _answer(http, question)
    if status == 429:
        search.refused_for_now += 1
        return
    search.asked[question.who] = search.asked.get(question.who, 0) + 1
    sent = json.dumps(question.body) + question.path + " ".join(question.headers.values())
    # What somebody sends may come back to them.
    found = sorted(kind for kind, trace in traces.items() if trace not in sent and trace in text + headers)
    search.leaks += [Leak(place, kind) for kind in found]
    if status == 304 and "/widget/config/" not in question.path and question.who != "nobody":
        search.leaks.append(Leak(place, "answer in a shared cache"))


async def _etag(canary: Tenant, path: str) -> str | None:
    """Of the canary's own answer, which may be one without an end."""
    async with canary.http.stream("GET", path, headers=_bearer(canary.token)) as response:
        etag: str | None = response.headers.get("etag")
        return etag


async def _answer(http: httpx.AsyncClient, question: Question) -> tuple[int, str, str]:
    """Status, text and headers; of a stream what comes within a few seconds."""
    said = StringIO()
    async with http.stream(
        question.method, question.path, json=question.body, headers=dict(question.headers)
    ) as response:
        with suppress(TimeoutError):
            async with asyncio.timeout(STREAM_SECONDS if "event-stream" in _kind(response) else READ_SECONDS):
                async for part in response.aiter_text():
                    said.write(part)
        return response.status_code, said.getvalue(), str(response.headers)


def _kind(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "")
    return kind


@asynccontextmanager
async def listening(other: Tenant, canary: Tenant, search: Search) -> AsyncIterator[None]:
    """Hear, as another workspace's owner, what is told of changes while this lasts."""
    question = Question("another workspace's owner", "GET", "/dashboard/documents/events", None, _bearer(other.token))
    heard = StringIO()

    async def listen() -> None:
        async with other.http.stream(
            question.method, question.path, headers=dict(question.headers), timeout=None
        ) as stream:
            async for part in stream.aiter_text():
                heard.write(part)

    ears = asyncio.create_task(listen())
    try:
        yield
    finally:
        ears.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await ears
        text = heard.getvalue()
        search.asked["a stream of changes"] = 1
        place = f"{question.method} {question.path} as {question.who}, meanwhile"
        traces = {**canary.secrets, **canary.ids}
        search.leaks += [Leak(place, kind) for kind, trace in traces.items() if trace in text]


async def changed(canary: Tenant) -> list[Leak]:
    """What the others have done to the canary's things."""
    places = {
        "member's name": "/api/user/profile",
        "workspace's name": "/api/user/profile",
        "key's name": "/api/api-keys",
        "allowed website": "/api/widget/config",
        "document title": "/api/documents",
    }
    gone = []
    for kind, path in places.items():
        answer = await canary.call("GET", path)
        if answer.is_success and canary.secrets[kind] not in answer.text:
            gone.append(Leak(f"GET {path} as its owner", f"{kind}, which somebody else has changed"))
    return gone


async def _callers(canary: Tenant, other: Tenant) -> list[Caller]:
    callers = [
        Caller("nobody", {}),
        Caller("another workspace's owner", _bearer(other.token)),
        Caller("the same, naming this workspace", {**_bearer(other.token), "X-Workspace-Id": canary.ids["workspace"]}),
    ]
    key = await other.call("POST", "/api/api-keys", {"name": "looks for the canary"})
    if key.is_success:
        callers.append(Caller("another workspace's key", _bearer(key.json()["key"])))
    origin = "https://elsewhere.example"
    await other.call("PATCH", "/api/widget/config", {"allowed_origins": [origin]})
    bot = (await other.call("GET", "/api/widget/config")).json().get("bot", "")
    session = await other.http.post("/api/widget/session", json={"bot": bot}, headers={"Origin": origin})
    if session.is_success:
        callers.append(Caller("another workspace's visitor", {**_bearer(session.json()["token"]), "Origin": origin}))
    return callers


def _questions(canary: Tenant, document: Json) -> list[tuple[str, str, Any]]:
    """Everything that can be asked without harm to anybody but the canary: with its ids wherever a path takes one."""
    asked: list[tuple[str, str, Any]] = [("GET", path, None) for path in UNDESCRIBED]
    for method, path, operation in operations(document):
        if path.startswith(SAME_AS_ABOVE) or "/widget/config/{" in path:  # what it answers is for everybody
            continue
        names = re.findall(r"\{(\w+)\}", path)
        if method != "get" and (not names or path.startswith(ACCOUNTS)):
            continue
        filled = path
        for name in names:
            kind = name.removesuffix("_id")
            filled = filled.replace(f"{{{name}}}", canary.ids.get(kind) or canary.ids["document"])
        wanted = [given["name"] for given in operation.get("parameters", ()) if given["in"] == "query"]
        if "q" in wanted:
            filled += f"?q={canary.topic.replace(' ', '%20')}"
        asked.append((method.upper(), filled, _example(operation)))
    question = f"What is the password of the {canary.topic}?"
    asked += [("POST", "/api/search", {"query": question}), ("POST", "/api/chat", {"message": question})]
    if "conversation" in canary.ids:
        asked.append(("POST", "/api/chat", {"message": question, "conversation_id": canary.ids["conversation"]}))
    return asked


def _example(operation: Mapping[str, Any]) -> Any:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    given = list(media.get("examples", {}).values())
    return media.get("example", given[0]["value"] if given else None)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

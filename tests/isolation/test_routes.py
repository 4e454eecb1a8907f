"""Every route of `/openapi.json`, called by everybody, with their own id, another tenant's and one of nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from tests.world import SHOP, Person, World
from trulybot.kit.openapi import operations
from trulybot.workspaces.access import KEY_SCOPES, ROLES, VISITOR, Scope, scope_of

Json = dict[str, Any]
Maker = Callable[["Acme"], Awaitable[str]]

# What asks nothing of a workspace, and why.
OPEN_TO_ALL = {
    "/api/monitoring/health": "says that the process is alive",
    "/api/monitoring/ready": "says that it can work",
    "/api/widget/config/{bot}": "what a website shows of its bot",
    "/api/widget/session": "where a visitor begins; the origin decides",
    "/api/widget/proof": "a riddle for a visitor's browser",
}
# What a person asks for themselves, in whatever workspace or none; these say 401 to everybody who is no person.
OF_A_PERSON = ("/api/user/", "/api/workspaces", "/auth/v1/", "/api/auth/")


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    scope: Scope | None
    operation: Json

    @property
    def parameter(self) -> str | None:
        return self.path.partition("{")[2].partition("}")[0] or None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Acme:
    """A workspace with somebody of every kind, and Charlie, who has one of his own."""

    world: World
    owner: Person
    charlie: Person
    callers: dict[str, tuple[httpx.AsyncClient, dict[str, str], frozenset[str] | None]]


async def acme(world: World) -> Acme:
    owner, charlie = await world.alice(), await world.charlie()
    named = {"X-Workspace-Id": str(owner.workspace_id)}
    callers: dict[str, tuple[httpx.AsyncClient, dict[str, str], frozenset[str] | None]] = {}
    for role, scopes in ROLES.items():
        person = owner if role == "owner" else await world.joins(owner, role)
        callers[role] = (world.http, {**bearer(person.token), **named}, frozenset(scopes))
    gone = await world.joins(owner, "admin")
    assert (await owner.delete(f"/api/workspaces/members/{gone.user_id}")).status_code == 204
    callers["a removed member"] = (world.http, {**bearer(gone.token), **named}, None)
    for scope in (None, *KEY_SCOPES):
        scopes = [scope] if scope else list(KEY_SCOPES)
        key = (await owner.post("/api/api-keys", {"name": "a program", "scopes": scopes})).json()["key"]
        callers[f"a key with {scope or 'all'}"] = (world.http, bearer(key), frozenset(scopes))
    visitor = await owner.visitor()
    callers["a visitor"] = (world.http, {**bearer(visitor.token), "Origin": SHOP}, frozenset(VISITOR))
    callers["a stranger who names this workspace"] = (world.http, {**bearer(charlie.token), **named}, None)
    callers["nobody"] = (world.http, {}, None)
    return Acme(world, owner, charlie, callers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def routes(world: World) -> list[Route]:
    declared = {
        (method, route.path_format): scope_of(route.dependant)
        for route in iter_route_contexts(world.app.routes)
        if getattr(route, "dependant", None) is not None
        for method in route.methods
    }
    document = (await world.http.get("/openapi.json")).json()
    return [
        Route(method.upper(), path, declared[(method.upper(), path)], operation)
        for method, path, operation in operations(document)
    ]


async def conversation(acme: Acme) -> str:
    return str((await acme.owner.asks("When are you open?"))["conversation_id"])


async def document(acme: Acme) -> str:
    return str((await acme.owner.knows(f"We open at nine. {uuid4()}"))["id"])


async def key(acme: Acme) -> str:
    return str((await acme.owner.post("/api/api-keys", {"name": "another"})).json()["id"])


async def invitation(acme: Acme) -> str:
    body = {"email": f"{uuid4().hex}@example.com", "role": "viewer"}
    return str((await acme.owner.post("/api/workspaces/invitations", body)).json()["id"])


async def user(acme: Acme) -> str:
    return str((await acme.world.joins(acme.owner, "viewer")).user_id)


async def session(acme: Acme) -> str:
    return str((await acme.owner.get("/api/user/sessions")).json()["items"][0]["id"])


async def answer(acme: Acme) -> str:
    body = {"question": f"Do you sell {uuid4()}?", "answer": "Yes."}
    return str((await acme.owner.post("/api/knowledge/answers", body)).json()["id"])


async def message(acme: Acme) -> str:
    return str((await acme.owner.asks("When are you open?"))["message_id"])


async def golden_set(acme: Acme) -> str:
    made = (await acme.owner.post("/api/golden-sets", {"name": f"Set {uuid4()}"})).json()["id"]
    await acme.owner.post(f"/api/golden-sets/{made}/questions", {"questions": [{"question": "When are you open?"}]})
    return str(made)


async def golden_question(acme: Acme) -> str:
    path = f"/api/golden-sets/{await golden_set(acme)}/questions"
    return str((await acme.owner.get(path)).json()["items"][0]["id"])


async def golden_run(acme: Acme) -> str:
    """What an earlier one left behind ends first: only one may go on in a workspace."""
    await acme.world.work()
    return str((await acme.owner.post(f"/api/golden-sets/{await golden_set(acme)}/runs")).json()["id"])


async def group(acme: Acme) -> str:
    """Something that no document answers, asked by a visitor."""
    visitor = await acme.owner.visitor()
    await visitor.asks(next(UNKNOWN))
    await acme.world.work()
    return str((await acme.owner.get("/api/knowledge/unanswered")).json()["items"][0]["id"])


# Each once, since what was dismissed stays so, whoever asks it again.
UNKNOWN = cycle(
    (
        "Who was the first king of Norway?",
        "How do volcanoes erupt?",
        "What is the square root of nine hundred?",
        "Which planet has the largest moon?",
        "Who painted the ceiling of the chapel?",
        "How many legs does a spider have?",
        "What do pandas eat in winter?",
        "When did the Roman empire fall?",
        "How is steel made from iron?",
        "Why is the sea salty?",
        "Which bird flies the highest?",
        "How long is the Amazon river?",
    )
)
DAYS = cycle(range(1, 32))


async def source(acme: Acme) -> str:
    body = {"url": f"https://shop.example/{uuid4()}", "kind": "page"}
    return str((await acme.owner.post("/api/sources", body)).json()["id"])


async def version(acme: Acme) -> str:
    await document(acme)
    return str((await acme.owner.get("/api/knowledge/versions")).json()["items"][0]["version"])


async def receipt(acme: Acme) -> str:
    await acme.owner.delete(f"/api/documents/{await document(acme)}")
    return str((await acme.owner.get("/api/knowledge/receipts")).json()["items"][0]["id"])


async def conflict(acme: Acme) -> str:
    """An offer that is over."""
    await acme.owner.knows(f"The offer is valid until {next(DAYS)} March 2025.", title="Offers")
    await acme.world.work()
    return str((await acme.owner.get("/api/knowledge/conflicts")).json()["items"][0]["id"])


OWN: dict[str, Maker] = {
    "group_id": group,
    "answer_id": answer,
    "conversation_id": conversation,
    "document_id": document,
    "set_id": golden_set,
    "question_id": golden_question,
    "run_id": golden_run,
    "message_id": message,
    "key_id": key,
    "invitation_id": invitation,
    "user_id": user,
    "session_id": session,
    "source_id": source,
    "version": version,
    "receipt_id": receipt,
    "conflict_id": conflict,
}
# What there is none of until somebody puts it up.
NOTHING_YET = {"/api/publish-gate"}
# A number that every workspace counts for itself is no id of anybody's.
COUNTED = {"version"}


async def ask(acme: Acme, who: str, route: Route, id: str = "") -> httpx.Response:
    http, headers, _scopes = acme.callers[who]
    path = route.path.replace(f"{{{route.parameter}}}", id)
    media = route.operation.get("requestBody", {}).get("content", {}).get("application/json")
    return await http.request(route.method, path, headers=headers, json=example(media) if media else None)


def example(media: Json) -> Any:
    given = list(media.get("examples", {}).values())
    return media.get("example", given[0]["value"] if given else {})


def told(response: httpx.Response) -> tuple[int, str]:
    """Status and code: what somebody could learn from."""
    is_json = "json" in response.headers.get("content-type", "")
    return response.status_code, response.json().get("error", {}).get(
        "code", ""
    ) if is_json and response.content else ""


async def test_every_route_says_what_it_asks_of_whoever_calls(world: World):
    silent = [
        str(route)
        for route in await routes(world)
        if route.scope is None and route.path not in OPEN_TO_ALL and not route.path.startswith(OF_A_PERSON)
    ]

    assert silent == []


async def test_every_kind_of_id_in_a_path_is_tried(world: World):
    untried = {route.parameter for route in await routes(world) if route.scope and route.parameter} - set(OWN)

    assert untried == set(), "say in OWN how one is made"


@pytest.mark.timeout(300)
async def test_who_lacks_the_scope_is_refused_alike_whether_or_not_there_is_something(world: World):
    here = await acme(world)
    wrong = []
    for route in await routes(world):
        if route.scope is None:
            continue
        own = await OWN[route.parameter](here) if route.parameter else ""
        for who, (_http, _headers, scopes) in here.callers.items():
            if scopes is not None and route.scope in scopes:
                continue
            expected = 401 if who == "nobody" else 403
            for id in dict.fromkeys((own, str(uuid4()) if own else "")):
                status, code = told(await ask(here, who, route, id))
                if status != expected:
                    wrong.append((str(route), who, "own" if id == own else "missing", status, code))

    assert wrong == []


@pytest.mark.timeout(300)
async def test_another_tenants_id_and_one_that_does_not_exist_are_the_same(world: World):
    here = await acme(world)
    there = Acme(world, here.charlie, here.owner, {})
    wrong = []
    for route in await routes(world):
        if route.scope is None or route.parameter is None or route.parameter in COUNTED:
            continue
        others = await OWN[route.parameter](there)
        for who, (_http, _headers, scopes) in here.callers.items():
            if scopes is None or route.scope not in scopes:
                continue
            existing, missing = (
                told(await ask(here, who, route, others)),
                told(await ask(here, who, route, str(uuid4()))),
            )
            if existing != missing or existing[0] not in (403, 404):
                wrong.append((str(route), who, existing, missing))

    assert wrong == []


@pytest.mark.timeout(300)
async def test_who_has_the_scope_reaches_what_is_their_own(world: World):
    here = await acme(world)
    wrong = []
    for route in await routes(world):
        if route.scope is None or route.path in NOTHING_YET or (route.parameter is None and route.method != "GET"):
            continue
        own = await OWN[route.parameter](here) if route.parameter else ""
        response = await ask(here, "owner", route, own)
        if response.status_code in (401, 403, 404) or response.status_code >= 500:
            wrong.append((str(route), response.status_code, response.text[:200]))

    assert wrong == []


@pytest.mark.timeout(300)
async def test_no_list_of_one_tenant_holds_anything_of_another(world: World):
    here = await acme(world)
    made = {name: await maker(here) for name, maker in OWN.items() if name not in COUNTED}
    traces = {**made, "workspace": str(here.owner.workspace_id), "email": here.owner.email}
    wrong = []
    for route in await routes(world):
        if route.method == "GET" and route.parameter is None:
            for headers in (bearer(here.charlie.token), {}):
                answer = await world.http.get(route.path, headers=headers)
                wrong += [(str(route), name) for name, trace in traces.items() if trace in answer.text]

    assert wrong == []

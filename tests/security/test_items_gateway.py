"""Items 8 to 14, 17, 35, 36, 39 and 40 of the forty things an attacker tries: what the gateway stands for."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tests.world import PASSWORD, SHOP, Person, World
from trulybot.kit.headers import HEADERS, TWO_YEARS_SECONDS
from trulybot.kit.text import one_line

OURS = "http://trulybot.test"
ELSEWHERE = "https://evil.example"
YEAR_SECONDS = 31_536_000
NOBODY = "00000000-0000-7000-8000-000000000000"


@asynccontextmanager
async def browser_of(world: World, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody signed in at the dashboard, by a cookie."""
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as http:
        form = {"email": person.email, "password": PASSWORD}
        response = await http.post("/sign-in", data=form, headers={"Origin": OURS})
        assert response.status_code == 303
        yield http


def routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, APIRoute]]:
    """Every route with its whole path; FastAPI keeps those of a router inside of it."""
    for route in found:
        if isinstance(route, APIRoute):
            yield f"{prefix}{route.path_format}", route
        elif hasattr(route, "original_router"):
            within = prefix + route.include_context.prefix  # type: ignore[attr-defined]
            yield from routes(route.original_router.routes, within)


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", NOBODY, path)


def pages(world: World) -> list[tuple[str, str]]:
    """Every call that changes something and belongs to no API for programs."""
    return [
        (method, filled(path))
        for path, route in routes(world.app.routes)
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
        if not path.startswith(("/api/", "/auth/"))
    ]


async def test_item_08_no_other_website_changes_anything_by_a_cookie(world: World):
    alice = await world.alice()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    tricks: dict[str, dict[str, str]] = {
        "cross-site form": {**form, "Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site"},
        "a sibling's form": {**form, "Origin": OURS, "Sec-Fetch-Site": "same-site"},
        "no origin": form,
        "null origin": {**form, "Origin": "null"},
        "text/plain": {"Content-Type": "text/plain", "Origin": OURS},
        "no type": {"Origin": OURS},
    }
    found = {}

    async with browser_of(world, alice) as http:
        for method, path in pages(world):
            for trick, headers in tricks.items():
                response = await http.request(method, path, content=b'{"a": 1}', headers=headers)
                found[method, path, trick] = response.status_code
        still = await http.get("/dashboard")

    assert len(found) > 20
    assert {call: status for call, status in found.items() if status not in (403, 404, 415)} == {}
    assert still.status_code == 200


async def test_item_08_nothing_is_changed_by_reading_and_a_token_needs_no_cookie(world: World):
    alice = await world.alice()
    async with browser_of(world, alice) as http:
        gets = [
            (await http.get(path, headers={"Origin": ELSEWHERE})).status_code
            for method, path in pages(world)
            if method == "POST" and path not in ("/sign-in", "/sign-up")
        ]
        by_cookie = await http.post("/api/api-keys", json={"name": "x"}, headers={"Origin": ELSEWHERE})
        wrong_token = await http.get("/api/user/profile", headers={"Authorization": "Bearer nonsense"})
        still = await http.get("/dashboard")
    by_token = await alice.post("/api/api-keys", {"name": "x"})

    assert 303 not in [status for status in gets if status == 200]
    assert by_cookie.status_code == 403
    assert wrong_token.status_code == 401  # the cookie beside it counts for nothing
    assert by_token.status_code == 201
    assert still.status_code == 200


def directives(response: httpx.Response) -> dict[str, str]:
    policy = response.headers["content-security-policy"]
    return dict((part.strip() + " ").split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/docs", "/dashboard", "/nothing-here", "/api/nothing", "/assets/x/y.js"]
)
async def test_item_09_every_answer_has_a_policy_and_every_page_a_nonce_of_its_own(world: World, path: str):
    alice = await world.alice()
    async with browser_of(world, alice) as http:
        first, second = [await http.get(path, headers={"Accept": "text/html"}) for _ in range(2)]

    policy = directives(first)
    assert policy["default-src"].strip() == "'none'"
    assert policy["base-uri"].strip() == policy["frame-ancestors"].strip() == "'none'"
    assert "unsafe" not in first.headers["content-security-policy"]
    assert "'self'" not in policy.get("script-src", "")
    if first.headers["content-type"].startswith("text/html"):
        assert policy["object-src"].strip() == "'none'"
        nonce = re.fullmatch(r"'nonce-([\w-]{22,})'", policy["script-src"].strip())
        assert nonce is not None
        assert nonce[1] not in second.text + second.headers["content-security-policy"]
        tags = re.findall(r"<(?:script|style)\b[^>]*>|<link\b[^>]*stylesheet[^>]*>", first.text)
        assert tags
        assert [tag for tag in tags if f'nonce="{nonce[1]}"' not in tag] == []


async def fails(_request: Any) -> Any:
    raise RuntimeError("a secret from inside")


async def test_item_10_the_headers_are_on_every_answer_and_no_server_names_itself(world: World, live: str):
    world.app.router.add_route("/fails", fails)
    async with httpx.AsyncClient(base_url=live) as http:
        answers = {
            path: await http.get(path, headers={"Accept": "text/html"})
            for path in (
                "/sign-in",
                "/nothing",
                "/fails",
                "/widget.js",
                "/api/documents",
                "/auth/v1/user",
                "/docs",
                "/",
            )
        }

    assert [answers[path].status_code for path in ("/sign-in", "/nothing", "/fails", "/")] == [200, 404, 500, 303]
    for path, answer in answers.items():
        expected = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
        expected |= {"Cross-Origin-Resource-Policy": "cross-origin"} if path == "/widget.js" else {}
        assert {name: answer.headers.get(name) for name in expected} == expected, path
        assert "content-security-policy" in answer.headers
        assert "server" not in answer.headers, path
        assert answer.headers["x-request-id"]


async def test_item_10_browsers_are_told_to_come_by_https_when_they_can(world: World):
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://trulybot.test") as http:
        secure = await http.get("/sign-in")

    assert secure.headers["strict-transport-security"] == f"max-age={TWO_YEARS_SECONDS}; includeSubDomains"
    assert TWO_YEARS_SECONDS >= YEAR_SECONDS
    assert "strict-transport-security" not in (await world.http.get("/sign-in")).headers


LOOKALIKES = [
    "null", "https://shop.example.evil.io", "https://evilshop.example", "http://shop.example", "https://shop.example:8443",
    "https://www.shop.example", "https://shop.example.", "https://evil.io#https://shop.example", "*",
]  # fmt: skip


@pytest.mark.parametrize("origin", LOOKALIKES)
async def test_item_11_only_the_exact_origin_may_send_and_read(world: World, origin: str):
    alice = await world.alice()
    visitor = await alice.visitor()
    bot = await alice.bot()
    ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    preflight = await world.http.request("OPTIONS", "/api/chat", headers=ask)
    session = await world.http.post("/api/widget/session", json={"bot": bot}, headers={"Origin": origin})
    chat = await visitor.post("/api/chat", {"message": "Hello"}, headers={"Origin": origin})

    for answer in (preflight, session, chat):
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]
    assert [session.status_code, chat.status_code] == [403, 403]


async def test_item_11_the_workspaces_own_website_may(world: World):
    alice = await world.alice()
    visitor = await alice.visitor()

    preflight = await world.http.request(
        "OPTIONS", "/api/chat", headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    )
    chat = await visitor.post("/api/chat", {"message": "Hello"})
    key = (await alice.post("/api/api-keys", {"name": "x", "scopes": ["chat"]})).json()["key"]
    by_key = await world.http.post(
        "/api/chat", json={"message": "Hello"}, headers={"Origin": SHOP, "Authorization": f"Bearer {key}"}
    )

    assert preflight.headers["access-control-allow-origin"] == chat.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-origin" not in by_key.headers  # a page that holds a workspace's key is a mistake


async def test_item_12_a_bot_key_from_a_neighbours_website_opens_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await charlie.patch("/api/widget/config", {"allowed_origins": ["https://charlie.example"]})
    await alice.patch("/api/widget/config", {"allowed_origins": [SHOP]})
    bot = await alice.bot()

    crossed = await world.http.post(
        "/api/widget/session", json={"bot": bot}, headers={"Origin": "https://charlie.example"}
    )
    by_key_alone = [
        (await world.http.get(path, headers={"Authorization": f"Bearer {bot}"})).status_code
        for path in ("/api/documents", "/api/leads", "/api/user/profile", "/api/api-keys")
    ]
    # A program may say that it comes from anywhere: what it then holds is a visitor's session, which reads nothing.
    token = (await world.http.post("/api/widget/session", json={"bot": bot}, headers={"Origin": SHOP})).json()["token"]
    as_visitor = [
        (await world.http.get(path, headers={"Authorization": f"Bearer {token}", "Origin": origin})).status_code
        for path in ("/api/documents", "/api/leads", "/api/user/profile")
        for origin in (SHOP, OURS)
    ]

    assert crossed.status_code == 403
    assert "access-control-allow-origin" not in crossed.headers
    assert set(by_key_alone) == {401}
    assert set(as_visitor) == {403}


async def test_item_13_no_script_of_ours_listens_for_messages(world: World):
    served = [
        await world.http.get(f"/widget/{name}") for name in ("panel.js", "conversation.js", "words.js", "proof.js")
    ]
    served.append(await world.http.get("/widget.js"))
    page = await world.http.get("/sign-in")

    for script in served:
        assert script.status_code == 200
        assert not re.search(r"postMessage|onmessage|addEventListener\(\s*[\"']message", script.text)
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script.text
        )
    assert "postMessage" not in page.text


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>",
        "\u202egnp.exe",
        "a\x1b[31mb",
        "a\u2066b\u2069",
        "{{7*7}}",
        "\U000e0041bc",
        "O'Brien <3",
    ],
    ids=ascii,
)
async def test_item_14_a_name_is_shown_as_text_and_disturbs_nothing_around_it(world: World, name: str):
    owner = await world.person(name)
    async with browser_of(world, owner) as http:
        page = (await http.get("/dashboard")).text

    kept = owner.profile["workspace"]["name"]
    assert kept == one_line(name)
    assert not re.search("[\x00-\x08\x1b\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", page)
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page)


async def test_item_17_what_was_uploaded_is_never_served(world: World):
    alice = await world.alice()
    evil = ("../../x.html", b"<!doctype html><script>alert(1)</script>", "text/html")
    kept = await alice.request("POST", "/api/text-upload", files={"file": evil})
    document = kept.json()["documents"][0]

    tried = [
        await alice.get(path)
        for path in (
            f"/files/{document['id']}",
            f"/api/documents/{document['id']}/file",
            f"/assets/{document['id']}/x.html",
        )
    ]

    assert "/" not in document["title"]
    assert {answer.status_code for answer in tried} == {404}


async def test_item_35_a_line_end_begins_no_header(world: World):
    alice = await world.alice()
    name = "Ana\r\nSet-Cookie: stolen=1"

    profile = await alice.patch("/api/user/profile", {"name": name})
    echoed = await world.http.get("/sign-in", headers={"X-Request-Id": "abcdefgh\tinjected"})
    led = await world.http.get("/dashboard", params={"x": "a\r\nSet-Cookie: stolen=1"})

    assert profile.status_code == 400
    assert "injected" not in echoed.headers["x-request-id"]
    assert led.status_code == 400
    assert all("stolen" not in str(answer.headers) for answer in (profile, echoed, led))


async def test_item_36_an_export_holds_no_formula(world: World):
    alice = await world.alice()
    await alice.asks("=cmd|'/C_calc'!A0@example.com")
    await alice.asks("+91 98765 43210")

    response = await alice.get("/api/leads/export?format=csv")

    rows = list(csv.reader(io.StringIO(response.text.lstrip("\ufeff"))))
    assert len(rows) == 3
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


async def test_item_39_a_fault_of_ours_tells_nothing_but_its_number(world: World):
    world.app.router.add_route("/fails", fails)

    as_json = await world.http.get("/fails")
    as_page = await world.http.get("/fails", headers={"Accept": "text/html"})

    for answer in (as_json, as_page):
        assert answer.status_code == 500
        assert answer.headers["x-request-id"] in answer.text
        for inside in ("secret from inside", "RuntimeError", "Traceback", "/trulybot/", ".py"):
            assert inside not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.env", "/.svn/entries", "/debug", "/server-status", "/redoc", "/openapi.yaml", "/actuator"],
)
async def test_item_39_there_is_no_back_door(world: World, path: str):
    assert (await world.http.get(path)).status_code == 404


async def test_item_39_metrics_and_trace_are_closed(world: World):
    elsewhere = httpx.ASGITransport(world.app, client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url=OURS) as http:
        metrics = await http.get("/metrics")
        trace = await http.request("TRACE", "/", headers={"Cookie": "trulybot=secret"})

    assert metrics.status_code == 403
    assert trace.status_code == 405
    assert "secret" not in trace.text


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "@evil.example",
        "/@evil.example",
        "https:evil.example",
    ],
)
async def test_item_40_signing_in_leads_to_no_other_website(world: World, next: str):
    alice = await world.alice()
    form = {"email": alice.email, "password": PASSWORD, "next": next}

    response = await world.http.post("/sign-in", data=form, headers={"Origin": OURS})

    assert response.status_code == 303
    assert httpx.URL(OURS).join(response.headers["location"]).host == "trulybot.test"


async def test_item_40_a_forged_host_is_not_believed(world: World):
    forged = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }

    page = await world.http.get("/sign-in", headers=forged)
    api = await world.http.get("/auth/v1/.well-known/openid-configuration", headers=forged)

    assert "evil.example" not in page.text + str(page.headers)
    assert "evil.example" not in api.text
    assert "strict-transport-security" not in page.headers  # nor that it came by https

"""What the widget may know, and from where it may ask."""

import httpx
import pytest

from tests.world import SHOP, Person, World

ELSEWHERE = "https://other.example"
# What is close to https://shop.example and is not it.
LOOKALIKES = [
    "null",
    "https://shop.example.evil.io",
    "https://evil-shop.example",
    "https://evilshop.example",
    "https://www.shop.example",
    "https://shop.exampl",
    "https://shop.example.",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example:443",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://shop.example/",
    "https://shop.example/page",
    "https://user@shop.example",
    "https://evil.io#https://shop.example",
    "https://shop.example https://evil.io",
    "https://shop.example, https://evil.io",
    "https://*",
    "*",
    "",
    None,
]


async def embeds(person: Person, *origins: str) -> str:
    """Allow these websites, and answer with the bot's key."""
    response = await person.patch("/api/widget/config", {"allowed_origins": list(origins)})
    assert response.status_code == 200, response.text
    return str(response.json()["bot"])


async def begin(world: World, bot: str, origin: str | None = SHOP) -> httpx.Response:
    headers = {"Origin": origin} if origin is not None else {}
    return await world.http.post("/api/widget/session", json={"bot": bot}, headers=headers)


async def chat(world: World, token: str, origin: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"Origin": origin} if origin is not None else {})
    return await world.http.post("/api/chat", json={"message": "Hello"}, headers=headers)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def permissions(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


async def test_the_script_may_be_loaded_by_any_page_and_is_not_sent_twice(world):
    response = await world.http.get("/widget.js")
    again = await world.http.get("/widget.js", headers={"If-None-Match": response.headers["etag"]})

    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["panel.js", "conversation.js", "styles.js", "words.js"])
async def test_the_parts_of_the_script_are_served(world, name):
    assert (await world.http.get(f"/widget/{name}")).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Froutes.py", "%2e%2e/service.py", "__init__.py"])
async def test_nothing_else_is_served_beside_them(world, name):
    # The edge refuses what climbs out of a folder before anybody looks for it.
    assert (await world.http.get(f"/widget/{name}")).status_code == (400 if "2" in name else 404)


async def test_the_settings_are_public_by_the_bots_key_and_by_its_owners_id(world):
    alice = await world.alice()

    by_key = await world.http.get(f"/api/widget/config/{await alice.bot()}")
    by_owner = await world.http.get(f"/api/widget/config/{alice.user_id}")

    assert by_key.json() == by_owner.json()
    assert by_key.headers["access-control-allow-origin"] == "*"
    assert by_key.json() == {
        "bot": await alice.bot(),
        "name": "Acme",
        "texts": {},
        "colors": {"accent": "#2f6f4e", "on_accent": "#ffffff"},
        "position": "end",
        "languages": ["en"],
        "suggested_questions": [],
    }


async def test_the_public_settings_hold_no_secret(world):
    alice = await world.alice()
    await embeds(alice, SHOP)

    response = await world.http.get(f"/api/widget/config/{alice.user_id}")

    for secret in ("allowed_origins", SHOP, alice.email, str(alice.user_id), str(alice.workspace_id)):
        assert secret not in response.text


async def test_the_settings_are_sent_again_only_when_they_changed(world):
    alice = await world.alice()
    path = f"/api/widget/config/{await alice.bot()}"
    known = {"If-None-Match": (await world.http.get(path)).headers["etag"]}

    same = await world.http.get(path, headers=known)
    await alice.patch("/api/widget/config", {"texts": {"greeting": "Namaste!"}})
    changed = await world.http.get(path, headers=known)

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["access-control-allow-origin"] == "*"
    assert changed.json()["texts"] == {"greeting": "Namaste!"}


@pytest.mark.parametrize("bot", ["tb_bot_nobody", "00000000-0000-7000-8000-000000000000", "'; drop--", "x" * 5000])
async def test_an_unknown_bot_has_no_settings_and_no_session(world, bot):
    await embeds(await world.alice(), SHOP)  # somebody's website, so that it may ask at all
    config = await world.http.get(f"/api/widget/config/{bot}")
    session = await begin(world, bot[:100])

    assert (config.status_code, config.json()["error"]["code"]) == (404, "bot_not_found")
    assert (session.status_code, session.json()["error"]["code"]) == (404, "bot_not_found")


async def test_an_allowed_website_gets_a_session_that_works_there(world):
    alice = await world.alice()
    session = await begin(world, await embeds(alice, ELSEWHERE, SHOP))
    answer = await chat(world, session.json()["token"], SHOP)

    assert session.json()["expires_in"] == 3600
    assert answer.status_code == 200
    for response in (session, answer):
        assert response.headers["access-control-allow-origin"] == SHOP
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"]


async def test_no_other_website_gets_a_session(world):
    alice = await world.alice()
    bot = await embeds(alice, SHOP)

    refused = {origin: await begin(world, bot, origin) for origin in LOOKALIKES}

    assert {origin: code(response) for origin, response in refused.items()} == dict.fromkeys(
        LOOKALIKES, (403, "origin_not_allowed")
    )
    assert [permissions(response) for response in refused.values()] == [{}] * len(LOOKALIKES)


async def test_a_session_works_nowhere_else(world):
    alice = await world.alice()
    token = (await begin(world, await embeds(alice, SHOP))).json()["token"]

    refused = {origin: await chat(world, token, origin) for origin in LOOKALIKES}

    assert {origin: code(response) for origin, response in refused.items()} == dict.fromkeys(
        LOOKALIKES, (403, "session_of_another_site")
    )
    assert [permissions(response) for response in refused.values()] == [{}] * len(LOOKALIKES)
    assert (await chat(world, token, SHOP)).status_code == 200


async def test_a_bot_that_no_website_may_embed_has_no_sessions(world):
    alice = await world.alice()

    assert (await begin(world, await alice.bot())).status_code == 403


async def test_one_workspaces_bot_on_anothers_website_is_refused(world):
    alice, charlie = await world.alice(), await world.charlie()
    await embeds(charlie, SHOP)

    response = await begin(world, await embeds(alice, ELSEWHERE), SHOP)

    assert response.status_code == 403
    assert permissions(response) == {}


async def test_a_visitor_may_chat_and_nothing_else(world):
    alice = await world.alice()
    visitor = await alice.visitor()

    paths = ("/api/widget/config", "/api/documents", "/api/user/profile", "/api/api-keys", "/api/leads")
    answers = {path: (await visitor.get(path)).status_code for path in paths}

    assert set(answers.values()) == {403}, answers
    assert (await visitor.post("/api/search", {"query": "returns"})).status_code == 403


@pytest.mark.parametrize("path", ["/api/widget/session", "/api/chat"])
async def test_a_browser_may_ask_first(world, path):
    headers = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    response = await world.http.options(path, headers=headers)

    assert response.status_code == 204
    assert permissions(response) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
    }
    assert "Origin" in response.headers["vary"]


async def test_a_page_without_an_origin_is_told_nothing(world):
    response = await world.http.options("/api/chat", headers={"Origin": "null"})

    assert permissions(response) == {}


async def test_an_expired_session_can_be_told_from_a_refused_one(world):
    response = await chat(world, "expired", SHOP)

    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize("path", ["/api/documents", "/api/widget/config", "/api/user/profile"])
async def test_the_rest_of_the_api_answers_no_other_website(world, path):
    alice = await world.alice()

    response = await alice.get(path, headers={"Origin": SHOP})

    assert permissions(response) == {}


async def test_what_the_owner_changes_is_what_visitors_see(world):
    alice = await world.alice()
    wanted = {
        "texts": {"title": "Ask  Acme", "greeting": "<b>नमस्ते</b>"},
        "colors": {"accent": "#AABBCC", "on_accent": "#000000"},
        "position": "start",
        "languages": ["hi", "en"],
        "suggested_questions": ["When are you open?"],
    }

    await alice.patch("/api/widget/config", wanted)
    await alice.patch("/api/widget/config", {"allowed_origins": [SHOP]})

    shown = (await world.http.get(f"/api/widget/config/{alice.user_id}")).json()
    assert {name: shown[name] for name in wanted} == {
        **wanted,
        "texts": {"title": "Ask Acme", "greeting": "<b>नमस्ते</b>"},
        "colors": {"accent": "#aabbcc", "on_accent": "#000000"},
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colors": {"accent": "red"}}, "colors.accent"),
        ({"colors": {"accent": "#fff;} * {display:none"}}, "colors.accent"),
        ({"colors": {"paper": "#ffffff"}}, "colors.paper"),
        ({"texts": {"unknown": "Hello"}}, "texts.unknown.[key]"),
        ({"texts": {"greeting": "x" * 301}}, "texts.greeting"),
        ({"texts": {"greeting": 7}}, "texts.greeting"),
        ({"position": "left"}, "position"),
        ({"languages": ["English"]}, "languages.0"),
        ({"suggested_questions": ["?"] * 7}, "suggested_questions"),
        ({"allowed_origins": "https://shop.example"}, "allowed_origins"),
        ({"allowed_origins": ["ftp://shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://*.shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["null"] * 51}, "allowed_origins"),
        ({"allowed_origins": ["https://user:pass@shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example:99999"]}, "allowed_origins"),
        ({"workspace_id": "00000000-0000-7000-8000-000000000000"}, "workspace_id"),
        ({"bot": "tb_bot_chosen"}, "bot"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_and_says_where(world, change, field):
    alice = await world.alice()
    before = (await alice.get("/api/widget/config")).json()

    response = await alice.patch("/api/widget/config", change)

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "validation_failed")
    assert error["details"][0]["field"] == field
    assert (await alice.get("/api/widget/config")).json() == before


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://shop.example/", SHOP),
        ("  https://Shop.Example:443/page?a=b#c ", SHOP),
        ("shop.example", SHOP),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
async def test_an_address_is_kept_as_a_browser_sends_it(world, written, kept):
    alice = await world.alice()

    response = await alice.patch("/api/widget/config", {"allowed_origins": [written, kept]})

    assert response.json()["allowed_origins"] == [kept]


async def test_a_stranger_cannot_read_or_change_the_owners_settings(world):
    alice, charlie = await world.alice(), await world.charlie()
    await embeds(alice, SHOP)

    await charlie.patch("/api/widget/config", {"texts": {"title": "Charlie"}, "allowed_origins": [ELSEWHERE]})

    own = (await alice.get("/api/widget/config")).json()
    assert (own["allowed_origins"], own["texts"]) == ([SHOP], {})
    assert (await world.http.get("/api/widget/config")).status_code == 401

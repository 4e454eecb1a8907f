"""There and back, with a real provider."""

import asyncio
import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from tests.accounts.providers.peer import Peer, comes_back, fragment, query, signs_in_there
from tests.accounts.served import Above, Client, accounts_of, app_of, client_of
from trulybot.accounts.config import Accounts
from trulybot.kit.db import Database

VERIFIER = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "s256"}


async def begins(client: Client, **query: str) -> str:
    answer = await client.get("/auth/v1/authorize", params={"provider": "keycloak", **query})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def user_of(client: Client, session: dict[str, Any]) -> dict[str, Any]:
    answer = await client.reads_user(session["access_token"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_new_person_comes_in_with_a_workspace_and_a_session(client: Client, above: Above):
    answer = await comes_back(client, "ana")

    session = fragment(answer)
    user = await user_of(client, session)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://trulybot.test#")
    assert session.keys() >= {"access_token", "token_type", "expires_in", "expires_at", "refresh_token", "sb"}
    assert session["provider_token"]
    assert user["email"] == "ana@firm.example"
    assert user["app_metadata"] == {"provider": "keycloak", "providers": ["keycloak"]}
    assert user["user_metadata"]["full_name"] == "Ana"
    assert user["user_metadata"]["avatar_url"] == "https://pics.example/ana"
    (identity,) = user["identities"]
    assert (identity["id"], identity["provider"], identity["email"]) == ("ana", "keycloak", "ana@firm.example")
    assert [(str(id), email) for id, email, _ in above.founded] == [(user["id"], "ana@firm.example")]


async def test_the_second_time_it_is_the_same_person(client: Client, above: Above):
    first = await user_of(client, fragment(await comes_back(client, "ben")))
    founded = len(above.founded)

    again = await user_of(client, fragment(await comes_back(client, "ben")))

    assert again["id"] == first["id"]
    assert len(above.founded) == founded


async def test_the_token_says_that_it_was_by_a_provider(client: Client, accounts: Accounts):
    session = fragment(await comes_back(client, "ben"))

    answer = await client.refreshes(session["refresh_token"])

    claims = (await user_claims(answer.json()["access_token"]))["amr"]
    assert answer.status_code == 200
    assert claims[0]["method"] == "oauth"


async def user_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))


async def test_the_provider_is_asked_with_state_nonce_and_pkce_and_nothing_that_the_caller_slips_in(client: Client):
    url = await begins(
        client,
        scopes="offline_access,email",
        prompt="login",
        login_hint="ana",
        client_id="theirs",
        redirect_uri="https://evil.example",
        response_type="token",
        state="fixed",
        nonce="fixed",
        request_uri="https://evil.example/request",
    )

    asked = parse_qs(urlsplit(url).query)
    assert asked["client_id"] == ["trulybot"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/auth/v1/callback"]
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid email profile offline_access"]
    assert (asked["prompt"], asked["login_hint"]) == (["login"], ["ana"])
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"] != ["fixed"]
    assert asked["nonce"] != ["fixed"]
    assert not asked.keys() & {"request_uri", "redirect_to", "provider", "scopes"}


async def test_by_pkce_the_browser_gets_a_code_that_only_the_caller_can_use_once(client: Client):
    answer = await comes_back(client, "ana", **PKCE, redirect_to="https://trulybot.test/welcome?from=app")
    code = query(answer)["code"]

    stranger = await exchanged(client, code, "another-verifier-that-is-long-enough-for-it-too")
    session = await exchanged(client, code, VERIFIER)
    again = await exchanged(client, code, VERIFIER)

    assert answer.headers["location"].startswith("https://trulybot.test/welcome?from=app&code=")
    assert "#" not in answer.headers["location"]
    assert stranger["code"] == "bad_code_verifier"
    assert session["user"]["email"] == "ana@firm.example"
    assert session["provider_token"]
    assert again["code"] == "flow_state_not_found"


async def exchanged(client: Client, code: str, verifier: str) -> dict[str, Any]:
    answer = await client.post("/auth/v1/token?grant_type=pkce", json={"auth_code": code, "code_verifier": verifier})
    return dict(answer.json())


async def test_the_providers_tokens_are_sealed_while_they_wait(client: Client, db: Database):
    answer = await comes_back(client, "ben", **PKCE)
    async with db.system("test") as tx:
        sealed = await tx.value("select sealed from trulybot_auth.provider_tokens order by created_at desc limit 1")

    session = await exchanged(client, query(answer)["code"], VERIFIER)

    assert session["provider_token"].encode() not in bytes(sealed)


async def test_a_state_works_once(client: Client):
    target = await signs_in_there(await begins(client), "ana")
    first = await client.get(target)

    again = await client.get(target)

    assert "access_token" in fragment(first)
    assert fragment(again)["error_code"] == "bad_oauth_state"
    assert "access_token" not in again.headers["location"]


async def test_a_state_is_good_for_ten_minutes(client: Client, db: Database):
    target = await signs_in_there(await begins(client), "ana")
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.provider_flows set created_at = now() - interval '11 minutes'")

    answer = await client.get(target)

    assert fragment(answer)["error_code"] == "bad_oauth_state"


async def test_another_browser_cannot_end_what_this_one_began(client: Client, db: Database, accounts: Accounts):
    target = await signs_in_there(await begins(client), "eve")

    async with client_of(app_of(db, accounts)) as victim:
        answer = await victim.get(target)

    assert fragment(answer)["error_code"] == "bad_oauth_state"


async def test_two_sign_ins_at_once_do_not_disturb_each_other(client: Client):
    one, two = await begins(client), await begins(client)

    second = await client.get(await signs_in_there(two, "ana"))
    first = await client.get(await signs_in_there(one, "ben"))

    assert (await user_of(client, fragment(first)))["email"] == "ben@firm.example"
    assert (await user_of(client, fragment(second)))["email"] == "ana@firm.example"


async def test_the_database_does_not_hold_the_state_the_nonce_or_the_verifier(client: Client, db: Database):
    asked = parse_qs(urlsplit(await begins(client)).query)

    async with db.system("test") as tx:
        rows = await tx.value("select string_agg(provider_flows::text, ' ') from trulybot_auth.provider_flows")

    assert rows
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name][0] not in rows
        assert asked[name][0].encode().hex() not in rows


async def test_who_says_no_there_is_told_so_where_they_came_from(client: Client):
    state = parse_qs(urlsplit(await begins(client, redirect_to="https://trulybot.test/in")).query)["state"][0]

    answer = await client.get(
        "/auth/v1/callback", params={"state": state, "error": "access_denied", "error_description": "<b>no</b>"}
    )

    assert answer.headers["location"].startswith("https://trulybot.test/in#")
    assert fragment(answer)["error"] == "access_denied"
    assert "<b>" not in answer.text + answer.headers["location"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "bad_oauth_state"),
        ({"state": ""}, "bad_oauth_state"),
        ({"state": "x" * 10_000}, "bad_oauth_state"),
        ({"state": "' or 1=1 --", "code": "x"}, "bad_oauth_state"),
        ({"state": "\0\ud7ff", "code": "x"}, "bad_oauth_state"),
    ],
    ids=["none", "empty", "long", "sql", "nul"],
)
async def test_a_state_that_is_not_ours_leads_to_our_own_site(client: Client, sent: dict[str, str], code: str):
    answer = await client.get("/auth/v1/callback", params=sent)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://trulybot.test?error=")
    assert fragment(answer)["error_code"] == query(answer)["error_code"] == code


async def test_a_code_of_the_providers_is_exchanged_for_this_flow_alone(client: Client):
    """Somebody else's code, brought to one's own flow, does not make one them."""
    stolen = parse_qs(urlsplit(await signs_in_there(await begins(client), "ana")).query)["code"][0]
    state = parse_qs(urlsplit(await begins(client)).query)["state"][0]

    answer = await client.get("/auth/v1/callback", params={"state": state, "code": stolen})

    assert fragment(answer)["error_code"] == "bad_oauth_callback"
    assert fragment(answer)["error_description"] == "Unable to exchange external code"


@pytest.mark.parametrize(
    "redirect_to",
    ["https://evil.example", "//evil.example", "javascript:alert(1)", "https://trulybot.test@evil.example"],
)
async def test_nobody_is_led_to_a_site_that_is_not_allowed(client: Client, redirect_to: str):
    answer = await comes_back(client, "ana", redirect_to=redirect_to)

    assert urlsplit(answer.headers["location"]).netloc == "trulybot.test"


async def test_a_provider_that_posts_is_answered_by_a_get_that_shows_the_cookie(client: Client):
    target = urlsplit(await signs_in_there(await begins(client), "ana"))

    posted = await client.post("/auth/v1/callback", data={name: v[0] for name, v in parse_qs(target.query).items()})
    answer = await client.get("/auth/v1/" + posted.headers["location"])

    assert posted.status_code == 303
    assert "access_token" in fragment(answer)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("github", "oauth_provider_not_supported"),
        ("google", "provider_disabled"),
        ("nobody", "provider_disabled"),
        ("", "provider_disabled"),
        ("../keycloak", "provider_disabled"),
    ],
)
async def test_a_provider_that_is_not_set_up_is_refused_plainly(client: Client, name: str, code: str):
    answer = await client.get("/auth/v1/authorize", params={"provider": name})

    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_the_settings_tell_which_providers_there_are(client: Client):
    external = (await client.get("/auth/v1/settings")).json()["external"]

    assert external["keycloak"] is True
    assert external["email"] is True
    assert external["google"] is False


async def test_a_provider_that_is_away_is_503_and_nobody_else_notices(db: Database, above: Above):
    away = Peer.started({"ana": {}})
    away.stop()
    accounts = accounts_of(above, providers={"keycloak": away.as_provider()})
    async with client_of(app_of(db, accounts)) as client:
        answer = await client.get("/auth/v1/authorize", params={"provider": "keycloak"})
        other = await client.signs_up()

    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert other["access_token"]


async def test_a_secret_may_be_sent_in_the_form_where_the_provider_wants_it_there(
    db: Database, above: Above, peer: Peer
):
    provider = peer.as_provider(client_ids=("trulybot-post",), secret="another secret")
    async with client_of(app_of(db, accounts_of(above, providers={"keycloak": provider}))) as client:
        answer = await comes_back(client, "p1")

    assert "access_token" in fragment(answer)


async def test_twenty_at_once_make_one_person(client: Client, above: Above):
    targets = [await signs_in_there(await begins(client), "p0") for _ in range(20)]

    answers = await asyncio.gather(*(client.get(target) for target in targets))

    subjects = {(await user_claims(fragment(answer)["access_token"]))["sub"] for answer in answers}
    assert len(subjects) == 1
    assert len([one for one in above.founded if one[0] == UUID(next(iter(subjects)))]) == 1


async def test_somebody_banned_or_deleted_stays_out(client: Client, db: Database):
    user = await user_of(client, fragment(await comes_back(client, "p2")))
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = now() + interval '1 day' where id = %(id)s", id=user["id"]
        )
    banned = fragment(await comes_back(client, "p2"))
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = null, deleted_at = now() where id = %(id)s", id=user["id"]
        )
    deleted = fragment(await comes_back(client, "p2"))

    assert (banned["error"], banned["error_code"]) == ("access_denied", "user_banned")
    assert (deleted["error"], deleted["error_code"]) == ("access_denied", "user_not_found")


async def test_where_nobody_may_sign_up_only_people_we_know_come_in(db: Database, above: Above, peer: Peer):
    closed = accounts_of(above, providers={"keycloak": peer.as_provider()}, disable_signup=True)
    async with client_of(app_of(db, closed)) as client:
        answer = await comes_back(client, "p3")

    assert (fragment(answer)["error"], fragment(answer)["error_code"]) == ("access_denied", "signup_disabled")


async def test_an_answer_from_the_providers_side_reaches_no_cache(client: Client):
    answer = await comes_back(client, "ana")

    assert answer.headers["cache-control"] == "no-store"

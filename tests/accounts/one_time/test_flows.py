"""PKCE, and the change of an email that both addresses confirm."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.accounts.one_time.test_mails import code, confirmed, fragment
from tests.accounts.served import Client, fresh, last_letter, letters
from trulybot.kit.db import Database

VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKS = {"code_challenge": S256, "code_challenge_method": "s256"}


async def exchange(client: Client, auth_code: str, verifier: str = VERIFIER) -> httpx.Response:
    return await client.post("/auth/v1/token?grant_type=pkce", json={"auth_code": auth_code, "code_verifier": verifier})


async def follow(client: Client, link: str) -> httpx.Response:
    return await client.get(link.removeprefix("https://trulybot.test"))


def in_query(response: httpx.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


async def recovered(client: Client, db: Database, **asks: Any) -> httpx.Response:
    form = await confirmed(client, db)
    await client.post("/auth/v1/recover?redirect_to=https://shop.example/in?a=1", json={"email": form["email"]} | asks)
    return await follow(client, (await last_letter(db, form["email"])).link)


@pytest.mark.parametrize("asks", [ASKS, {"code_challenge": VERIFIER, "code_challenge_method": "plain"}])
async def test_a_link_ends_in_a_code_that_only_the_client_who_asked_exchanges_and_once(
    confirming: Client, db: Database, asks: dict[str, str]
):
    led = await recovered(confirming, db, **asks)
    auth_code = in_query(led)["code"]

    wrong = await exchange(confirming, auth_code, "w" * 43)
    right = await exchange(confirming, auth_code)
    again = await exchange(confirming, auth_code)

    assert led.headers["location"].startswith("https://shop.example/in?a=1&code=")
    assert (wrong.status_code, code(wrong)) == (400, "bad_code_verifier")
    assert right.status_code == 200
    assert (again.status_code, code(again)) == (404, "flow_state_not_found")


async def test_the_session_says_by_which_way_it_was_come_to(confirming: Client, db: Database):
    led = await recovered(confirming, db, **ASKS)

    session = (await exchange(confirming, in_query(led)["code"])).json()

    payload = session["access_token"].split(".")[1]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    assert '"method":"recovery"' in claims.replace(" ", "")


async def test_a_code_ends_after_five_minutes(confirming: Client, db: Database):
    led = await recovered(confirming, db, **ASKS)
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.flow_states set code_issued_at = now() - interval '301 seconds'")

    answer = await exchange(confirming, in_query(led)["code"])

    assert (answer.status_code, code(answer)) == (422, "flow_state_expired")


async def test_a_password_that_is_changed_ends_a_code_that_nobody_has_exchanged(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    session = (await confirming.signs_in(form["email"])).json()
    await confirming.post("/auth/v1/recover", json={"email": form["email"]} | ASKS)
    auth_code = in_query(await follow(confirming, (await last_letter(db, form["email"])).link))["code"]

    changed = await confirming.changes_user(session["access_token"], password="another horse battery")
    answer = await exchange(confirming, auth_code)

    assert changed.status_code == 200, changed.text
    assert (answer.status_code, code(answer)) == (404, "flow_state_not_found")


async def test_what_is_wrong_with_a_link_of_pkce_stands_in_the_query_too(confirming: Client):
    answer = await confirming.get("/auth/v1/verify?token=pkce_nothing&type=recovery&redirect_to=https://shop.example/x")

    assert in_query(answer)["error_code"] == "otp_expired"
    assert fragment(answer)["error_code"] == "otp_expired"


async def signed_in(client: Client, db: Database) -> tuple[str, str]:
    form = await confirmed(client, db)
    return form["email"], (await client.signs_in(form["email"])).json()["access_token"]


@pytest.mark.parametrize("first", ["new", "old"])
async def test_an_email_changes_once_both_addresses_have_confirmed(confirming: Client, db: Database, first: str):
    old, token = await signed_in(confirming, db)
    new = fresh()["email"]

    asked = (await confirming.changes_user(token, email=new)).json()
    mails = {"old": await last_letter(db, old), "new": await last_letter(db, new)}
    second = "new" if first == "old" else "old"
    half = await follow(confirming, mails[first].link)
    before = (await confirming.reads_user(token)).json()
    done = await confirming.post(
        "/auth/v1/verify",
        json={"type": "email_change", "email": {"old": old, "new": new}[second], "token": mails[second].code},
    )

    assert (asked["email"], asked["new_email"]) == (old, new)
    assert (mails["old"].kind, mails["new"].kind) == ("email_change_current", "email_change")
    assert fragment(half)["message"].startswith("Confirmation link accepted.")
    assert before["email"] == old
    assert done.json()["user"]["email"] == new
    assert "new_email" not in done.json()["user"]
    assert (await last_letter(db, old)).kind == "email_changed"
    assert (await confirming.signs_in(new)).status_code == 200


async def test_one_address_alone_cannot_confirm_twice(confirming: Client, db: Database):
    old, token = await signed_in(confirming, db)
    new = fresh()["email"]
    await confirming.changes_user(token, email=new)
    letter = await last_letter(db, new)

    first = await confirming.post("/auth/v1/verify", json={"type": "email_change", "email": new, "token": letter.code})
    again = await confirming.post("/auth/v1/verify", json={"type": "email_change", "token_hash": letter.token})

    assert (first.json()["code"], again.status_code) == ("200", 403)
    assert (await confirming.reads_user(token)).json()["email"] == old


async def test_an_email_that_somebody_has_meanwhile_is_not_taken(confirming: Client, db: Database):
    old, token = await signed_in(confirming, db)
    new = fresh()
    await confirming.changes_user(token, email=new["email"])
    letter = await last_letter(db, new["email"])
    await confirming.post("/auth/v1/signup", json=new)
    await follow(confirming, (await last_letter(db, old)).link)

    answer = await confirming.post("/auth/v1/verify", json={"type": "email_change", "token_hash": letter.token})

    assert (answer.status_code, code(answer)) == (403, "otp_expired")


async def test_the_change_of_an_email_ends_in_a_code_where_it_began_with_a_challenge(confirming: Client, db: Database):
    old, token = await signed_in(confirming, db)
    new = fresh()["email"]
    await confirming.changes_user(token, email=new, **ASKS)

    half = await follow(confirming, (await last_letter(db, old)).link)
    whole = await follow(confirming, (await last_letter(db, new)).link)

    assert in_query(half)["message"].startswith("Confirmation link accepted.")
    assert (await exchange(confirming, in_query(whole)["code"])).json()["user"]["email"] == new


async def test_the_mails_of_a_change_are_sent_again(confirming: Client, db: Database):
    old, token = await signed_in(confirming, db)
    new = fresh()["email"]
    await confirming.changes_user(token, email=new)

    await confirming.post("/auth/v1/resend", json={"type": "email_change", "email": old})

    assert [letter.kind for letter in await letters(db, new)] == ["email_change", "email_change"]
    assert (await last_letter(db, old)).kind == "email_change_current"


@pytest.mark.parametrize(
    "wanted",
    [
        *("https://evil.example/", "//evil.example", "javascript:alert(1)", "https://trulybot.test@evil.example/"),
        *("https://trulybot.test.evil.example/", "https://trulybot.test:444/", "http://trulybot.test/"),
        *(
            "https://evil.example\\@trulybot.test/",
            "https://evil.example#https://shop.example/",
            "/\tevil",
            "https://2130706433/",
        ),
        *("https://shop.example.evil.example/", "https://evil.example/https://shop.example/", "data:text/html,x", ""),
    ],
)
async def test_nobody_is_led_to_a_site_that_nobody_allowed(confirming: Client, wanted: str):
    answer = await confirming.get(
        "/auth/v1/verify",
        params={"token": "nothing", "type": "recovery", "redirect_to": wanted},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )

    assert answer.headers["location"].startswith("https://trulybot.test#error=")


async def test_no_link_is_made_of_the_host_header(confirming: Client, db: Database):
    form = await confirmed(confirming, db)

    await confirming.post(
        "/auth/v1/recover",
        json={"email": form["email"]},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    )

    link = (await last_letter(db, form["email"])).link
    assert link.startswith("https://trulybot.test/auth/v1/verify?")
    assert "evil" not in link

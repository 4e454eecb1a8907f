"""Codes and links by mail: recover, magic link, otp, resend, verify."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.accounts.served import (
    PASSWORD,
    Above,
    Client,
    accounts_of,
    app_of,
    bearer,
    client_of,
    fresh,
    last_letter,
    letters,
)
from trulybot.kit.db import Database


def code(response: httpx.Response) -> str:
    return str(response.json()["code"])


def fragment(response: httpx.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(response.headers["location"]).fragment, keep_blank_values=True))


async def confirmed(client: Client, db: Database, **fields: Any) -> dict[str, Any]:
    """Somebody who signed up and confirmed the email; the form they did it with."""
    form = fresh(**fields)
    assert (await client.post("/auth/v1/signup", json=form)).status_code == 200
    letter = await last_letter(db, form["email"])
    answer = await client.post("/auth/v1/verify", json={"type": "signup", "token_hash": letter.token})
    assert answer.status_code == 200, answer.text
    return form


async def test_a_sign_up_is_confirmed_by_the_code_of_its_mail(confirming: Client, db: Database):
    form = fresh(data={"locale": "hi"})
    made = (await confirming.post("/auth/v1/signup", json=form)).json()

    letter = await last_letter(db, form["email"])
    answer = await confirming.post(
        "/auth/v1/verify", json={"type": "signup", "email": form["email"], "token": letter.code}
    )

    assert letter.kind == "confirmation"
    assert answer.json()["user"]["id"] == made["id"]
    assert answer.json()["user"]["email_confirmed_at"]
    assert answer.json()["user"]["identities"][0]["identity_data"]["email_verified"] is True
    assert (await confirming.reads_user(answer.json()["access_token"])).status_code == 200
    assert (await confirming.signs_in(form["email"])).status_code == 200


async def test_the_link_of_a_mail_signs_in_once_and_leads_where_was_asked(confirming: Client, db: Database):
    form = fresh()
    await confirming.post("/auth/v1/signup?redirect_to=https://shop.example/welcome?a=1", json=form)
    letter = await last_letter(db, form["email"])
    path = letter.link.removeprefix("https://trulybot.test")

    first, second = await confirming.get(path), await confirming.get(path)

    assert letter.asks["type"] == "signup"
    assert first.status_code == second.status_code == 303
    assert first.headers["location"].startswith("https://shop.example/welcome?a=1#")
    session = fragment(first)
    assert session.keys() == {
        *("access_token", "token_type", "expires_in", "expires_at", "refresh_token", "type", "sb")
    }
    assert session["type"] == "signup"
    assert (await confirming.reads_user(session["access_token"])).json()["email"] == form["email"]
    assert fragment(second) == {
        "error": "access_denied",
        "error_code": "otp_expired",
        "error_description": "Email link is invalid or has expired",
        "sb": "",
    }


@pytest.mark.parametrize(("path", "type"), [("recover", "recovery"), ("otp", "magiclink"), ("magiclink", "email")])
async def test_a_code_that_was_asked_for_signs_in(confirming: Client, db: Database, path: str, type: str):
    form = await confirmed(confirming, db)

    asked = await confirming.post(f"/auth/v1/{path}", json={"email": form["email"].upper()})
    letter = await last_letter(db, form["email"])
    answer = await confirming.post("/auth/v1/verify", json={"type": type, "email": form["email"], "token": letter.code})

    assert (asked.status_code, asked.json()) == (200, {})
    assert letter.kind == {"recovery": "recovery"}.get(type, "magic_link")
    assert answer.json()["user"]["email"] == form["email"]
    assert (await confirming.reads_user(answer.json()["access_token"])).status_code == 200


async def test_a_code_is_of_no_use_for_another_purpose(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])

    for type in ("signup", "magiclink", "email", "email_change", "invite"):
        by_code = await confirming.post(
            "/auth/v1/verify", json={"type": type, "email": form["email"], "token": letter.code}
        )
        by_link = await confirming.post("/auth/v1/verify", json={"type": type, "token_hash": letter.token})

        assert (by_code.status_code, code(by_code)) == (403, "otp_expired")
        assert (by_link.status_code, code(by_link)) == (403, "otp_expired")
        assert by_code.json()["message"] == "Token has expired or is invalid"
        assert by_link.json()["message"] == "Email link is invalid or has expired"


async def test_a_new_code_replaces_the_one_before(db: Database, above: Above):
    accounts = accounts_of(above, autoconfirm=False)
    async with client_of(app_of(db, accounts)) as client:
        form = await confirmed(client, db)
        await client.post("/auth/v1/recover", json={"email": form["email"]})
        first = await last_letter(db, form["email"])
        await accounts.limiter.clear(accounts.limits.email_again, f"recovery {form['email']}")
        await client.post("/auth/v1/recover", json={"email": form["email"]})
        second = await last_letter(db, form["email"])

        old = await client.post("/auth/v1/verify", json={"type": "recovery", "token_hash": first.token})
        new = await client.post("/auth/v1/verify", json={"type": "recovery", "token_hash": second.token})

    assert first.token != second.token
    assert (old.status_code, new.status_code) == (403, 200)


async def test_a_code_ends_with_its_time(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])
    async with db.system("test") as tx:
        left = await tx.value(
            """
            with found as (
                select t.user_id, t.expires_at - now() as seconds
                  from trulybot_auth.one_time_tokens t join trulybot_auth.users u on u.id = t.user_id
                 where u.email = %(email)s
            ), ended as (
                update trulybot_auth.one_time_tokens set expires_at = now()
                 where user_id in (select user_id from found)
            )
            select extract(epoch from seconds)::int from found
            """,
            email=form["email"],
        )

    by_code = await confirming.post(
        "/auth/v1/verify", json={"type": "recovery", "email": form["email"], "token": letter.code}
    )
    by_link = await confirming.post("/auth/v1/verify", json={"type": "recovery", "token_hash": letter.token})

    assert 3500 < left <= 3600
    assert by_code.status_code == by_link.status_code == 403


async def test_signing_up_by_magic_link_makes_a_person_once_the_mail_was_read(
    confirming: Client, db: Database, above: Above
):
    email = fresh()["email"]

    await confirming.post("/auth/v1/otp", json={"email": email, "data": {"workspace_name": "Acme"}})
    letter = await last_letter(db, email)
    answer = await confirming.post("/auth/v1/verify", json={"type": "email", "email": email, "token": letter.code})

    assert above.founded[0][1:] == (email, {"workspace_name": "Acme"})
    assert answer.json()["user"]["email_confirmed_at"]
    assert answer.json()["user"]["app_metadata"] == {"provider": "email", "providers": ["email"]}


async def test_who_takes_over_an_address_by_its_mail_leaves_no_password_of_somebody_else(
    confirming: Client, db: Database
):
    """Somebody signs up with an address that is not theirs, and waits for its owner to come."""
    form = fresh()
    await confirming.post("/auth/v1/signup", json=form)
    await confirming.post("/auth/v1/otp", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])

    owner = await confirming.post(
        "/auth/v1/verify", json={"type": "email", "email": form["email"], "token": letter.code}
    )

    assert owner.status_code == 200
    assert code(await confirming.signs_in(form["email"], PASSWORD)) == "invalid_credentials"


@pytest.mark.parametrize(("again", "expected"), [("another horse battery", 400), (PASSWORD, 200)])
async def test_of_two_who_sign_up_with_an_address_neither_chooses_the_password(
    db: Database, above: Above, again: str, expected: int
):
    """Somebody signs up with an address that is not theirs; its owner does so too, and confirms. Or it was the same."""
    accounts = accounts_of(above, autoconfirm=False)
    async with client_of(app_of(db, accounts)) as client:
        form = fresh()
        await client.post("/auth/v1/signup", json=form)
        await accounts.limiter.clear(accounts.limits.email_again, f"confirmation {form['email']}")
        await client.post("/auth/v1/signup", json=form | {"password": again})
        letter = await last_letter(db, form["email"])

        owner = await client.post("/auth/v1/verify", json={"type": "signup", "token_hash": letter.token})
        answers = [await client.signs_in(form["email"], password) for password in (PASSWORD, again)]

    assert owner.status_code == 200, owner.text
    assert [answer.status_code for answer in answers] == [expected, expected]


async def test_what_was_not_confirmed_is_sent_again_and_nothing_else(confirming: Client, db: Database):
    waiting, done, unknown = fresh(), await confirmed(confirming, db), fresh()["email"]
    await confirming.post("/auth/v1/otp", json={"email": waiting["email"], "create_user": True})

    for email in (waiting["email"], done["email"], unknown):
        await confirming.post("/auth/v1/resend", json={"type": "signup", "email": email})

    assert [letter.kind for letter in await letters(db, waiting["email"])] == ["magic_link", "confirmation"]
    assert [letter.kind for letter in await letters(db, done["email"])] == ["confirmation"]
    assert await letters(db, unknown) == []


async def test_the_next_mail_to_an_address_has_to_wait(confirming: Client, db: Database):
    form = await confirmed(confirming, db)

    first = await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    second = await confirming.post("/auth/v1/recover", json={"email": form["email"]})

    assert first.status_code == 200
    assert (second.status_code, code(second)) == (429, "over_email_send_rate_limit")
    assert second.json()["message"].startswith("For security purposes, you can only request this after ")
    assert int(second.headers["retry-after"]) <= 120


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("recover", {}, "Unable to validate email address: invalid format"),
        ("otp", {}, "One of email or phone must be set"),
        ("otp", {"email": "a@b.example", "phone": "+14155550100"}, "Only an email address or phone number"),
        ("resend", {"type": "recovery", "email": "a@b.example"}, "Missing one of these types"),
        ("resend", {"type": "signup"}, "Type provided requires an email address"),
        ("verify", {"email": "a@b.example", "token": "123456"}, "Verify requires a verification type"),
        ("verify", {"type": "email", "email": "a@b.example"}, "Verify requires either a token or a token hash"),
        ("verify", {"type": "email", "email": "a@b.example", "token_hash": "x"}, "Only the token_hash and type"),
        ("verify", {"type": "sms", "email": "a@b.example", "token": "123456"}, "Only an email address or phone"),
        ("verify", {"type": "nonsense", "token_hash": "x"}, "Invalid email verification type"),
        ("recover", {"email": "a@b.example", "code_challenge": "x" * 43}, "PKCE flow requires"),
        ("recover", {"email": "a@b.example", "code_challenge": "x", "code_challenge_method": "s256"}, "between 43"),
    ],
)
async def test_what_cannot_be_asked(confirming: Client, path: str, body: dict[str, Any], said: str):
    answer = await confirming.post(f"/auth/v1/{path}", json=body)

    assert (answer.status_code, code(answer)) == (400, "validation_failed")
    assert said in answer.json()["message"]


async def test_a_password_that_is_changed_ends_what_was_mailed(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    session = (await confirming.signs_in(form["email"])).json()
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])

    changed = await confirming.changes_user(session["access_token"], password="another good one")
    answer = await confirming.post("/auth/v1/verify", json={"type": "recovery", "token_hash": letter.token})

    assert changed.status_code == 200
    assert answer.status_code == 403
    assert (await last_letter(db, form["email"])).kind == "password_changed"


async def test_an_old_session_changes_the_password_by_a_mailed_nonce(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    session = (await confirming.signs_in(form["email"])).json()
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.sessions set created_at = now() - interval '25 hours' where user_id = %(id)s",
            id=session["user"]["id"],
        )

    asked = await confirming.get("/auth/v1/reauthenticate", headers=bearer(session["access_token"]))
    letter = await last_letter(db, form["email"])
    without = await confirming.changes_user(session["access_token"], password="another good one")
    wrong = await confirming.changes_user(session["access_token"], password="another good one", nonce="wrong")
    right = await confirming.changes_user(session["access_token"], password="another good one", nonce=letter.code)
    again = await confirming.changes_user(session["access_token"], password="yet another one", nonce=letter.code)

    assert (asked.status_code, asked.json()) == (200, {})
    assert letter.kind == "reauthentication"
    assert (without.status_code, code(without)) == (400, "reauthentication_needed")
    assert (wrong.status_code, code(wrong)) == (422, "reauthentication_not_valid")
    assert right.status_code == 200
    assert again.status_code == 422

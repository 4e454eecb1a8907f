"""Phones, and people who have not said who they are."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from tests.accounts import hook
from tests.accounts.one_time.test_mails import code
from tests.accounts.served import PASSWORD, Above, Client, accounts_of, app_of, client_of, fresh
from trulybot.accounts.texts import HookTexts
from trulybot.kit.db import Database


@pytest.fixture(scope="module")
def texts() -> Iterator[hook.Hook]:
    with hook.running() as running:
        yield running


@pytest.fixture
async def phones(db: Database, above: Above, texts: hook.Hook) -> AsyncIterator[Client]:
    accounts = accounts_of(above, phones=True, texts=HookTexts(texts.url, [hook.KEY]), anonymous_users=True)
    async with client_of(app_of(db, accounts)) as client:
        yield client


def number() -> str:
    return f"1415{uuid4().int % 10**7:07}"


async def test_a_phone_signs_up_by_a_code(phones: Client, texts: hook.Hook):
    phone = number()

    asked = await phones.post("/auth/v1/otp", json={"phone": f"+{phone}"})
    wrong = await phones.post("/auth/v1/verify", json={"type": "sms", "phone": phone, "token": "wrong"})
    right = await phones.post(
        "/auth/v1/verify", json={"type": "sms", "phone": f"+{phone}", "token": texts.codes[phone][-1]}
    )

    assert asked.status_code == 200
    assert (wrong.status_code, code(wrong)) == (403, "otp_expired")
    assert right.json()["user"]["phone"] == phone
    assert right.json()["user"]["phone_confirmed_at"]
    assert right.json()["user"]["app_metadata"] == {"provider": "phone", "providers": ["phone"]}


async def test_a_phone_that_was_not_confirmed_does_not_sign_in(phones: Client):
    phone = number()
    made = await phones.post("/auth/v1/signup", json={"phone": phone, "password": PASSWORD})

    answer = await phones.post("/auth/v1/token?grant_type=password", json={"phone": phone, "password": PASSWORD})

    assert "access_token" not in made.json()
    assert (answer.status_code, code(answer)) == (400, "phone_not_confirmed")


@pytest.mark.parametrize("path", ["signup", "otp"])
async def test_whose_phone_it_is_comes_in_and_leaves_no_password_of_somebody_else(
    db: Database, above: Above, texts: hook.Hook, path: str
):
    """Somebody signs up with a number that is not theirs, and waits for its owner to come."""
    accounts = accounts_of(above, phones=True, texts=HookTexts(texts.url, [hook.KEY]))
    async with client_of(app_of(db, accounts)) as client:
        form = {"phone": number(), "password": PASSWORD}
        await client.post("/auth/v1/signup", json=form)
        await accounts.limiter.clear(accounts.limits.message_again, form["phone"])
        await client.post(f"/auth/v1/{path}", json=form | {"password": "another horse battery"})

        proof = {"type": "sms", "phone": form["phone"], "token": texts.codes[form["phone"]][-1]}
        owner = await client.post("/auth/v1/verify", json=proof)
        answer = await client.post("/auth/v1/token?grant_type=password", json=form)

    assert owner.status_code == 200, owner.text
    assert (answer.status_code, code(answer)) == (400, "invalid_credentials")


async def test_a_phone_is_changed_by_a_code_to_the_new_one(phones: Client, texts: hook.Hook):
    session, phone = await phones.signs_up(), number()

    asked = await phones.changes_user(session["access_token"], phone=phone)
    done = await phones.post(
        "/auth/v1/verify", json={"type": "phone_change", "phone": phone, "token": texts.codes[phone][-1]}
    )

    assert (asked.json()["phone"], asked.json()["new_phone"]) == ("", phone)
    assert done.json()["user"]["phone"] == phone


async def test_a_hook_that_refuses_is_told_where_that_tells_nothing_of_others(phones: Client, texts: hook.Hook):
    session = await phones.signs_up()
    texts.status = 500

    own = await phones.changes_user(session["access_token"], phone=number())
    anybodys = await phones.post("/auth/v1/otp", json={"phone": number()})
    texts.status = 200

    assert (own.status_code, code(own)) == (422, "sms_send_failed")
    assert anybodys.status_code == 200


@pytest.mark.parametrize("phone", ["0123", "+1", "12345678901234567", "call me"])
async def test_what_is_no_phone(phones: Client, phone: str):
    answer = await phones.post("/auth/v1/otp", json={"phone": phone})

    assert (answer.status_code, code(answer)) == (400, "validation_failed")
    assert answer.json()["message"] == "Invalid phone number format (E.164 required)"


async def test_phones_are_off_unless_they_are_on(accounts_app: Client):
    for path in ("otp", "signup", "token?grant_type=password"):
        answer = await accounts_app.post(f"/auth/v1/{path}", json={"phone": number(), "password": PASSWORD})

        assert (answer.status_code, code(answer)) == (400, "phone_provider_disabled")


async def test_somebody_anonymous_has_a_workspace_and_keeps_it_with_an_email(phones: Client, above: Above):
    made = (await phones.post("/auth/v1/signup", json={"data": {"a": 1}})).json()
    email = fresh()["email"]

    known = await phones.changes_user(made["access_token"], email=email, password=PASSWORD)

    assert made["user"]["is_anonymous"] is True
    assert len(above.founded) == 1
    assert (known.json()["is_anonymous"], known.json()["email"]) == (False, email)
    assert known.json()["identities"][0]["provider"] == "email"
    assert (await phones.signs_in(email)).status_code == 200


async def test_somebody_anonymous_has_nothing_to_put_a_password_on(phones: Client):
    made = (await phones.post("/auth/v1/signup", json={})).json()

    answer = await phones.changes_user(made["access_token"], password=PASSWORD)

    assert (answer.status_code, code(answer)) == (422, "validation_failed")

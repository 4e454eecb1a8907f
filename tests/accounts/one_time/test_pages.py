"""The pages that mails of our own lead to."""

import httpx
import pytest

from tests.accounts.one_time.test_mails import confirmed
from tests.accounts.served import PASSWORD, Client, fresh, last_letter, letters
from trulybot.kit.db import Database

OURS = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
NEW = "another good one"


async def posts(client: Client, path: str, **form: str) -> httpx.Response:
    return await client.post(path, data=form, headers=OURS)


async def forgot(client: Client, db: Database) -> tuple[str, str]:
    """Somebody who asked for a new password: their email, and what stands in the link."""
    email = (await confirmed(client, db))["email"]
    assert (await posts(client, "/forgot-password", email=email)).status_code == 200
    return email, (await last_letter(db, email)).token


async def test_a_forgotten_password_is_replaced_and_signs_in(confirming: Client, db: Database):
    email, token = await forgot(confirming, db)

    done = await posts(confirming, "/reset-password", token=token, password=NEW)

    assert (done.status_code, done.headers["location"]) == (303, "/dashboard")
    assert done.cookies["trulybot"]
    assert (await confirming.signs_in(email)).status_code == 400
    assert (await confirming.signs_in(email, NEW)).status_code == 200
    assert (await last_letter(db, email)).kind == "password_changed"


async def test_opening_the_link_spends_nothing_and_the_button_does(confirming: Client, db: Database):
    email, token = await forgot(confirming, db)
    link = (await last_letter(db, email)).link

    for _ in range(3):  # as mail scanners do
        assert (await confirming.get(link.removeprefix("https://trulybot.test"))).status_code == 200
    first = await posts(confirming, "/reset-password", token=token, password=NEW)
    second = await posts(confirming, "/reset-password", token=token, password="and one more")

    assert link.startswith("https://trulybot.test/reset-password?token=")
    assert first.status_code == 303
    assert second.status_code == 403
    assert "Ask for a new one" in second.text
    assert "set-cookie" not in second.headers


async def test_a_password_that_does_not_do_leaves_the_link_good(confirming: Client, db: Database):
    _, token = await forgot(confirming, db)

    weak = await posts(confirming, "/reset-password", token=token, password="short")
    good = await posts(confirming, "/reset-password", token=token, password=NEW)

    assert (weak.status_code, good.status_code) == (422, 303)
    assert weak.text.count('class="field-error"') == 1


async def test_a_new_password_ends_the_sessions_before_it(confirming: Client, db: Database):
    email, token = await forgot(confirming, db)
    session = (await confirming.signs_in(email)).json()

    await posts(confirming, "/reset-password", token=token, password=NEW)

    assert (await confirming.reads_user(session["access_token"])).status_code == 403


async def test_a_stranger_to_us_is_told_the_same(confirming: Client, db: Database):
    known, unknown = (await confirmed(confirming, db))["email"], fresh()["email"]

    answers = [await posts(confirming, "/forgot-password", email=email) for email in (known, unknown)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(answers[0].content) == len(answers[1].content)
    assert await letters(db, unknown) == []


async def test_a_sign_up_at_our_page_is_confirmed_at_our_page(confirming: Client, db: Database):
    email = fresh()["email"]
    await posts(confirming, "/sign-up", email=email, password=PASSWORD, workspace_name="Acme")
    letter = await last_letter(db, email)

    page = await confirming.get(letter.link.removeprefix("https://trulybot.test"))
    done = await posts(confirming, "/confirm-email", **letter.asks)
    again = await posts(confirming, "/confirm-email", **letter.asks)

    assert letter.link.startswith("https://trulybot.test/confirm-email?token=")
    assert "Confirm, and sign in" in page.text
    assert (done.status_code, done.headers["location"]) == (303, "/dashboard")
    assert again.status_code == 403


async def test_a_link_for_something_else_confirms_nothing(confirming: Client, db: Database):
    _, token = await forgot(confirming, db)

    for type in ("signup", "nonsense"):
        answer = await posts(confirming, "/confirm-email", token=token, type=type)

        assert answer.status_code in (400, 403)
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/forgot-password", "/reset-password", "/confirm-email"])
async def test_another_site_cannot_send_these_forms(confirming: Client, path: str):
    answer = await confirming.post(path, data={"token": "x"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403

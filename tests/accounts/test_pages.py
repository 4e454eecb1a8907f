from http.cookies import SimpleCookie

import httpx
import pytest

from tests.accounts.served import PASSWORD, Above, Client, accounts_of, app_of, bearer, client_of, fresh
from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.cookies import own_path
from trulybot.accounts.models import Person
from trulybot.kit.db import Database

OURS = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}


async def signs_up(client: Client, **fields: str) -> httpx.Response:
    return await client.post("/sign-up", data=fresh(**fields), headers=OURS)


async def signs_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password, **fields}, headers=OURS)


async def person(db: Database, accounts: Accounts, secret: str) -> Person | None:
    async with db.system("test") as tx:
        return await sessions.person_by_cookie(tx, accounts, secret)


async def test_signing_up_leads_to_the_dashboard_with_a_session(
    accounts_app: Client, above: Above, db: Database, accounts: Accounts
):
    answer = await signs_up(accounts_app, email="ana.page@example.com", workspace_name="  Ana's\tBakery ")

    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    assert above.founded[0][2] == {"workspace_name": "Ana's Bakery"}
    found = await person(db, accounts, answer.cookies["trulybot"])
    assert found is not None
    assert found.email == "ana.page@example.com"


async def test_over_https_the_cookie_is_bound_to_our_host(db: Database, above: Above):
    app = app_of(db, accounts_of(above))
    async with Client(transport=httpx.ASGITransport(app), base_url="https://bot.example.com") as client:
        answer = await client.post("/sign-up", data=fresh(), headers={"Origin": "https://bot.example.com"})

    session, device = (one for given in answer.headers.get_list("set-cookie") for one in SimpleCookie(given).values())
    assert (session.key, device.key) == ("__Host-trulybot", "__Host-trulybot-device")
    assert len(session.value) >= 43
    for cookie in (session, device):
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"].lower()) == (True, True, "lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")


async def test_a_configured_https_site_never_gives_a_plain_cookie(db: Database, above: Above):
    async with client_of(app_of(db, accounts_of(above, secure_cookies=True))) as client:
        answer = await signs_up(client)

    assert answer.headers["set-cookie"].startswith("__Host-trulybot=")
    assert "Secure" in answer.headers["set-cookie"]


async def test_each_sign_in_has_a_new_secret_and_ends_the_one_before(
    accounts_app: Client, db: Database, accounts: Accounts
):
    form = fresh()
    first = (await signs_up(accounts_app, **form)).cookies["trulybot"]

    second = (await signs_in(accounts_app, form["email"])).cookies["trulybot"]

    assert first != second
    assert await person(db, accounts, first) is None
    assert await person(db, accounts, second) is not None


async def test_a_secret_set_before_signing_in_is_never_taken(accounts_app: Client, db: Database, accounts: Accounts):
    form = fresh()
    await accounts_app.signs_up(**form)
    accounts_app.cookies.set("trulybot", "chosen-by-an-attacker")

    answer = await signs_in(accounts_app, form["email"])

    assert answer.cookies["trulybot"] != "chosen-by-an-attacker"
    assert await person(db, accounts, "chosen-by-an-attacker") is None


async def test_signing_out_ends_the_session_and_takes_the_cookie(
    accounts_app: Client, db: Database, accounts: Accounts
):
    secret = (await signs_up(accounts_app)).cookies["trulybot"]

    answer = await accounts_app.post("/sign-out", headers=OURS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert await person(db, accounts, secret) is None


async def test_a_new_password_ends_browser_sessions_too(accounts_app: Client, db: Database, accounts: Accounts):
    form = fresh()
    secret = (await signs_up(accounts_app, **form)).cookies["trulybot"]
    session = (await accounts_app.signs_in(form["email"])).json()

    await accounts_app.changes_user(session["access_token"], password="another good one")

    assert await person(db, accounts, secret) is None


@pytest.mark.parametrize(("column", "age"), [("used_at", "8 days"), ("created_at", "31 days")])
async def test_a_cookie_ends_when_idle_or_old(
    accounts_app: Client, db: Database, accounts: Accounts, column: str, age: str
):
    secret = (await signs_up(accounts_app)).cookies["trulybot"]
    found = await person(db, accounts, secret)
    assert found is not None
    async with db.system("test") as tx:
        await tx.run(
            f"update trulybot_auth.sessions set {column} = now() - %(age)s::interval where id = %(id)s",  # type: ignore[arg-type]  # noqa: S608
            age=age,
            id=found.session_id,
        )

    assert await person(db, accounts, secret) is None


async def test_using_a_cookie_keeps_it_alive(accounts_app: Client, db: Database, accounts: Accounts):
    secret = (await signs_up(accounts_app)).cookies["trulybot"]
    for _ in range(3):
        found = await person(db, accounts, secret)
        assert found is not None
        async with db.system("test") as tx:
            await tx.run(
                "update trulybot_auth.sessions set used_at = used_at - interval '6 days' where id = %(id)s",
                id=found.session_id,
            )


async def test_a_wrong_password_is_said_in_the_form_and_nothing_tells_who_exists(accounts_app: Client):
    form = fresh()
    await accounts_app.signs_up(**form)

    known = await signs_in(accounts_app, form["email"], "a wrong password")
    unknown = await signs_in(accounts_app, form["email"].replace("@", "x@")[1:], "a wrong password")

    assert known.status_code == unknown.status_code == 400
    assert "The email or the password is not right." in known.text
    assert form["email"] in known.text
    assert len(known.content) == len(unknown.content)
    assert "set-cookie" not in known.headers


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"email": ""}, 400), ({"email": "no email"}, 400), ({"password": ""}, 400), ({"password": "short"}, 422)],
)
async def test_what_is_wrong_is_said_in_the_form(accounts_app: Client, fields: dict[str, str], status: int):
    answer = await signs_up(accounts_app, **fields)

    assert answer.status_code == status
    assert answer.text.count('class="field-error"') == 1
    assert PASSWORD not in answer.text


async def test_where_emails_are_confirmed_nobody_is_signed_in_or_told_who_exists(
    accounts_app: Client, confirming_app: Client
):
    taken, new = fresh(), fresh()
    await accounts_app.signs_up(**taken)

    answers = [await signs_up(confirming_app, **form) for form in (taken, new)]

    for answer in answers:
        assert answer.status_code == 200
        assert "Look into your mailbox." in answer.text
        assert "set-cookie" not in answer.headers
    assert len(answers[0].content) == len(answers[1].content)
    assert (await signs_in(confirming_app, new["email"])).status_code == 400


async def test_what_was_typed_comes_back_as_text(accounts_app: Client):
    answer = await signs_up(accounts_app, email='"><script>alert(1)</script>', workspace_name="<b>x</b>")

    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    assert "<b>x</b>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/sign-out"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"}, 403),
        (OURS | {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_another_site_cannot_sign_anyone_in_or_out(
    accounts_app: Client, path: str, headers: dict[str, str], status: int
):
    form = fresh()
    await accounts_app.signs_up(**form)

    answer = await accounts_app.post(path, data=form, headers=headers)

    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


async def test_signing_out_needs_a_post(accounts_app: Client):
    assert (await accounts_app.get("/sign-out")).status_code == 405


async def test_the_api_takes_no_cookie_for_a_bearer(accounts_app: Client):
    await signs_up(accounts_app)

    answer = await accounts_app.get("/auth/v1/user")

    assert answer.status_code == 401


async def test_a_cookies_secret_is_no_bearer(accounts_app: Client):
    secret = (await signs_up(accounts_app)).cookies["trulybot"]

    answer = await accounts_app.get("/auth/v1/user", headers=bearer(secret))

    assert answer.status_code == 403


async def test_who_came_for_a_page_is_led_there(accounts_app: Client):
    form = fresh()
    await accounts_app.signs_up(**form)

    answer = await signs_in(accounts_app, form["email"], next="/dashboard?tab=leads#top")

    assert answer.headers["location"] == "/dashboard?tab=leads#top"


@pytest.mark.parametrize(
    "next",
    [
        *("", "dashboard", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example"),
        *("\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "/ /evil.example", "javascript:alert(1)"),
        *("/x\\..\\..\\", "@evil.example", "/x\r\nSet-Cookie: a=b", " //evil.example", "/\x00"),
    ],
)
async def test_nobody_is_led_to_another_site(next: str):
    assert own_path(next) == "/dashboard"

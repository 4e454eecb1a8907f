"""The mailbox: who may open it, and what it shows."""

import time

import httpx
import pytest

from tests.mail.conftest import CODE, LINK, Post
from trulybot.mail.mailbox import OPEN_SECONDS, Mailbox
from trulybot.mail.pages import MAIL_POLICY
from trulybot.mail.terminal import printed
from trulybot.settings import APP_LOGIN

HERE = "http://trulybot.test"
FROM_OUR_PAGE = {"Origin": HERE}


async def enter(http: httpx.AsyncClient, passcode: str, **headers: str) -> httpx.Response:
    return await http.post("/mailbox", data={"passcode": passcode}, headers={**FROM_OUR_PAGE, **headers})


@pytest.fixture
async def opened(mailbox: Post) -> Post:
    """The mailbox, with a mail in it, in a browser that gave the passcode."""
    await mailbox.recovery()
    response = await enter(mailbox.world.http, mailbox.world.app.state.mailbox.passcode)
    assert response.status_code == 303
    return mailbox


async def test_a_mail_without_a_server_is_kept_and_shown(opened: Post):
    await opened.world.work()
    row = await opened.row()

    listed = await opened.world.http.get("/mailbox")
    shown = await opened.world.http.get(f"/mailbox/{row['id']}")
    html = await opened.world.http.get(f"/mailbox/{row['id']}/html")

    assert row["state"] == "kept"
    assert CODE.encode() not in row["sealed"]
    assert "Choose a new password" in listed.text
    assert CODE not in listed.text
    for page in (shown, html):
        assert CODE in page.text
        assert LINK.replace("&", "&amp;") in page.text


async def test_a_mail_is_there_before_the_worker_has_seen_it(opened: Post):
    assert "Choose a new password" in (await opened.world.http.get("/mailbox")).text


async def test_nothing_is_shown_without_the_passcode_also_on_this_machine(mailbox: Post):
    await mailbox.recovery()
    row = await mailbox.row()
    transport = httpx.ASGITransport(mailbox.world.app, client=("127.0.0.1", 5000))

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as here:
        door = await here.get("/mailbox")
        one = await here.get(f"/mailbox/{row['id']}")
        html = await here.get(f"/mailbox/{row['id']}/html")

    assert "Passcode" in door.text
    assert (one.status_code, one.headers["location"]) == (303, "/mailbox")
    assert html.status_code == 404
    for response in (door, one, html):
        assert "ana@example.com" not in response.text
        assert CODE not in response.text


@pytest.mark.parametrize("given", ["", "wrong", "AAAA-AAAA-AAAA-AAAA"])
async def test_a_wrong_passcode_opens_nothing(mailbox: Post, given: str):
    response = await enter(mailbox.world.http, given)

    assert response.status_code == 403
    assert "This is not the passcode." in response.text
    assert "set-cookie" not in response.headers


async def test_the_passcode_may_be_spaced_as_people_like(mailbox: Post):
    passcode = mailbox.world.app.state.mailbox.passcode

    response = await enter(mailbox.world.http, f" {passcode.lower().replace('-', ' ')} ")

    assert response.status_code == 303


async def test_guessing_ends_soon(mailbox: Post):
    statuses = [(await enter(mailbox.world.http, "wrong")).status_code for _ in range(12)]

    assert statuses == [403] * 10 + [429] * 2


async def test_another_site_cannot_enter_for_its_visitor(mailbox: Post):
    passcode = mailbox.world.app.state.mailbox.passcode

    response = await enter(mailbox.world.http, passcode, Origin="https://evil.example")

    assert response.status_code == 403
    assert "set-cookie" not in response.headers


async def test_the_cookie_is_for_this_host_alone(mailbox: Post):
    async def cookie(http: httpx.AsyncClient, **headers: str) -> str:
        answer = await enter(http, mailbox.world.app.state.mailbox.passcode, **headers)
        return answer.headers["set-cookie"].lower()

    transport = httpx.ASGITransport(mailbox.world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://trulybot.test") as secure:
        by_https = await cookie(secure, Origin="https://trulybot.test")
    by_http = await cookie(mailbox.world.http)

    assert by_https.startswith("__host-trulybot-mailbox=")
    assert "; secure" in by_https
    for one in (by_https, by_http):
        assert "httponly" in one
        assert "samesite=strict" in one
        assert "path=/" in one
        assert "domain" not in one


def test_an_admission_is_genuine_and_ends():
    box, other = Mailbox("a" * 32, secure=True), Mailbox("b" * 32, secure=True)
    until, _, signature = box.admission().partition(".")

    assert box.admits(f"{until}.{signature}")
    assert int(until) <= time.time() + OPEN_SECONDS
    assert not other.admits(f"{until}.{signature}")
    assert not box.admits(f"{int(until) + 1}.{signature}")
    assert not box.admits(f"1.{box._sign('1')}")
    for forged in (None, "", ".", f"{until}.", f".{signature}", "x.y", f"{until}.é"):
        assert not box.admits(forged)


def test_a_passcode_follows_from_the_secret_key_and_tells_nothing_of_it():
    first, second = Mailbox("a" * 32, secure=True), Mailbox("b" * 32, secure=True)

    assert first.passcode != second.passcode
    assert "a" * 32 not in repr(first)
    assert len(first.passcode) == 19


async def test_there_is_no_mailbox_where_mail_is_sent(post: Post):
    await post.recovery()
    row = await post.row()

    for path in ("/mailbox", f"/mailbox/{row['id']}", f"/mailbox/{row['id']}/html"):
        assert (await post.world.http.get(path)).status_code == 404
    assert (await enter(post.world.http, "any")).status_code == 404


async def test_a_mail_under_another_key_is_left_out(opened: Post):
    await opened.recovery("bob@example.com")
    await opened.alter(r"sealed = '\x01' || substr(sealed, 2, 40) || '\x00' where recipient = 'bob@example.com'")
    bob = next(row for row in await opened.rows() if row["recipient"] == "bob@example.com")

    listed = await opened.world.http.get("/mailbox")

    assert "ana@example.com" in listed.text
    assert "bob@example.com" not in listed.text
    assert (await opened.world.http.get(f"/mailbox/{bob['id']}")).status_code == 404


async def test_a_terminal_shows_it_too(opened: Post):
    settings = opened.world.settings

    text = await printed(settings.database_url(APP_LOGIN), settings.secret_key, None)

    assert "To: ana@example.com" in text
    assert f"\n{LINK}\n" in text
    assert CODE in text
    assert text.endswith(opened.world.app.state.mailbox.passcode)


async def test_a_mail_runs_nothing_in_the_mailbox(opened: Post):
    row = await opened.row()

    html = await opened.world.http.get(f"/mailbox/{row['id']}/html")

    assert html.headers["content-security-policy"] == MAIL_POLICY
    assert html.headers["x-frame-options"] == "SAMEORIGIN"
    assert "script" not in MAIL_POLICY
    assert "sandbox" in MAIL_POLICY

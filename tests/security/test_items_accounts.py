"""Items 1 to 7, 25, 28 and 29 of the forty things an attacker tries: sessions, passwords, second factors."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.accounts.factors.steps import answers, enrols, guarded, is_challenged, time_passes, verifies
from tests.accounts.served import Client, bearer, fresh
from tests.world import PASSWORD, World
from trulybot.accounts import passwords, sessions
from trulybot.kit.db import Database

WEB = Path(__file__).parents[2] / "trulybot" / "web"
NEW_PASSWORD = "another good one"


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """The whole product, as a program of the accounts' API speaks to it."""
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    headers = {"X-Supabase-Api-Version": "2024-01-01"}
    async with Client(transport=transport, base_url="http://trulybot.test", headers=headers) as client:
        yield client


@asynccontextmanager
async def browser(world: World, site: str = "http://trulybot.test") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    headers = {"Origin": site, "Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url=site, headers=headers) as http:
        yield http


async def reads_profile(client: Client, token: str) -> int:
    return (await client.get("/api/user/profile", headers=bearer(token))).status_code


async def ages(db: Database, user_id: str, column: str, by: str) -> None:
    async with db.system("test") as tx:
        await tx.run(
            f"update trulybot_auth.sessions set {column} = now() - %(by)s::interval where user_id = %(id)s",  # type: ignore[arg-type]  # noqa: S608
            by=by,
            id=user_id,
        )


async def test_item_01_the_cookie_is_bound_to_our_host_and_out_of_reach_of_scripts(world: World):
    async with browser(world, "https://trulybot.test") as ana:
        answer = await ana.post("/sign-up", data=fresh(workspace_name="Acme"))

        names = {}
        for header in answer.headers.get_list("set-cookie"):
            names |= dict(SimpleCookie(header))
        assert "__Host-trulybot" in names
        for name, cookie in names.items():
            assert name.startswith("__Host-")
            assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
            assert cookie["samesite"].lower() in ("lax", "strict")
            assert cookie["domain"] == ""
            assert cookie.value not in str(answer.headers["location"])


def test_item_01_no_script_of_the_dashboard_keeps_anything_in_the_browser():
    for script in WEB.glob("js/*.js"):
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", script.read_text()), script.name


async def test_item_02_signing_in_changes_the_secret_and_takes_none_that_was_set_before(world: World):
    form = fresh(workspace_name="Acme")
    async with browser(world) as ana:
        ana.cookies.set("trulybot", "set-by-an-attacker", domain="trulybot.test")
        await ana.post("/sign-up", data=form)
        first = ana.cookies.get("trulybot", domain="trulybot.test", path="/")
        await ana.post("/sign-in", data=form)
        second = ana.cookies.get("trulybot", domain="trulybot.test", path="/")

    assert len({"set-by-an-attacker", first, second}) == 3
    for secret in ("set-by-an-attacker", first):
        async with browser(world) as thief:
            thief.cookies.set("trulybot", str(secret), domain="trulybot.test")
            assert (await thief.get("/dashboard")).headers["location"].startswith("/sign-in")


async def test_item_02_a_refresh_changes_the_token(client: Client):
    session = await client.signs_up()

    refreshed = (await client.refreshes(session["refresh_token"])).json()

    assert refreshed["refresh_token"] != session["refresh_token"]


async def test_item_02_stepping_up_ends_what_the_session_was_refreshed_by(client: Client):
    session = await client.signs_up()
    app = await enrols(client, session["access_token"])
    raised = await verifies(client, session["access_token"], app)

    old = await client.refreshes(session["refresh_token"])

    assert (old.status_code, old.json()["code"]) == (400, "refresh_token_not_found")
    assert (await client.refreshes(raised["refresh_token"])).status_code == 200


async def test_item_02_an_access_token_from_before_the_step_is_worth_no_more_after_it(client: Client):
    session = await client.signs_up()
    app = await enrols(client, session["access_token"])
    raised = await verifies(client, session["access_token"], app)

    assert await reads_profile(client, session["access_token"]) == 401
    assert await reads_profile(client, raised["access_token"]) == 200
    removal = await client.delete(f"/auth/v1/factors/{app.factor_id}", headers=bearer(session["access_token"]))
    assert removal.json()["code"] == "insufficient_aal"


@pytest.mark.parametrize(
    ("scope", "alive"), [("local", [False, True]), ("others", [True, False]), ("global", [False, False])]
)
async def test_item_03_signing_out_holds_at_once(client: Client, scope: str, alive: list[bool]):
    form = fresh()
    here = await client.signs_up(**form)
    elsewhere = (await client.signs_in(form["email"])).json()

    await client.post(f"/auth/v1/logout?scope={scope}", headers=bearer(here["access_token"]))

    for session, lives in zip((here, elsewhere), alive, strict=True):
        assert (await reads_profile(client, session["access_token"]) == 200) == lives
        assert ((await client.refreshes(session["refresh_token"])).status_code == 200) == lives


@pytest.mark.parametrize(("column", "by"), [("used_at", "8 days"), ("created_at", "31 days")])
async def test_item_04_a_session_ends_when_idle_or_old(client: Client, db: Database, column: str, by: str):
    session = await client.signs_up()

    await ages(db, session["user"]["id"], column, by)

    answer = await client.refreshes(session["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (400, "session_expired")


async def test_item_04_people_see_their_sessions_and_end_them(client: Client):
    form = fresh()
    here = await client.signs_up(**form)
    stolen = (await client.signs_in(form["email"])).json()
    listed = (await client.get("/api/user/sessions", headers=bearer(here["access_token"]))).json()["items"]

    (other,) = [one["id"] for one in listed if not one["current"]]
    await client.delete(f"/api/user/sessions/{other}", headers=bearer(here["access_token"]))

    assert await reads_profile(client, stolen["access_token"]) == 401
    assert (await client.refreshes(stolen["refresh_token"])).status_code == 400


async def test_item_05_a_used_token_that_comes_back_ends_the_session_for_both(client: Client, db: Database):
    stolen = await client.signs_up()
    second = (await client.refreshes(stolen["refresh_token"])).json()
    third = (await client.refreshes(second["refresh_token"])).json()
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.refresh_tokens set used_at = used_at - interval '11 seconds'")

    reused = await client.refreshes(stolen["refresh_token"])

    assert reused.json()["code"] == "refresh_token_already_used"
    assert (await client.refreshes(third["refresh_token"])).status_code == 400
    assert await reads_profile(client, third["access_token"]) == 401


async def test_item_05_twenty_refreshes_at_once_leave_one_chain(client: Client):
    session = await client.signs_up()

    found = await asyncio.gather(*(client.refreshes(session["refresh_token"]) for _ in range(20)))

    (successor,) = {answer.json()["refresh_token"] for answer in found}
    assert (await client.refreshes(successor)).status_code == 200


@pytest.mark.parametrize("what", ["banned_until = now() + interval '1 day'", "deleted_at = now()"])
async def test_item_06_who_is_banned_or_deleted_is_out_at_the_next_request(client: Client, db: Database, what: str):
    session = await client.signs_up()
    assert await reads_profile(client, session["access_token"]) == 200

    async with db.system("test") as tx:
        await tx.run(
            f"update trulybot_auth.users set {what} where id = %(id)s",  # type: ignore[arg-type]  # noqa: S608
            id=session["user"]["id"],
        )

    assert await reads_profile(client, session["access_token"]) == 401
    assert (await client.refreshes(session["refresh_token"])).status_code == 400


async def test_item_06_a_removed_member_is_out_at_the_next_request(world: World, superuser_of_the_database: str):
    alice = await world.alice()
    assert (await alice.get("/api/leads")).status_code == 200

    with psycopg.connect(superuser_of_the_database, autocommit=True) as connection:
        connection.execute("delete from public.memberships where user_id = %s", (alice.user_id,))

    assert (await alice.get("/api/leads")).status_code == 403


async def test_item_07_a_new_password_needs_the_old_one_ends_other_sessions_and_is_told_by_mail(
    client: Client, db: Database
):
    form = fresh()
    here = await client.signs_up(**form)
    elsewhere = (await client.signs_in(form["email"])).json()
    await ages(db, here["user"]["id"], "created_at", "25 hours")

    without = await client.changes_user(here["access_token"], password=NEW_PASSWORD)
    wrong = await client.changes_user(here["access_token"], password=NEW_PASSWORD, current_password="wrong one")
    right = await client.changes_user(here["access_token"], password=NEW_PASSWORD, current_password=PASSWORD)

    assert (without.status_code, wrong.status_code, right.status_code) == (400, 400, 200)
    assert await reads_profile(client, here["access_token"]) == 200
    assert await reads_profile(client, elsewhere["access_token"]) == 401
    async with db.system("test") as tx:
        kinds = await tx.value(
            "select array_agg(kind) from trulybot_auth.mails where recipient = %(to)s", to=form["email"]
        )
    assert "password_changed" in kinds


async def test_item_25_a_known_an_unknown_and_a_banned_address_cost_the_same_work(
    client: Client, db: Database, monkeypatch: pytest.MonkeyPatch
):
    known, banned = fresh(), fresh()
    await client.signs_up(**known)
    session = await client.signs_up(**banned)
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = now() + interval '1 day' where id = %(id)s",
            id=session["user"]["id"],
        )
    checked: list[str] = []
    verify = passwords._verify

    def counted(password: bytes, password_hash: str) -> bool:
        checked.append(password_hash.rpartition("$")[0].rpartition("$")[0])  # the kind and its parameters
        return verify(password, password_hash)

    monkeypatch.setattr(passwords, "_verify", counted)

    refusals = [
        (await client.signs_in(email, "a wrong password")).json()
        for email in (known["email"], banned["email"], "nobody-of-that-name@example.com")
    ]

    assert refusals[0] == refusals[1] == refusals[2]
    assert checked == ["$argon2id$v=19$m=19456,t=2,p=1"] * 3


async def test_item_28_a_code_works_once_also_for_a_new_challenge(client: Client, db: Database):
    form = fresh()
    _, app = await guarded(client, **form)
    await time_passes(db, app)
    first, second = [(await client.signs_in(form["email"])).json() for _ in range(2)]
    code = app.code()
    challenges = [await is_challenged(client, one["access_token"], app) for one in (first, second)]

    taken = await answers(client, first["access_token"], app, challenges[0], code)
    replayed = await answers(
        client, taken.json()["access_token"], app, await is_challenged(client, taken.json()["access_token"], app), code
    )

    assert taken.status_code == 200
    assert (replayed.status_code, replayed.json()["code"]) == (422, "mfa_verification_failed")


async def test_item_28_an_older_code_does_not_work_after_a_newer_one(client: Client, db: Database):
    session, app = await guarded(client)
    await time_passes(db, app)
    later, now = app.code(1), app.code()
    token = session["access_token"]

    newer = await answers(client, token, app, await is_challenged(client, token, app), later)
    older = await answers(
        client,
        newer.json()["access_token"],
        app,
        await is_challenged(client, newer.json()["access_token"], app),
        now,
    )

    assert (newer.status_code, older.status_code) == (200, 422)


async def test_item_28_removing_a_factor_needs_the_factor(client: Client):
    form = fresh()
    _, app = await guarded(client, **form)
    thief = (await client.signs_in(form["email"])).json()

    answer = await client.delete(f"/auth/v1/factors/{app.factor_id}", headers=bearer(thief["access_token"]))

    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient_aal")


@pytest.mark.parametrize("method", ["recovery", "magiclink", "otp", "oauth", "email_change", "invite"])
async def test_item_28_no_other_way_in_skips_the_second_factor(world: World, client: Client, db: Database, method: str):
    session, _ = await guarded(client)
    accounts = world.app.state.accounts
    async with db.system("test") as tx:
        account = await sessions.account(tx, UUID(session["user"]["id"]))
        grant = await sessions.open_session(tx, accounts, account, method=method)
        secret = await sessions.open_browser_session(tx, accounts, account.user.id, method=method)
    token = accounts.tokens.issue(account.user, grant.session).access_token

    async with browser(world) as thief:
        thief.cookies.set("trulybot", secret, domain="trulybot.test")
        page = await thief.get("/dashboard")
    api = await client.get("/api/user/profile", headers=bearer(token))
    password = await client.changes_user(token, password=NEW_PASSWORD)

    assert page.headers["location"].startswith("/sign-in/second-factor")
    assert (api.status_code, api.json()["error"]["code"]) == (401, "second_factor_required")
    assert (password.status_code, password.json()["code"]) == (401, "insufficient_aal")


async def signs_up(client: Client, **fields: Any) -> tuple[int, Any]:
    answer = await client.post("/auth/v1/signup", json=fresh(**fields))
    return answer.status_code, answer.json().get("weak_password", {}).get("reasons")


async def test_item_29_seven_characters_are_too_few_and_eight_enough(client: Client):
    assert await signs_up(client, password="zk4?wLq") == (422, ["length"])
    assert await signs_up(client, password="zk4?wLqx") == (200, None)


async def test_item_29_no_kinds_of_characters_are_demanded_and_long_ones_are_taken(client: Client):
    for password in ("only lower case", "quarterly heron " * 8, "密码密码密码密码密码", "🦩" * 64):
        assert await signs_up(client, password=password) == (200, None), password


@pytest.mark.parametrize("password", ["password", "12345678", "Football", "qwertyuiop", "trulybot1"])
async def test_item_29_what_leaked_or_is_guessed_first_is_refused(client: Client, password: str):
    assert await signs_up(client, password=password) == (422, ["pwned"])


async def test_item_29_the_persons_own_name_is_refused(client: Client):
    assert await signs_up(client, email="ana.maria.castellanos@example.com", password="Ana.Maria.Castellanos1") == (
        422,
        ["pwned"],
    )


async def test_item_29_nothing_is_cut_off_at_72_bytes(client: Client):
    form = fresh(password="x" * 72 + "the end")
    await client.signs_up(**form)

    assert (await client.signs_in(form["email"], "x" * 72 + "the end")).status_code == 200
    assert (await client.signs_in(form["email"], "x" * 72 + "the enD")).status_code == 400
    assert (await client.signs_in(form["email"], "x" * 72)).status_code == 400


async def test_item_29_an_imported_hash_is_renewed_at_the_next_sign_in(client: Client, db: Database):
    form = fresh()
    session = await client.signs_up(**form)
    imported = (
        "$2b$04$y1QjmXJ7r1uIGVuNR4XsQun783f8hOGZl9l5abUGcsLMMccbU/33a"  # of the password above, as Supabase keeps it
    )
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set password_hash = %(hash)s where id = %(id)s",
            hash=imported,
            id=session["user"]["id"],
        )

    wrong = await client.signs_in(form["email"], "a wrong password")
    right = await client.signs_in(form["email"])

    async with db.system("test") as tx:
        kept = await tx.value(
            "select password_hash from trulybot_auth.users where id = %(id)s", id=session["user"]["id"]
        )
    assert (wrong.status_code, right.status_code) == (400, 200)
    assert kept.startswith("$argon2id$")
    assert (await client.signs_in(form["email"])).status_code == 200

"""Whom a Supabase project's tokens speak of, and how they sign in at our own pages."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.accounts.issuer import ANON_KEY, CODE, PASSWORD, Issuer
from tests.accounts.served import Above, Client, app_of, bearer, client_of
from tests.accounts.supabase.test_tokens import claims
from tests.world import World
from trulybot.accounts.admin.queries import blank
from trulybot.accounts.config import Accounts
from trulybot.accounts.supabase.project import Project
from trulybot.kit.db import Database
from trulybot.settings import Settings

OURS = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}


async def signs_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password, **fields}, headers=OURS)


def knows(issuer: Issuer, **more: Any) -> tuple[str, str]:
    """A new person of the project: id and email."""
    id, email = str(uuid4()), f"{uuid4().hex}@example.com"
    issuer.becomes(people={email: {"id": id, **more}})
    return id, email


@pytest.fixture
async def whole(settings: Settings, issuer: Issuer) -> AsyncIterator[World]:
    """The whole product, whose people a Supabase project signs in."""
    async with World.running(replace(settings, supabase_url=issuer.address, supabase_anon_key=ANON_KEY)) as world:
        yield world


async def test_their_workspace_is_there_from_the_first_request_on(whole: World, issuer: Issuer):
    content = claims(issuer)

    answer = await whole.http.get("/api/user/profile", headers=bearer(issuer.signs(content)))

    profile = answer.json()
    assert answer.status_code == 200, answer.text
    assert (profile["id"], profile["email"]) == (content["sub"], content["email"])
    assert (profile["workspace"]["name"], profile["role"]) == ("Acme", "owner")


async def test_twenty_first_requests_at_once_make_one_person_and_one_workspace(whole: World, issuer: Issuer):
    tokens = [issuer.signs(claims(issuer, sub="0b0d3b0e-7c9e-4a0e-9e61-0d3f8d1f2a11", email="twenty@example.com"))] * 20

    answers = await asyncio.gather(*(whole.http.get("/api/user/profile", headers=bearer(token)) for token in tokens))

    assert {answer.status_code for answer in answers} == {200}
    assert {len(answer.json()["workspaces"]) for answer in answers} == {1}
    assert len({answer.json()["workspace"]["id"] for answer in answers}) == 1


@pytest.mark.parametrize("token", ["service", "anon", "mangled", "ours"])
async def test_who_is_nobody_gets_401_from_the_api(whole: World, issuer: Issuer, token: str):
    sent = {
        "service": issuer.signs(claims(issuer, role="service_role")),
        "anon": issuer.signs(claims(issuer, role="anon", sub=None)),
        "mangled": issuer.signs(claims(issuer))[:-6],
        "ours": issuer.signs(claims(issuer, iss="http://127.0.0.1:8000/auth/v1")),
    }[token]

    answer = await whole.http.get("/api/user/profile", headers=bearer(sent))

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


async def test_nobody_signs_up_here(client: Client):
    answer = await client.post("/auth/v1/signup", json={"email": "new@example.com", "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (422, "signup_disabled")
    assert (await client.get("/auth/v1/settings")).json()["disable_signup"] is True


async def test_an_account_of_ours_is_not_theirs_because_the_email_is_the_same(
    db: Database, client: Client, accounts: Accounts, issuer: Issuer
):
    email = f"{uuid4().hex}@example.com"
    async with db.system("test") as tx:
        await tx.run(
            "insert into trulybot_auth.users (id, email, email_confirmed_at) values (%(id)s, %(email)s, now())",
            id=uuid4(),
            email=email,
        )
    content = claims(issuer, email=email)

    answer = await client.reads_user(issuer.signs(content))

    assert (answer.json()["id"], answer.json()["email"]) == (content["sub"], "")


async def test_somebody_with_an_id_that_is_taken_here_is_still_somebody_else(
    db: Database, client: Client, issuer: Issuer
):
    taken = uuid4()
    async with db.system("test") as tx:
        await tx.run("insert into trulybot_auth.users (id) values (%(id)s)", id=taken)

    answer = await client.reads_user(issuer.signs(claims(issuer, sub=str(taken))))

    assert answer.status_code == 200
    assert answer.json()["id"] != str(taken)


async def test_who_was_banned_or_deleted_here_stays_out_though_the_project_lets_them_in(
    db: Database, client: Client, issuer: Issuer
):
    content = claims(issuer)
    token = issuer.signs(content)
    await client.reads_user(token)

    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = now() + interval '1 day' where id = %(id)s",
            id=content["sub"],
        )
    banned = await client.reads_user(token)
    async with db.system("test") as tx:
        await tx.run("delete from trulybot_auth.users where id = %(id)s", id=content["sub"])
    deleted = await client.reads_user(token)
    again = await client.reads_user(issuer.signs(content | {"session_id": str(uuid4())}))

    assert (banned.status_code, banned.json()["code"]) == (403, "user_banned")
    assert (deleted.status_code, deleted.json()["code"]) == (403, "user_not_found")
    assert again.json()["code"] == "user_not_found"


async def test_nothing_is_written_about_somebody_who_was_deleted_here(db: Database, client: Client, issuer: Issuer):
    content = claims(issuer, iat=int(time.time()) - 60)
    await client.reads_user(issuer.signs(content))
    async with db.system("test") as tx:
        await blank(tx, UUID(content["sub"]))

    answer = await client.reads_user(issuer.signs(content | {"iat": int(time.time())}))

    async with db.system("test") as tx:
        kept = await tx.value("select email from trulybot_auth.users where id = %(id)s", id=content["sub"])
    assert (answer.status_code, answer.json()["code"]) == (403, "user_not_found")
    assert kept is None


@pytest.mark.parametrize("scope", ["local", "global"])
async def test_a_session_that_was_ended_here_is_over_for_good(client: Client, issuer: Issuer, scope: str):
    content = claims(issuer)
    token = issuer.signs(content)
    await client.reads_user(token)

    out = await client.post(f"/auth/v1/logout?scope={scope}", headers=bearer(token))
    after = await client.reads_user(token)
    refreshed = await client.reads_user(issuer.signs(content | {"exp": int(time.time()) + 900}))
    another = await client.reads_user(issuer.signs(content | {"session_id": str(uuid4())}))

    assert out.status_code == 204
    assert (after.status_code, after.json()["code"]) == (403, "session_not_found")
    assert refreshed.json()["code"] == "session_not_found"
    assert another.status_code == 200


async def test_a_token_without_a_session_can_be_ended_too(client: Client, issuer: Issuer):
    token = issuer.signs(claims(issuer, session_id=None))
    await client.reads_user(token)

    await client.post("/auth/v1/logout", headers=bearer(token))

    assert (await client.reads_user(token)).json()["code"] == "session_not_found"


async def test_a_second_factor_there_counts_here(db: Database, client: Client, issuer: Issuer):
    content = claims(issuer)
    await client.reads_user(issuer.signs(content))

    await client.reads_user(issuer.signs(content | {"aal": "aal2"}))

    async with db.system("test") as tx:
        level = await tx.value("select aal from trulybot_auth.sessions where user_id = %(id)s", id=content["sub"])
    assert level == "aal2"


async def test_a_new_email_is_taken_over_and_an_older_token_does_not_bring_the_old_one_back(
    client: Client, issuer: Issuer, above: Above
):
    before = claims(issuer, iat=int(time.time()) - 60)
    old = issuer.signs(before)
    await client.reads_user(old)
    email = f"{uuid4().hex}@example.com"

    moved = await client.reads_user(issuer.signs(before | {"email": email, "iat": int(time.time())}))
    after = await client.reads_user(old)

    assert (moved.json()["email"], after.json()["email"]) == (email, email)
    assert above.moved == [(UUID(before["sub"]), email)]


async def test_metadata_that_no_token_of_ours_could_carry_is_left_out(client: Client, issuer: Issuer):
    answer = await client.reads_user(issuer.signs(claims(issuer, user_metadata={"much": "x" * 8000})))

    assert (answer.status_code, answer.json()["user_metadata"]) == (200, {})


async def test_their_password_there_opens_our_dashboard(client: Client, issuer: Issuer, above: Above):
    id, email = knows(issuer)
    before = issuer.becomes()["sessions"]

    answer = await signs_in(client, email, next="/dashboard/leads")

    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/leads")
    assert answer.cookies["trulybot"]
    assert [str(one[0]) for one in above.founded] == [id]
    assert issuer.becomes()["sessions"] == before  # the session that the project opened for it is closed again


async def test_a_wrong_password_there_is_wrong_here(client: Client, issuer: Issuer):
    _, email = knows(issuer)

    answer = await signs_in(client, email, "wrong")

    assert answer.status_code == 400
    assert "The email or the password is not right." in answer.text


@pytest.mark.parametrize(
    ("code", "said"), [("email_not_confirmed", "Confirm your email first"), ("user_banned", "User is banned")]
)
async def test_what_the_project_refuses_is_said(client: Client, issuer: Issuer, code: str, said: str):
    _, email = knows(issuer, refuses=code)

    assert said in (await signs_in(client, email)).text


async def test_while_the_project_does_not_answer_the_page_says_so(db: Database, above: Above, accounts: Accounts):
    away = replace(accounts, supabase=Project("http://127.0.0.1:1", anon_key=ANON_KEY))
    async with client_of(app_of(db, away)) as client:
        answer = await signs_in(client, "ana@example.com")

    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


async def test_a_second_step_there_is_asked_for_here(client: Client, issuer: Issuer):
    _, email = knows(issuer, factors=[{"id": str(uuid4()), "status": "verified", "factor_type": "totp"}])

    asked = await signs_in(client, email)
    wrong = await signs_in(client, email, code="000000")
    right = await signs_in(client, email, code=CODE)

    assert asked.status_code == 400
    assert 'name="code"' in asked.text
    assert "trulybot" not in asked.cookies
    assert wrong.status_code == 400
    assert right.status_code == 303


async def test_the_sign_in_page_offers_no_sign_up(client: Client):
    assert "/sign-up" not in (await client.get("/sign-in")).text

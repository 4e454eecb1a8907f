import asyncio
from uuid import UUID

from tests.accounts.factors.steps import enrols
from tests.accounts.served import Above, Client, accounts_of, app_of, bearer, client_of, fresh
from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.models import Person
from trulybot.kit.db import Database


async def test_a_refresh_token_works_and_is_followed_by_another(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = (await accounts_app.refreshes(session["refresh_token"])).json()

    assert answer["refresh_token"] != session["refresh_token"]
    assert answer["user"]["id"] == session["user"]["id"]
    assert (await accounts_app.reads_user(answer["access_token"])).status_code == 200


async def test_a_client_that_lost_our_answer_gets_the_same_successor(db: Database, above: Above):
    async with client_of(app_of(db, accounts_of(above, reuse_interval_seconds=0))) as client:
        session = await client.signs_up()
        first = (await client.refreshes(session["refresh_token"])).json()

        again = (await client.refreshes(session["refresh_token"])).json()

    assert again["refresh_token"] == first["refresh_token"]


async def test_an_older_token_ends_the_session_for_everyone(db: Database, above: Above):
    async with client_of(app_of(db, accounts_of(above, reuse_interval_seconds=0))) as client:
        stolen = await client.signs_up()
        second = (await client.refreshes(stolen["refresh_token"])).json()
        third = (await client.refreshes(second["refresh_token"])).json()

        reused = await client.refreshes(stolen["refresh_token"])

        assert (reused.status_code, reused.json()["code"]) == (400, "refresh_token_already_used")
        assert reused.json()["message"] == "Invalid Refresh Token: Already Used"
        assert (await client.refreshes(third["refresh_token"])).json()["code"] == "refresh_token_not_found"
        assert (await client.reads_user(third["access_token"])).json()["code"] == "session_not_found"


async def test_within_the_reuse_interval_an_older_token_is_forgiven(accounts_app: Client, db: Database):
    first = await accounts_app.signs_up()
    second = (await accounts_app.refreshes(first["refresh_token"])).json()
    third = (await accounts_app.refreshes(second["refresh_token"])).json()

    soon = await accounts_app.refreshes(first["refresh_token"])
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.refresh_tokens set used_at = used_at - interval '11 seconds'")
    late = await accounts_app.refreshes(first["refresh_token"])

    assert soon.json()["refresh_token"] == third["refresh_token"]
    assert (late.status_code, late.json()["code"]) == (400, "refresh_token_already_used")


async def test_twenty_refreshes_at_once_leave_one_chain(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()

    answers = await asyncio.gather(*(accounts_app.refreshes(session["refresh_token"]) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    async with db.system("test") as tx:
        in_force = await tx.value(
            """
            select count(*)
              from trulybot_auth.refresh_tokens t
              join trulybot_auth.sessions s on s.id = t.session_id
             where s.user_id = %(user_id)s
               and t.used_at is null
            """,
            user_id=session["user"]["id"],
        )
    assert in_force == 1


async def test_a_token_from_before_the_second_factor_refreshes_nothing_though_it_came_in_time(
    accounts_app: Client, accounts: Accounts, db: Database
):
    """The refresh has found its token and waits for the session, which is raised at this moment."""
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])
    person = Person(UUID(session["user"]["id"]), "", await _session_id(db, session["user"]["id"]))
    async with db.system("raise") as tx:
        await sessions.raise_session(tx, accounts, person, method="totp", factor_id=UUID(app.factor_id))
        waiting = asyncio.create_task(accounts_app.refreshes(session["refresh_token"]))
        await _somebody_waits(db)

    answer = await waiting

    assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_not_found")


async def test_no_text_that_is_not_a_refresh_token_refreshes(accounts_app: Client):
    for text in ("x", "UPPERCASE1234", "' or 1=1 --", "a" * 65, "\x00" * 12, "ä" * 12):
        answer = await accounts_app.refreshes(text)
        assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed"), text
        assert answer.json()["message"] == "Refresh token is not valid"

    answer = await accounts_app.refreshes("abcdefghijkl")

    assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_not_found")


async def test_a_session_ends_when_idle_or_old(accounts_app: Client, db: Database):
    for column, age in (("used_at", "8 days"), ("created_at", "31 days")):
        session = await accounts_app.signs_up()
        async with db.system("test") as tx:
            await tx.run(
                f"update trulybot_auth.sessions set {column} = now() - %(age)s::interval where user_id = %(id)s",  # type: ignore[arg-type]  # noqa: S608
                age=age,
                id=session["user"]["id"],
            )

        answer = await accounts_app.refreshes(session["refresh_token"])

        assert (answer.status_code, answer.json()["code"]) == (400, "session_expired")


async def test_ended_sessions_are_cleared_away_at_the_next_sign_in(accounts_app: Client, db: Database):
    form = fresh()
    session = await accounts_app.signs_up(**form)
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.sessions set used_at = now() - interval '8 days' where user_id = %(id)s",
            id=session["user"]["id"],
        )

    await accounts_app.signs_in(form["email"])

    async with db.system("test") as tx:
        left = await tx.value(
            "select count(*) from trulybot_auth.sessions where user_id = %(id)s", id=session["user"]["id"]
        )
    assert left == 1


async def test_the_database_holds_no_token_and_no_cookie(accounts_app: Client, accounts: Accounts, db: Database):
    session = await accounts_app.signs_up()
    user_id = accounts.tokens.verify(session["access_token"]).user_id
    async with db.system("test") as tx:
        cookie = await sessions.open_browser_session(tx, accounts, user_id, method="password")
        dump = await tx.value(
            """
            select (select string_agg(t::text, '|') from trulybot_auth.refresh_tokens t)
                   || (select string_agg(s::text, '|') from trulybot_auth.sessions s)
                   || (select string_agg(u::text, '|') from trulybot_auth.users u)
            """
        )

    for secret in (session["refresh_token"], session["access_token"], cookie):
        assert secret not in dump
        assert secret.encode().hex() not in dump


async def test_another_secret_key_makes_every_token_worthless(accounts_app: Client, db: Database, above: Above):
    session = await accounts_app.signs_up()

    async with client_of(app_of(db, accounts_of(above, secret_key="b" * 40))) as other:
        refreshed = await other.refreshes(session["refresh_token"])
        read = await other.get("/auth/v1/user", headers=bearer(session["access_token"]))

    assert refreshed.json()["code"] == "refresh_token_not_found"
    assert read.json()["code"] == "bad_jwt"


async def _session_id(db: Database, user_id: str) -> UUID:
    async with db.system("test") as tx:
        found = await tx.value("select id from trulybot_auth.sessions where user_id = %(id)s", id=user_id)
    return UUID(str(found))


async def _somebody_waits(db: Database) -> None:
    """Until another transaction waits for a row."""
    async with db.system("test") as tx:
        while not await tx.value("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0)

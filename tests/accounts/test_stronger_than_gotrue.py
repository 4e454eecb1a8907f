"""Where GoTrue is weak and we are not. Items 3, 4 and 8 are tested beside second factors, passwords and lock-out."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.accounts.factors.steps import answers, guarded, is_challenged, time_passes, verifies
from tests.accounts.one_time.test_mails import code, confirmed
from tests.accounts.served import (
    PASSWORD,
    Above,
    Client,
    accounts_of,
    app_of,
    client_of,
    fresh,
    last_letter,
    letters,
)
from trulybot.accounts import passwords
from trulybot.accounts.config import Accounts
from trulybot.kit.db import Database


@pytest.fixture
def accounts(above: Above) -> Accounts:
    return accounts_of(above, autoconfirm=False)


@pytest.fixture
async def confirming(db: Database, accounts: Accounts) -> AsyncIterator[Client]:
    async with client_of(app_of(db, accounts)) as client:
        yield client


async def a_minute_later(accounts: Accounts, email: str) -> None:
    """The mail of the sign-up no longer counts."""
    await accounts.limiter.clear(accounts.limits.email_again, f"confirmation {email}")


async def test_weakness_1_a_forwarded_address_names_nobody(confirming: Client, db: Database):
    """The address of a session is the connection's, whatever the first X-Forwarded-For entry says."""
    form = await confirmed(confirming, db)

    await confirming.post(
        "/auth/v1/token?grant_type=password",
        json={"email": form["email"], "password": form["password"]},
        headers={"X-Forwarded-For": "6.6.6.6, 7.7.7.7"},
    )

    async with db.system("test") as tx:
        addresses = await tx.value(
            """
            select array_agg(s.address)
              from trulybot_auth.sessions s join trulybot_auth.users u on u.id = s.user_id
             where u.email = %(email)s
            """,
            email=form["email"],
        )
    assert set(addresses) == {"127.0.0.1"}


async def test_weakness_2_an_unknown_email_costs_as_much_work_as_a_known_one(
    confirming: Client, db: Database, monkeypatch: pytest.MonkeyPatch
):
    form, work = await confirmed(confirming, db), []
    verify = passwords._hasher.verify
    monkeypatch.setattr(passwords._hasher, "verify", lambda *args: work.append(args[1][:30]) or verify(*args))

    known = await confirming.signs_in(form["email"], "a wrong password")
    unknown = await confirming.signs_in(fresh()["email"], "a wrong password")

    assert len(work) == 2
    assert work[0].split("$")[1:4] == work[1].split("$")[1:4]
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


async def test_weakness_2_a_ban_is_told_only_to_who_knows_the_password(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = now() + interval '1 day' where email = %(email)s",
            email=form["email"],
        )

    assert code(await confirming.signs_in(form["email"], "a wrong password")) == "invalid_credentials"
    assert code(await confirming.signs_in(form["email"])) == "user_banned"


async def test_weakness_3_a_code_of_an_app_is_not_taken_again_for_a_fresh_challenge(db: Database, above: Above):
    async with client_of(app_of(db, accounts_of(above))) as client:
        session, app = await guarded(client)
        await time_passes(db, app)
        code = app.code()
        raised = await verifies(client, session["access_token"], app, code)

        challenge = await is_challenged(client, raised["access_token"], app)
        replayed = await answers(client, raised["access_token"], app, challenge, code)

    assert (replayed.status_code, replayed.json()["code"]) == (422, "mfa_verification_failed")


@pytest.mark.parametrize(("password", "reasons"), [("seven 7", ["length"]), ("football", ["pwned"])])
async def test_weakness_4_a_short_or_leaked_password_is_refused(
    accounts_app: Client, password: str, reasons: list[str]
):
    answer = await accounts_app.post("/auth/v1/signup", json=fresh(password=password))

    assert (answer.status_code, answer.json()["weak_password"]["reasons"]) == (422, reasons)


async def test_weakness_5_nothing_in_a_dump_lets_anybody_in(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    session = (await confirming.signs_in(form["email"])).json()
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])

    async with db.system("test") as tx:
        dump = str(
            await tx.value(
                """
                select concat((select string_agg(u::text, ' ') from trulybot_auth.users u),
                              (select string_agg(s::text, ' ') from trulybot_auth.sessions s),
                              (select string_agg(r::text, ' ') from trulybot_auth.refresh_tokens r),
                              (select string_agg(o::text, ' ') from trulybot_auth.one_time_tokens o),
                              (select string_agg(m::text, ' ') from trulybot_auth.mails m))
                """
            )
        )

    for secret in (session["refresh_token"], letter.token, form["password"]):
        assert secret not in dump


async def test_weakness_5_a_code_is_kept_under_a_key_of_the_server(confirming: Client, db: Database, above: Above):
    """Whoever can hash finds six digits in a moment; without the key nobody can, and another server has another."""
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])
    elsewhere = accounts_of(above, secret_key="another secret, long enough as well")

    async with client_of(app_of(db, elsewhere)) as other:
        answer = await other.post(
            "/auth/v1/verify", json={"type": "recovery", "email": form["email"], "token": letter.code}
        )

    assert answer.status_code == 403


async def test_weakness_6_a_code_is_compared_in_constant_time_and_spent_by_five_wrong_tries(
    confirming: Client, db: Database
):
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])
    wrong = "000000" if letter.code != "000000" else "000001"

    async def tries(token: str) -> httpx.Response:
        return await confirming.post(
            "/auth/v1/verify", json={"type": "recovery", "email": form["email"], "token": token}
        )

    refused = [(await tries(wrong)).status_code for _ in range(5)]
    right = await tries(letter.code)
    by_link = await confirming.post("/auth/v1/verify", json={"type": "recovery", "token_hash": letter.token})

    assert refused == [403] * 5
    assert right.status_code == 403
    assert by_link.status_code == 200, "whoever guesses at a code must not take the link away from its owner"


async def test_weakness_6_tries_at_once_are_all_counted_and_one_code_lets_in_once(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])
    body = {"type": "recovery", "email": form["email"], "token": letter.code}

    answers = await asyncio.gather(*(confirming.post("/auth/v1/verify", json=body) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers)[:2] == [200, 403]


async def test_weakness_6_guessing_at_links_spends_nobodys_code(confirming: Client, db: Database):
    form = await confirmed(confirming, db)
    await confirming.post("/auth/v1/recover", json={"email": form["email"]})
    letter = await last_letter(db, form["email"])
    for number in range(10):
        await confirming.post("/auth/v1/verify", json={"type": "recovery", "token_hash": f"{number:056}"})

    answer = await confirming.post(
        "/auth/v1/verify", json={"type": "recovery", "email": form["email"], "token": letter.code}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("recover", {}),
        ("magiclink", {}),
        ("otp", {"create_user": False}),
        ("resend", {"type": "signup"}),
        ("resend", {"type": "email_change"}),
        ("signup", {"password": PASSWORD}),
        ("token?grant_type=password", {"password": "a wrong password"}),
    ],
)
async def test_weakness_7_nothing_tells_whether_somebody_has_an_account(
    confirming: Client, db: Database, accounts: Accounts, path: str, body: dict[str, object]
):
    known, unknown = (await confirmed(confirming, db))["email"], fresh()["email"]
    await a_minute_later(accounts, known)

    answers = [await confirming.post(f"/auth/v1/{path}", json={"email": email} | body) for email in (known, unknown)]
    again = [await confirming.post(f"/auth/v1/{path}", json={"email": email} | body) for email in (known, unknown)]

    assert answers[0].status_code == answers[1].status_code
    assert len(answers[0].content) == len(answers[1].content)
    assert set(answers[0].headers) == set(answers[1].headers)
    assert again[0].status_code == again[1].status_code


async def test_weakness_7_nobody_unknown_is_mailed_or_made_where_that_was_not_asked(confirming: Client, db: Database):
    email = fresh()["email"]

    await confirming.post("/auth/v1/otp", json={"email": email, "create_user": False})
    await confirming.post("/auth/v1/recover", json={"email": email})

    assert await letters(db, email) == []


async def test_weakness_7_a_taken_email_signs_up_with_the_same_work(
    confirming: Client, db: Database, accounts: Accounts, above: Above
):
    """A person is made with a workspace, and a mail written, for nobody: and nothing of it is left."""
    taken = await confirmed(confirming, db)
    await a_minute_later(accounts, taken["email"])
    async with db.system("test") as tx:
        before = await tx.value("select count(*) from trulybot_auth.users")

    await confirming.post("/auth/v1/signup", json=taken)

    async with db.system("test") as tx:
        after = await tx.value("select count(*) from trulybot_auth.users")
    assert len(above.founded) == 2
    assert [letter.kind for letter in await letters(db, taken["email"])] == ["confirmation"]
    assert after == before

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.accounts.served import PASSWORD, Above, Client, accounts_of, app_of, bearer, client_of, fresh
from trulybot.accounts import passwords, service, signing_up
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import InvalidCredentials
from trulybot.accounts.forms import SignUp
from trulybot.kit.db import Database
from trulybot.kit.errors import Conflict


def code(response: httpx.Response) -> str:
    return response.json()["code"]  # type: ignore[no-any-return]


async def test_signing_up_makes_a_person_with_a_session_and_a_workspace(accounts_app: Client, above: Above):
    form = fresh(data={"workspace_name": "Acme", "locale": None})

    session = (await accounts_app.post("/auth/v1/signup", json=form)).json()

    user = session["user"]
    assert session["token_type"] == "bearer"
    assert session["expires_in"] == 3600
    assert user["email"] == form["email"]
    assert user["aud"] == user["role"] == "authenticated"
    assert user["phone"] == ""
    assert user["user_metadata"] == {"workspace_name": "Acme", "locale": None}
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert user["identities"][0]["identity_data"]["email_verified"] is True
    assert user["identities"][0]["id"] == user["id"]
    assert user["confirmed_at"] == user["email_confirmed_at"]
    assert user["last_sign_in_at"].endswith("Z")
    assert above.founded == [(UUID(user["id"]), form["email"], form["data"])]


async def test_an_answer_holds_no_hash_and_no_null_that_was_never_set(accounts_app: Client):
    session = await accounts_app.signs_up()

    assert "argon2" not in str(session)
    assert not {"banned_until", "deleted_at", "password_hash", "confirmation_sent_at"} & session["user"].keys()


async def test_the_same_routes_answer_below_api_auth(accounts_app: Client):
    made = await accounts_app.post("/api/auth/signup", json=fresh())

    user = await accounts_app.get("/api/auth/user", headers=bearer(made.json()["access_token"]))

    assert user.json()["id"] == made.json()["user"]["id"]


async def test_what_we_say_of_a_person_cannot_be_sent_by_them(accounts_app: Client):
    session = await accounts_app.signs_up(
        app_metadata={"role": "admin"},
        role="service_role",
        id="00000000-0000-7000-8000-000000000000",
        email_confirm=True,
        banned_until=None,
    )

    assert session["user"]["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert session["user"]["role"] == "authenticated"
    assert session["user"]["id"] != "00000000-0000-7000-8000-000000000000"


async def test_a_taken_email_is_refused_whatever_its_letter_case(accounts_app: Client):
    form = fresh()
    await accounts_app.signs_up(**form)

    again = await accounts_app.post("/auth/v1/signup", json=form | {"email": form["email"].upper()})

    assert (again.status_code, code(again)) == (422, "user_already_exists")
    assert again.json()["message"] == "User already registered"


async def test_twenty_at_once_with_one_email_make_one_person(accounts_app: Client, above: Above):
    form = fresh()

    answers = await asyncio.gather(*(accounts_app.post("/auth/v1/signup", json=form) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 19
    assert len(above.founded) == 1


async def test_nobody_is_left_when_the_workspace_cannot_be_made(db: Database, above: Above):
    async def fails(*_: Any) -> None:
        raise Conflict

    form = fresh()
    async with client_of(app_of(db, accounts_of(above, found=fails))) as broken:
        answer = await broken.post("/auth/v1/signup", json=form)
    async with client_of(app_of(db, accounts_of(above))) as mended:
        again = await mended.post("/auth/v1/signup", json=form)

    assert (answer.status_code, code(answer)) == (409, "conflict")
    assert again.status_code == 200


async def test_where_emails_are_confirmed_a_taken_one_looks_like_a_new_one(
    accounts_app: Client, confirming_app: Client
):
    taken, new, newer = fresh(), fresh(), fresh()
    await accounts_app.signs_up(**taken)

    answers = [await confirming_app.post("/auth/v1/signup", json=form) for form in (new, taken, newer)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({len(answer.content) for answer in answers}) == 1
    assert len({tuple(answer.json()) for answer in answers}) == 1
    assert len({answer.json()["id"] for answer in answers}) == 3
    assert answers[1].json()["identities"] == []
    assert "confirmation_sent_at" in answers[1].json()


async def test_who_has_not_confirmed_the_email_cannot_sign_in(confirming_app: Client):
    form = fresh()
    await confirming_app.post("/auth/v1/signup", json=form)

    answer = await confirming_app.signs_in(form["email"])

    assert (answer.status_code, code(answer)) == (400, "email_not_confirmed")


@pytest.mark.parametrize(
    ("change", "status", "expected"),
    [
        ({"email": "", "password": ""}, 422, "anonymous_provider_disabled"),
        ({"email": None}, 422, "anonymous_provider_disabled"),
        ({"password": ""}, 400, "validation_failed"),
        ({"password": "seven77"}, 422, "weak_password"),
        ({"password": "a" * 1001}, 400, "validation_failed"),
        ({"email": "not an email"}, 400, "validation_failed"),
        ({"email": "\ud800@example.com"}, 400, "validation_failed"),
        ({"email": "a\0b@example.com"}, 400, "validation_failed"),
        ({"email": "a" * 250 + "@example.com"}, 400, "validation_failed"),
        ({"email": "", "phone": "+14155550100"}, 400, "phone_provider_disabled"),
        ({"phone": "+14155550100"}, 400, "validation_failed"),
        ({"data": {"name": "a\0b"}}, 400, "validation_failed"),
        ({"data": {"name": "x" * 5000}}, 400, "validation_failed"),
        ({"data": []}, 400, "bad_json"),
        ({"email": 7}, 400, "bad_json"),
    ],
)
async def test_what_does_not_do_for_signing_up(
    accounts_app: Client, change: dict[str, Any], status: int, expected: str
):
    body = json.dumps(fresh() | change)
    answer = await accounts_app.post("/auth/v1/signup", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, code(answer)) == (status, expected)
    assert answer.headers["x-sb-error-code"] == expected


@pytest.mark.parametrize("password", ["eight 88", "பாதுகாப்பான சொல்", "p" * 1000, " spaces count ", "half a \ud800 \0"])
async def test_a_password_is_kept_exactly(db: Database, accounts: Accounts, password: str):
    form = SignUp(**fresh(password=password))
    await signing_up.sign_up(db, accounts, form)

    right = await service.sign_in(db, accounts, form.email, password)

    assert right.account.user.email == form.email
    with pytest.raises(InvalidCredentials):
        await service.sign_in(db, accounts, form.email, password[:-1])


async def test_a_weak_password_says_why(accounts_app: Client):
    answer = await accounts_app.post("/auth/v1/signup", json=fresh(password="short"))

    assert answer.json() == {
        "code": "weak_password",
        "message": "Password should be at least 8 characters.",
        "weak_password": {"message": "Password should be at least 8 characters.", "reasons": ["length"]},
    }


async def test_signing_up_can_be_switched_off(db: Database, above: Above):
    async with client_of(app_of(db, accounts_of(above, disable_signup=True))) as client:
        answer = await client.post("/auth/v1/signup", json=fresh())

    assert (answer.status_code, code(answer)) == (422, "signup_disabled")
    assert answer.json()["message"] == "Signups not allowed for this instance"


async def test_a_wrong_password_and_an_unknown_email_are_answered_alike_after_the_same_work(
    accounts_app: Client, monkeypatch: pytest.MonkeyPatch
):
    form = fresh()
    await accounts_app.signs_up(**form)
    checked_against: list[str] = []
    verify = passwords._hasher.verify

    def watched(password: bytes, password_hash: str) -> bool:
        checked_against.append(password_hash)
        return verify(password, password_hash)

    monkeypatch.setattr(passwords._hasher, "verify", watched)

    answers = [
        await accounts_app.signs_in(email, "a wrong password")
        for email in (form["email"], "nobody@example.com", "not an email")
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert len(checked_against) == 3
    assert {known.rpartition("$")[0].rpartition("$")[0] for known in checked_against} == {
        "$argon2id$v=19$m=19456,t=2,p=1"
    }


async def test_that_someone_is_banned_is_told_only_to_who_knows_the_password(accounts_app: Client, db: Database):
    form = fresh()
    session = await accounts_app.signs_up(**form)
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.users set banned_until = now() + interval '1 day' where id = %(id)s",
            id=session["user"]["id"],
        )

    wrong = await accounts_app.signs_in(form["email"], "a wrong password")
    right = await accounts_app.signs_in(form["email"])
    token = await accounts_app.reads_user(session["access_token"])
    refreshed = await accounts_app.refreshes(session["refresh_token"])

    assert (wrong.status_code, code(wrong)) == (400, "invalid_credentials")
    assert (right.status_code, code(right)) == (400, "user_banned")
    assert (token.status_code, code(token)) == (403, "user_banned")
    assert (refreshed.status_code, code(refreshed)) == (400, "user_banned")


@pytest.mark.parametrize(
    ("grant", "form", "status", "expected"),
    [
        ("password", {"password": PASSWORD}, 400, "validation_failed"),
        ("password", {"phone": "+14155550100", "password": PASSWORD}, 400, "phone_provider_disabled"),
        ("refresh_token", {}, 400, "validation_failed"),
        ("pkce", {"auth_code": ""}, 400, "validation_failed"),
        ("pkce", {"auth_code": "x", "code_verifier": "y"}, 404, "flow_state_not_found"),
        ("id_token", {"provider": "google", "id_token": "x"}, 400, "provider_disabled"),
        ("client_credentials", {}, 400, "invalid_credentials"),
        ("", {}, 400, "invalid_credentials"),
    ],
)
async def test_other_grants_are_refused_as_gotrue_does(
    accounts_app: Client, grant: str, form: dict[str, str], status: int, expected: str
):
    answer = await accounts_app.post(f"/auth/v1/token?grant_type={grant}", json=form)

    assert (answer.status_code, code(answer)) == (status, expected)


async def test_a_bad_bearer_does_not_disturb_the_public_routes(accounts_app: Client):
    headers = bearer("sb_publishable_not_a_jwt") | {"apikey": "sb_publishable_not_a_jwt"}

    made = await accounts_app.post("/auth/v1/signup", json=fresh(), headers=headers)
    settings = await accounts_app.get("/auth/v1/settings", headers=headers)

    assert made.status_code == 200
    assert settings.json()["external"]["email"] is True
    assert settings.json()["external"]["google"] is False


async def test_signing_out_ends_the_sessions_it_names(accounts_app: Client):
    form = fresh()
    first = await accounts_app.signs_up(**form)
    second, third = [(await accounts_app.signs_in(form["email"])).json() for _ in range(2)]

    async def alive() -> list[bool]:
        tokens = [session["access_token"] for session in (first, second, third)]
        return [(await accounts_app.reads_user(token)).status_code == 200 for token in tokens]

    async def signs_out(session: dict[str, Any], query: str) -> None:
        answer = await accounts_app.post(f"/auth/v1/logout{query}", headers=bearer(session["access_token"]))
        assert (answer.status_code, answer.content) == (204, b"")

    await signs_out(third, "?scope=local")
    assert await alive() == [True, True, False]
    await signs_out(first, "?scope=others")
    assert await alive() == [True, False, False]
    await signs_out(first, "")
    assert await alive() == [False, False, False]


async def test_after_signing_out_neither_token_is_good(accounts_app: Client):
    session = await accounts_app.signs_up()
    await accounts_app.post("/auth/v1/logout", headers=bearer(session["access_token"]))

    read = await accounts_app.reads_user(session["access_token"])
    refreshed = await accounts_app.refreshes(session["refresh_token"])

    assert (read.status_code, code(read)) == (403, "session_not_found")
    assert (refreshed.status_code, code(refreshed)) == (400, "refresh_token_not_found")
    assert refreshed.json()["message"] == "Invalid Refresh Token: Refresh Token Not Found"


async def test_an_unknown_scope_signs_nobody_out(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = await accounts_app.post("/auth/v1/logout?scope=all", headers=bearer(session["access_token"]))

    assert (answer.status_code, code(answer)) == (400, "validation_failed")
    assert (await accounts_app.reads_user(session["access_token"])).status_code == 200


async def test_a_person_who_is_gone_is_not_found(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()
    async with db.system("test") as tx:
        await tx.run("delete from trulybot_auth.users where id = %(id)s", id=session["user"]["id"])

    answer = await accounts_app.reads_user(session["access_token"])

    assert (answer.status_code, code(answer)) == (403, "user_not_found")


async def test_data_is_merged_and_null_takes_a_key_away(accounts_app: Client):
    session = await accounts_app.signs_up(data={"name": "Ana", "locale": "ta"})

    answer = await accounts_app.changes_user(session["access_token"], data={"locale": None, "city": "Madurai"})

    assert answer.json()["user_metadata"] == {"name": "Ana", "city": "Madurai"}


async def test_two_changes_at_once_are_both_kept(accounts_app: Client):
    session = await accounts_app.signs_up()

    await asyncio.gather(
        *(accounts_app.changes_user(session["access_token"], data={f"key{number}": 1}) for number in range(8))
    )

    user = (await accounts_app.reads_user(session["access_token"])).json()
    assert user["user_metadata"] == {f"key{number}": 1 for number in range(8)}


async def test_a_new_email_is_taken_over_at_once(accounts_app: Client, above: Above):
    session, email = await accounts_app.signs_up(), fresh()["email"]

    answer = await accounts_app.changes_user(session["access_token"], email=email.upper())

    assert answer.json()["email"] == email
    assert answer.json()["identities"][0]["email"] == email
    assert above.moved == [(UUID(session["user"]["id"]), email)]
    assert (await accounts_app.signs_in(email)).status_code == 200
    assert (await accounts_app.signs_in(session["user"]["email"])).status_code == 400


async def test_somebody_elses_email_is_refused_and_nothing_else_changes(accounts_app: Client):
    ana, ben = await accounts_app.signs_up(), await accounts_app.signs_up()

    answer = await accounts_app.changes_user(ana["access_token"], email=ben["user"]["email"], data={"name": "Ana"})

    assert (answer.status_code, code(answer)) == (422, "email_exists")
    assert (await accounts_app.reads_user(ana["access_token"])).json()["user_metadata"] == {}


async def test_a_new_password_ends_the_other_sessions(accounts_app: Client):
    form = fresh()
    other = await accounts_app.signs_up(**form)
    own = (await accounts_app.signs_in(form["email"])).json()

    answer = await accounts_app.changes_user(own["access_token"], password="another good one")

    assert answer.status_code == 200
    assert (await accounts_app.reads_user(own["access_token"])).status_code == 200
    assert code(await accounts_app.reads_user(other["access_token"])) == "session_not_found"
    assert code(await accounts_app.refreshes(other["refresh_token"])) == "refresh_token_not_found"
    assert (await accounts_app.refreshes(own["refresh_token"])).status_code == 200
    assert (await accounts_app.signs_in(form["email"])).status_code == 400
    assert (await accounts_app.signs_in(form["email"], "another good one")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "expected"),
    [
        ({"password": PASSWORD}, 422, "same_password"),
        ({"password": "short"}, 422, "weak_password"),
        ({"password": "another good one", "current_password": "wrong"}, 400, "current_password_invalid"),
        ({"email": "no email"}, 400, "validation_failed"),
        ({"phone": "+14155550100"}, 400, "phone_provider_disabled"),
        ({"app_metadata": {"role": "admin"}}, 403, "not_admin"),
        ({"data": {"name": "x" * 5000}}, 400, "validation_failed"),
    ],
)
async def test_what_does_not_do_for_changing_a_user(
    accounts_app: Client, fields: dict[str, Any], status: int, expected: str
):
    session = await accounts_app.signs_up()

    answer = await accounts_app.changes_user(session["access_token"], **fields)

    assert (answer.status_code, code(answer)) == (status, expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"password": "another good one"}, "reauthentication_needed"),
        ({"email": "new-{}@example.com"}, "current_password_required"),
    ],
)
async def test_an_old_session_changes_email_and_password_only_with_the_password(
    accounts_app: Client, db: Database, fields: dict[str, str], expected: str
):
    session = await accounts_app.signs_up()
    fields = {name: value.format(session["user"]["id"]) for name, value in fields.items()}
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.sessions set created_at = now() - interval '25 hours' where user_id = %(id)s",
            id=session["user"]["id"],
        )

    without = await accounts_app.changes_user(session["access_token"], **fields)
    with_it = await accounts_app.changes_user(session["access_token"], **fields, current_password=PASSWORD)

    assert (without.status_code, code(without)) == (400, expected)
    assert with_it.status_code == 200


async def test_what_is_not_here_is_said_in_words_that_clients_know(accounts_app: Client):
    for method, path, expected in (
        ("GET", "admin/oauth/clients", "feature_disabled"),
        ("GET", "oauth/authorizations/1", "feature_disabled"),
        ("POST", "sso", "saml_provider_disabled"),
        ("GET", "passkeys", "passkey_disabled"),
    ):
        answer = await accounts_app.request(method, f"/auth/v1/{path}")

        assert (answer.status_code, code(answer)) == (404, expected), path


async def test_a_known_path_by_another_method_is_405(accounts_app: Client):
    answer = await accounts_app.delete("/auth/v1/signup")

    assert answer.status_code == 405


async def test_health_names_the_api(accounts_app: Client):
    health = (await accounts_app.get("/auth/v1/health")).json()

    assert health["name"] == "GoTrue"
    assert health.keys() == {"version", "name", "description"}


async def test_the_published_keys_are_public_and_may_be_kept_ten_minutes(accounts_app: Client, accounts: Accounts):
    answer = await accounts_app.get("/auth/v1/.well-known/jwks.json")

    (key,) = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "alg", "use", "key_ops", "kid"}
    assert (key["alg"], key["key_ops"]) == ("ES256", ["verify"])
    assert answer.headers["cache-control"] == "public, max-age=600"


async def test_discovery_names_our_own_address_whatever_the_host_header_says(accounts_app: Client):
    answer = await accounts_app.get("/auth/v1/.well-known/openid-configuration", headers={"Host": "evil.example"})

    assert answer.json()["issuer"] == "https://trulybot.test/auth/v1"
    assert "evil" not in answer.text


async def test_only_the_role_for_sign_in_may_see_people(db: Database):
    async with db.pool.connection() as connection:
        for role in ("authenticated", "visitor", None):
            await connection.execute("begin")
            if role:
                await connection.execute(f"set local role {role}")  # type: ignore[arg-type]
            with pytest.raises(Exception, match="permission denied for schema"):
                await connection.execute("select from trulybot_auth.users")
            await connection.execute("rollback")

"""People, as an operator's programs see and change them."""

import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

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

KEY = "sb_secret_" + "k" * 32
SECRET = "a secret that GoTrue's tokens are signed with"
OPERATOR = bearer(KEY)


@pytest.fixture
async def admin(db: Database, above: Above) -> AsyncIterator[Client]:
    accounts = accounts_of(above, autoconfirm=False, admin_key=KEY, jwt_secret=SECRET)
    async with client_of(app_of(db, accounts)) as client:
        yield client


def code(response: httpx.Response) -> str:
    return str(response.json()["code"])


async def makes(client: Client, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/auth/v1/admin/users", json=fresh(email_confirm=True, **fields), headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def program(secret: str = SECRET, **claims: Any) -> dict[str, str]:
    return bearer(jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret)))


async def test_an_operator_makes_somebody_who_can_sign_in_at_once(admin: Client, above: Above):
    form = fresh(email_confirm=True, user_metadata={"name": "Ana"}, app_metadata={"plan": "x"}, role="editor")

    made = (await admin.post("/auth/v1/admin/users", json=form, headers=OPERATOR)).json()
    session = (await admin.signs_in(form["email"])).json()

    assert made["email_confirmed_at"]
    assert made["user_metadata"] == {"name": "Ana"}
    assert made["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "x"}
    assert made["role"] == session["user"]["role"] == "editor"
    assert above.founded[0][:2] == (UUID(made["id"]), form["email"])
    assert (await admin.reads_user(session["access_token"])).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "expected"),
    [
        ({"email": ""}, 400, "validation_failed"),
        ({"email": "no email"}, 400, "validation_failed"),
        ({"password": "short"}, 422, "weak_password"),
        ({"password_hash": "$2b$10$" + "a" * 53}, 400, "validation_failed"),
        ({"password": "", "password_hash": "md5"}, 400, "validation_failed"),
        ({"role": "service_role"}, 400, "validation_failed"),
        ({"ban_duration": "soon"}, 400, "validation_failed"),
        ({"id": "1"}, 400, "validation_failed"),
    ],
)
async def test_what_an_operator_cannot_make(admin: Client, fields: dict[str, str], status: int, expected: str):
    answer = await admin.post("/auth/v1/admin/users", json=fresh() | fields, headers=OPERATOR)

    assert (answer.status_code, code(answer)) == (status, expected)


async def test_a_taken_email_is_told_to_an_operator(admin: Client):
    ana, ben = await makes(admin), await makes(admin)

    made = await admin.post("/auth/v1/admin/users", json=fresh(email=ana["email"]), headers=OPERATOR)
    changed = await admin.put(f"/auth/v1/admin/users/{ben['id']}", json={"email": ana["email"]}, headers=OPERATOR)

    assert (made.status_code, code(made)) == (422, "email_exists")
    assert (changed.status_code, code(changed)) == (422, "email_exists")


async def test_people_are_listed_a_page_at_a_time_with_gotrues_headers(admin: Client):
    mark = uuid4().hex
    for number in range(5):
        await makes(admin, email=f"{mark}-{number}@example.com")

    def page(**params: Any) -> Any:
        return admin.get("/auth/v1/admin/users", params=params | {"filter": mark}, headers=OPERATOR)

    first, last = await page(page=1, per_page=2), await page(page=3, per_page=2)

    assert [user["email"][33] for user in first.json()["users"]] == ["4", "3"]
    assert first.json()["aud"] == "authenticated"
    assert first.headers["x-total-count"] == "5"
    assert first.headers["link"] == (
        f'</auth/v1/admin/users?page=2&per_page=2&filter={mark}>; rel="next", '
        f'</auth/v1/admin/users?page=3&per_page=2&filter={mark}>; rel="last"'
    )
    assert last.headers["link"] == f'</auth/v1/admin/users?page=3&per_page=2&filter={mark}>; rel="last"'
    assert len((await page()).json()["users"]) == 5
    assert code(await page(page=-1)) == "validation_failed"


async def test_an_operator_changes_a_person_at_once(admin: Client):
    user, email = await makes(admin, user_metadata={"a": 1, "b": 2}), fresh()["email"]
    session = (await admin.signs_in(user["email"])).json()

    changed = await admin.put(
        f"/auth/v1/admin/users/{user['id']}",
        json={
            "email": email,
            "password": "another good one",
            "user_metadata": {"a": None, "c": 3},
            "app_metadata": {"plan": "y"},
        },
        headers=OPERATOR,
    )

    assert changed.json()["email"] == email
    assert changed.json()["user_metadata"] == {"b": 2, "c": 3}
    assert changed.json()["app_metadata"]["plan"] == "y"
    assert code(await admin.reads_user(session["access_token"])) == "session_not_found"
    assert (await admin.signs_in(email, "another good one")).status_code == 200


async def test_whoever_is_banned_is_out_at_once_until_the_ban_is_lifted(admin: Client):
    user = await makes(admin)
    session = (await admin.signs_in(user["email"])).json()
    path = f"/auth/v1/admin/users/{user['id']}"

    banned = await admin.put(path, json={"ban_duration": "24h"}, headers=OPERATOR)
    during = await admin.reads_user(session["access_token"])
    lifted = await admin.put(path, json={"ban_duration": "none"}, headers=OPERATOR)
    after = await admin.reads_user(session["access_token"])

    assert banned.json()["banned_until"]
    assert (during.status_code, code(during)) == (403, "user_banned")
    assert "banned_until" not in lifted.json()
    assert after.status_code == 200


@pytest.mark.parametrize("softly", [True, False])
async def test_a_deleted_person_is_gone_and_the_email_free(admin: Client, softly: bool):
    user = await makes(admin)
    session = (await admin.signs_in(user["email"])).json()
    path = f"/auth/v1/admin/users/{user['id']}"

    deleted = await admin.request("DELETE", path, json={"should_soft_delete": softly}, headers=OPERATOR)
    read = await admin.get(path, headers=OPERATOR)

    assert (deleted.status_code, deleted.json()) == (200, {})
    assert code(await admin.reads_user(session["access_token"])) == "user_not_found"
    assert (await admin.signs_in(user["email"])).status_code == 400
    assert read.status_code == (200 if softly else 404)
    if softly:
        assert read.json()["deleted_at"]
        assert user["email"] not in read.text
    assert (await makes(admin, email=user["email"]))["id"] != user["id"]


async def test_a_missing_person_is_not_found(admin: Client):
    for method in ("GET", "PUT", "DELETE"):
        missing = await admin.request(method, f"/auth/v1/admin/users/{uuid4()}", json={}, headers=OPERATOR)
        no_id = await admin.request(method, "/auth/v1/admin/users/1", json={}, headers=OPERATOR)

        assert (missing.status_code, code(missing)) == (404, "user_not_found")
        assert (no_id.status_code, code(no_id)) == (404, "validation_failed")


async def test_an_invitation_lets_somebody_in(admin: Client, db: Database):
    email = fresh()["email"]

    invited = (await admin.post("/auth/v1/invite", json={"email": email, "data": {"a": 1}}, headers=OPERATOR)).json()
    letter = await last_letter(db, email)
    answer = await admin.post("/auth/v1/verify", json={"type": "invite", "token_hash": letter.token})
    again = await admin.post("/auth/v1/invite", json={"email": email}, headers=OPERATOR)

    assert invited["invited_at"]
    assert (letter.kind, letter.asks["type"]) == ("invite", "invite")
    assert answer.json()["user"]["id"] == invited["id"]
    assert answer.json()["user"]["user_metadata"] == {"a": 1}
    assert (again.status_code, code(again)) == (422, "email_exists")


@pytest.mark.parametrize(
    ("type", "known", "verified_as"),
    [
        ("signup", False, "signup"),
        ("invite", False, "invite"),
        ("magiclink", True, "magiclink"),
        ("magiclink", False, "signup"),
        ("recovery", True, "recovery"),
    ],
)
async def test_a_generated_link_and_its_code_let_in_and_nothing_is_mailed(
    admin: Client, db: Database, type: str, known: bool, verified_as: str
):
    email = (await makes(admin))["email"] if known else fresh()["email"]
    body = {"type": type, "email": email, "password": PASSWORD}

    link = (await admin.post("/auth/v1/admin/generate_link", json=body, headers=OPERATOR)).json()
    answer = await admin.post("/auth/v1/verify", json={"type": verified_as, "email": email, "token": link["email_otp"]})

    assert link["email"] == email
    assert link["verification_type"] == verified_as
    assert link["hashed_token"] in link["action_link"]
    assert link["redirect_to"] == "https://trulybot.test"
    assert answer.status_code == 200, answer.text
    assert await letters(db, email) == []


async def test_generated_links_change_an_email_when_both_were_followed(admin: Client):
    user, new = await makes(admin), fresh()["email"]
    links = []
    for type in ("email_change_current", "email_change_new"):
        body = {"type": type, "email": user["email"], "new_email": new}
        links.append((await admin.post("/auth/v1/admin/generate_link", json=body, headers=OPERATOR)).json())

    for link in links:
        answer = await admin.post("/auth/v1/verify", json={"type": "email_change", "token_hash": link["hashed_token"]})

    assert [link["verification_type"] for link in links] == ["email_change_current", "email_change_new"]
    assert answer.json()["user"]["email"] == new


async def test_no_link_is_generated_for_the_wrong_people(admin: Client):
    known = await makes(admin)
    for body, status, expected in (
        ({"type": "recovery", "email": fresh()["email"]}, 404, "user_not_found"),
        ({"type": "signup", "email": known["email"], "password": PASSWORD}, 422, "email_exists"),
        ({"type": "signup", "email": fresh()["email"]}, 400, "validation_failed"),
        ({"type": "nonsense", "email": known["email"]}, 400, "validation_failed"),
        ({"type": "email_change_new", "email": known["email"], "new_email": known["email"]}, 422, "email_exists"),
    ):
        answer = await admin.post("/auth/v1/admin/generate_link", json=body, headers=OPERATOR)

        assert (answer.status_code, code(answer)) == (status, expected), body


NOBODY = "00000000-0000-7000-8000-000000000000"
CALLS = [
    ("GET", "admin/users"),
    ("POST", "admin/users"),
    ("GET", f"admin/users/{NOBODY}"),
    ("PUT", f"admin/users/{NOBODY}"),
    ("DELETE", f"admin/users/{NOBODY}"),
    ("POST", "admin/generate_link"),
    ("POST", "invite"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_nobody_but_an_operator_comes_in(admin: Client, method: str, path: str):
    user = await makes(admin)
    token = (await admin.signs_in(user["email"])).json()["access_token"]
    body = {"email": "x@example.com", "type": "magiclink"}
    for headers, status, expected in (
        ({}, 401, "no_authorization"),
        (bearer("nonsense"), 403, "bad_jwt"),
        (bearer(KEY[:-1] + "x"), 403, "bad_jwt"),
        (bearer(token), 403, "not_admin"),
        (program(role="anon"), 403, "not_admin"),
        (program(role="service_role", sub=user["id"]), 403, "bad_jwt"),
        (program(role="service_role", exp=int(time.time()) - 10), 403, "bad_jwt"),
        (program("another secret of some other project", role="service_role"), 403, "bad_jwt"),
    ):
        answer = await admin.request(method, f"/auth/v1/{path}", json=body, headers=headers)

        assert (answer.status_code, code(answer)) == (status, expected), headers


async def test_a_service_role_token_of_gotrue_comes_in(admin: Client):
    for role in ("service_role", "supabase_admin"):
        answer = await admin.get(
            "/auth/v1/admin/users", headers=program(role=role, iss="supabase", iat=1, exp=int(time.time()) + 60)
        )

        assert answer.status_code == 200


async def test_without_key_and_secret_there_is_no_operator(accounts_app: Client):
    for headers in (bearer(KEY), program(role="service_role")):
        assert (await accounts_app.get("/auth/v1/admin/users", headers=headers)).status_code == 403


async def test_with_gotrues_secret_alone_tokens_are_signed_by_it(admin: Client):
    user = await makes(admin)

    token = (await admin.signs_in(user["email"])).json()["access_token"]

    decoded = jwt.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"])
    assert decoded.header == {"alg": "HS256", "typ": "JWT"}
    assert decoded.claims["sub"] == user["id"]
    assert (await admin.get("/auth/v1/.well-known/jwks.json")).json() == {"keys": []}


@pytest.mark.parametrize("path", ["invite", "admin/generate_link"])
async def test_who_comes_in_by_an_invitation_leaves_no_password_of_somebody_else(
    admin: Client, db: Database, path: str
):
    """Somebody signs up with an address that is not theirs, and waits for its owner to be invited."""
    form = fresh()
    await admin.post("/auth/v1/signup", json=form)
    body = {"type": "invite", "email": form["email"]}

    link = (await admin.post(f"/auth/v1/{path}", json=body, headers=OPERATOR)).json()
    token = link.get("hashed_token") or (await last_letter(db, form["email"])).token
    answer = await admin.post("/auth/v1/verify", json={"type": "invite", "token_hash": token})

    assert answer.status_code == 200, answer.text
    assert code(await admin.signs_in(form["email"])) == "invalid_credentials"


async def test_a_generated_sign_up_has_the_password_that_the_operator_gave(admin: Client):
    """Also for an address with which somebody else has signed up meanwhile."""
    form = fresh()
    await admin.post("/auth/v1/signup", json=form)
    body = {"type": "signup", "email": form["email"], "password": "another horse battery"}

    link = (await admin.post("/auth/v1/admin/generate_link", json=body, headers=OPERATOR)).json()
    await admin.post("/auth/v1/verify", json={"type": "signup", "token_hash": link["hashed_token"]})

    assert code(await admin.signs_in(form["email"])) == "invalid_credentials"
    assert (await admin.signs_in(form["email"], "another horse battery")).status_code == 200

from collections.abc import AsyncIterator

import pytest

from tests.accounts.factors.steps import enrols, guarded
from tests.accounts.served import Above, Client, accounts_of, app_of, bearer, client_of, fresh
from trulybot.kit.db import Database

KEY = "sb_secret_" + "k" * 32


@pytest.fixture
async def admin(db: Database, above: Above) -> AsyncIterator[Client]:
    async with client_of(app_of(db, accounts_of(above, admin_key=KEY))) as client:
        yield client


async def test_an_operator_lists_renames_and_removes_factors(admin: Client):
    form = fresh()
    session, app = await guarded(admin, **form)
    path = f"/auth/v1/admin/users/{session['user']['id']}/factors"

    (listed,) = (await admin.get(path, headers=bearer(KEY))).json()
    renamed = await admin.put(f"{path}/{app.factor_id}", json={"friendly_name": "lost"}, headers=bearer(KEY))
    removed = await admin.delete(f"{path}/{app.factor_id}", headers=bearer(KEY))

    assert (listed["id"], listed["status"], listed["friendly_name"]) == (app.factor_id, "verified", "phone")
    assert app.seed not in str(listed)
    assert renamed.json()["friendly_name"] == "lost"
    assert removed.json()["id"] == app.factor_id
    assert (await admin.get(path, headers=bearer(KEY))).json() == []
    assert (await admin.signs_in(form["email"])).status_code == 200


async def test_nobody_else_may(admin: Client):
    session, app = await guarded(admin)
    await enrols(admin, session["access_token"], "tablet")
    path = f"/auth/v1/admin/users/{session['user']['id']}/factors"

    for method, where in (("GET", path), ("PUT", f"{path}/{app.factor_id}"), ("DELETE", f"{path}/{app.factor_id}")):
        own = await admin.request(method, where, headers=bearer(session["access_token"]), json={})
        nobody = await admin.request(method, where, json={})
        assert (own.status_code, own.json()["code"]) == (403, "not_admin"), method
        assert nobody.status_code == 401, method


async def test_what_is_missing_is_said_to_be(admin: Client):
    _, app = await guarded(admin)
    stranger = await admin.signs_up()
    path = "/auth/v1/admin/users"

    for where, code in (
        (f"{path}/{app.factor_id}/factors", "user_not_found"),
        (f"{path}/x/factors", "validation_failed"),
    ):
        answer = await admin.get(where, headers=bearer(KEY))
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    other = await admin.delete(f"{path}/{stranger['user']['id']}/factors/{app.factor_id}", headers=bearer(KEY))
    assert (other.status_code, other.json()["code"]) == (404, "mfa_factor_not_found")

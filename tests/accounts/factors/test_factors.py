import asyncio
import json
from uuid import uuid4

import pytest
from joserfc import jws

from tests.accounts.factors.steps import answers, enrols, guarded, is_challenged, time_passes, verifies
from tests.accounts.served import Above, Client, bearer, fresh
from trulybot.kit.db import Database


def claims(token: str) -> dict[str, object]:
    return dict(json.loads(jws.extract_compact(token.encode()).payload))


async def factors_of(client: Client, token: str) -> list[dict[str, str]]:
    return list((await client.reads_user(token)).json().get("factors", []))


async def test_a_factor_begins_with_a_secret_for_the_app(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = await accounts_app.post(
        "/auth/v1/factors",
        json={"factor_type": "totp", "friendly_name": "My phone", "issuer": "Acme"},
        headers=bearer(session["access_token"]),
    )

    body = answer.json()
    assert (body["type"], body["friendly_name"]) == ("totp", "My phone")
    assert body["totp"]["qr_code"].startswith("<svg ")
    assert len(body["totp"]["secret"]) == 32
    assert body["totp"]["uri"].startswith("otpauth://totp/Acme:")
    assert f"secret={body['totp']['secret']}" in body["totp"]["uri"]
    (factor,) = await factors_of(accounts_app, session["access_token"])
    assert (factor["id"], factor["status"], factor["factor_type"]) == (body["id"], "unverified", "totp")
    assert body["totp"]["secret"] not in str(factor)


async def test_a_right_code_takes_the_same_session_to_aal2(accounts_app: Client):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])

    raised = await verifies(accounts_app, session["access_token"], app)

    before, after = claims(session["access_token"]), claims(raised["access_token"])
    assert (before["aal"], after["aal"]) == ("aal1", "aal2")
    assert before["session_id"] == after["session_id"]
    assert [entry["method"] for entry in after["amr"]] == ["totp", "password"]  # type: ignore[attr-defined]
    assert raised["user"]["factors"][0]["status"] == "verified"
    assert raised["user"]["factors"][0]["last_challenged_at"]
    assert raised["refresh_token"] != session["refresh_token"]


async def test_a_refresh_keeps_aal2(accounts_app: Client):
    raised, _ = await guarded(accounts_app)

    refreshed = (await accounts_app.refreshes(raised["refresh_token"])).json()

    after = claims(refreshed["access_token"])
    assert after["aal"] == "aal2"
    assert [entry["method"] for entry in after["amr"]] == ["totp", "password"]  # type: ignore[attr-defined]


async def test_a_challenge_says_when_it_ends(accounts_app: Client):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])
    path = f"/auth/v1/factors/{app.factor_id}/challenge"

    body = (await accounts_app.post(path, headers=bearer(session["access_token"]))).json()

    issued = claims(session["access_token"])["iat"]
    assert body["type"] == "totp"
    assert 295 <= body["expires_at"] - issued <= 330  # type: ignore[operator]


async def test_a_challenge_ends_after_five_minutes(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])
    challenge = await is_challenged(accounts_app, session["access_token"], app)
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.challenges set created_at = now() - interval '301 seconds' where id = %(id)s",
            id=challenge,
        )

    answer = await answers(accounts_app, session["access_token"], app, challenge, app.code())

    assert (answer.status_code, answer.json()["code"]) == (422, "mfa_challenge_expired")


async def test_a_challenge_is_answered_from_where_it_was_asked(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])
    challenge = await is_challenged(accounts_app, session["access_token"], app)
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.challenges set address = '203.0.113.9' where id = %(id)s", id=challenge)

    answer = await answers(accounts_app, session["access_token"], app, challenge, app.code())

    assert (answer.status_code, answer.json()["code"]) == (422, "mfa_ip_address_mismatch")


async def test_a_challenge_is_over_after_five_wrong_codes(accounts_app: Client):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])
    challenge = await is_challenged(accounts_app, session["access_token"], app)
    wrong = [await answers(accounts_app, session["access_token"], app, challenge, app.wrong()) for _ in range(5)]

    right = await answers(accounts_app, session["access_token"], app, challenge, app.code())

    assert {(answer.status_code, answer.json()["code"]) for answer in wrong} == {(422, "mfa_verification_failed")}
    assert (right.status_code, right.json()["code"]) == (422, "mfa_challenge_expired")


async def test_another_factors_challenge_is_none(accounts_app: Client):
    session = await accounts_app.signs_up()
    first = await enrols(accounts_app, session["access_token"], "first")
    second = await enrols(accounts_app, session["access_token"], "second")
    challenge = await is_challenged(accounts_app, session["access_token"], first)

    answer = await answers(accounts_app, session["access_token"], second, challenge, second.code())

    assert (answer.status_code, answer.json()["code"]) == (404, "mfa_factor_not_found")


@pytest.mark.parametrize(
    ("challenge", "status", "code"), [("x", 400, "validation_failed"), ("", 400, "validation_failed")]
)
async def test_a_challenge_has_a_uuid(accounts_app: Client, challenge: str, status: int, code: str):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])

    answer = await answers(accounts_app, session["access_token"], app, challenge, app.code())

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_two_factors_have_two_names_and_a_name_is_not_needed(accounts_app: Client):
    session = await accounts_app.signs_up()
    form = {"factor_type": "totp", "friendly_name": "phone"}
    await enrols(accounts_app, session["access_token"], "phone")

    again = await accounts_app.post("/auth/v1/factors", json=form, headers=bearer(session["access_token"]))
    await enrols(accounts_app, session["access_token"])
    await enrols(accounts_app, session["access_token"])

    assert (again.status_code, again.json()["code"]) == (422, "mfa_factor_name_conflict")
    assert len(await factors_of(accounts_app, session["access_token"])) == 3


async def test_there_are_ten_factors_at_most(accounts_app: Client):
    session = await accounts_app.signs_up()
    for _ in range(10):
        await enrols(accounts_app, session["access_token"])

    answer = await accounts_app.post(
        "/auth/v1/factors", json={"factor_type": "totp"}, headers=bearer(session["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_enrolled_mfa_factors")


async def test_what_was_begun_and_left_makes_room(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()
    left = await enrols(accounts_app, session["access_token"], "phone")
    async with db.system("test") as tx:
        await tx.run(
            "update trulybot_auth.factors set created_at = now() - interval '2 hours' where id = %(id)s",
            id=left.factor_id,
        )

    again = await enrols(accounts_app, session["access_token"], "phone")

    (factor,) = await factors_of(accounts_app, session["access_token"])
    assert factor["id"] == again.factor_id


async def test_verifying_forgets_what_was_begun_beside_it(accounts_app: Client):
    session = await accounts_app.signs_up()
    await enrols(accounts_app, session["access_token"], "never finished")
    app = await enrols(accounts_app, session["access_token"], "phone")

    raised = await verifies(accounts_app, session["access_token"], app)

    assert [factor["friendly_name"] for factor in raised["user"]["factors"]] == ["phone"]


async def test_verifying_ends_every_session_at_aal1(accounts_app: Client):
    form = fresh()
    other = await accounts_app.signs_up(**form)
    session = (await accounts_app.signs_in(form["email"])).json()
    app = await enrols(accounts_app, session["access_token"])

    await verifies(accounts_app, session["access_token"], app)

    answer = await accounts_app.reads_user(other["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (403, "session_not_found")


async def test_a_second_factor_is_added_only_at_aal2(accounts_app: Client, db: Database):
    form = fresh()
    raised, _ = await guarded(accounts_app, **form)
    half_way = (await accounts_app.signs_in(form["email"])).json()
    new = {"factor_type": "totp", "friendly_name": "tablet"}

    refused = await accounts_app.post("/auth/v1/factors", json=new, headers=bearer(half_way["access_token"]))
    allowed = await accounts_app.post("/auth/v1/factors", json=new, headers=bearer(raised["access_token"]))

    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_aal")
    assert allowed.status_code == 200


async def test_a_second_factor_is_finished_only_at_aal2(accounts_app: Client):
    """Whoever knows the password and a seed that was begun and left has not shown what guards the account."""
    form = fresh()
    raised, _ = await guarded(accounts_app, **form)
    begun = await enrols(accounts_app, raised["access_token"], "tablet")
    half_way = (await accounts_app.signs_in(form["email"])).json()["access_token"]

    challenge = await is_challenged(accounts_app, half_way, begun)
    refused = await answers(accounts_app, half_way, begun, challenge, begun.code())

    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_aal")
    assert (await verifies(accounts_app, raised["access_token"], begun))["user"]["factors"][1]["status"] == "verified"


async def test_a_verified_factor_is_removed_only_at_aal2(accounts_app: Client):
    form = fresh()
    raised, app = await guarded(accounts_app, **form)
    half_way = (await accounts_app.signs_in(form["email"])).json()
    path = f"/auth/v1/factors/{app.factor_id}"

    refused = await accounts_app.delete(path, headers=bearer(half_way["access_token"]))
    removed = await accounts_app.delete(path, headers=bearer(raised["access_token"]))

    assert (refused.status_code, refused.json()["code"]) == (422, "insufficient_aal")
    assert (removed.status_code, removed.json()) == (200, {"id": app.factor_id})


async def test_without_its_factor_a_session_is_at_aal1_again(accounts_app: Client):
    raised, app = await guarded(accounts_app)
    await accounts_app.delete(f"/auth/v1/factors/{app.factor_id}", headers=bearer(raised["access_token"]))

    refreshed = (await accounts_app.refreshes(raised["refresh_token"])).json()

    after = claims(refreshed["access_token"])
    assert after["aal"] == "aal1"
    assert [entry["method"] for entry in after["amr"]] == ["password"]  # type: ignore[attr-defined]
    assert "factors" not in refreshed["user"]


async def test_a_factor_that_was_never_verified_is_removed_at_aal1(accounts_app: Client):
    session = await accounts_app.signs_up()
    app = await enrols(accounts_app, session["access_token"])

    answer = await accounts_app.delete(f"/auth/v1/factors/{app.factor_id}", headers=bearer(session["access_token"]))

    assert answer.status_code == 200
    assert await factors_of(accounts_app, session["access_token"]) == []


@pytest.mark.parametrize("verb", ["challenge", "verify", ""])
async def test_a_strangers_factor_is_not_found(accounts_app: Client, verb: str):
    _, alices = await guarded(accounts_app)
    charlie = await accounts_app.signs_up()
    path, body = f"/auth/v1/factors/{alices.factor_id}", {"challenge_id": str(uuid4()), "code": alices.code(1)}

    answer = (
        await accounts_app.post(f"{path}/{verb}", json=body, headers=bearer(charlie["access_token"]))
        if verb
        else await accounts_app.delete(path, headers=bearer(charlie["access_token"]))
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "mfa_factor_not_found")


async def test_an_id_that_is_none_is_said_to_be(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = await accounts_app.delete("/auth/v1/factors/x", headers=bearer(session["access_token"]))

    assert (answer.status_code, answer.json()["code"]) == (404, "validation_failed")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("phone", 422, "mfa_phone_enroll_not_enabled"),
        ("webauthn", 422, "mfa_webauthn_enroll_not_enabled"),
        ("", 400, "validation_failed"),
        ("x", 400, "validation_failed"),
    ],
)
async def test_other_kinds_of_factors_are_not_offered(accounts_app: Client, kind: str, status: int, code: str):
    session = await accounts_app.signs_up()

    answer = await accounts_app.post(
        "/auth/v1/factors", json={"factor_type": kind}, headers=bearer(session["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_anonymous_has_a_factor(accounts_app: Client, db: Database):
    session = await accounts_app.signs_up()
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.users set is_anonymous = true where id = %(id)s", id=session["user"]["id"])

    answer = await accounts_app.post(
        "/auth/v1/factors", json={"factor_type": "totp"}, headers=bearer(session["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "no_authorization")


@pytest.mark.parametrize("change", [{"email": "new@example.com"}, {"password": "another good one"}])
async def test_at_aal1_email_and_password_stay_as_they_are(accounts_app: Client, change: dict[str, str]):
    form = fresh()
    await guarded(accounts_app, **form)
    half_way = (await accounts_app.signs_in(form["email"])).json()

    answer = await accounts_app.changes_user(half_way["access_token"], **change)
    own_data = await accounts_app.changes_user(half_way["access_token"], data={"theme": "dark"})

    assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_aal")
    assert own_data.status_code == 200


async def test_guessing_is_held_up_for_a_while_and_a_right_code_ends_that(
    db: Database, above: Above, accounts_app: Client
):
    form = fresh()
    _, app = await guarded(accounts_app, **form)
    guesser = (await accounts_app.signs_in(form["email"])).json()

    async def guess() -> str:
        challenge = await is_challenged(accounts_app, guesser["access_token"], app)
        return str((await answers(accounts_app, guesser["access_token"], app, challenge, app.wrong())).json()["code"])

    said = [await guess() for _ in range(11)]

    assert said == ["mfa_verification_failed"] * 10 + ["over_request_rate_limit"]


async def test_mistyping_is_forgiven_once_the_code_was_right(accounts_app: Client, db: Database):
    form = fresh()
    _, app = await guarded(accounts_app, **form)
    for _ in range(3):
        session = (await accounts_app.signs_in(form["email"])).json()
        for _ in range(2):
            challenge = await is_challenged(accounts_app, session["access_token"], app)
            for _ in range(2):
                await answers(accounts_app, session["access_token"], app, challenge, app.wrong())
        await time_passes(db, app)

        raised = await verifies(accounts_app, session["access_token"], app)

        assert claims(raised["access_token"])["aal"] == "aal2"


async def test_one_code_at_once_from_everywhere_is_taken_once(accounts_app: Client, db: Database):
    form = fresh()
    _, app = await guarded(accounts_app, **form)
    await time_passes(db, app)
    session = (await accounts_app.signs_in(form["email"])).json()
    challenges = [await is_challenged(accounts_app, session["access_token"], app) for _ in range(5)]

    taken = await asyncio.gather(
        *(answers(accounts_app, session["access_token"], app, challenge, app.code()) for challenge in challenges)
    )

    assert sorted(answer.status_code for answer in taken).count(200) == 1


async def test_the_database_cannot_read_a_seed(accounts_app: Client, db: Database):
    _, app = await guarded(accounts_app)

    async with db.system("test") as tx:
        dump = await tx.value("select string_agg(f::text, '|') from trulybot_auth.factors f")
        moved = await tx.value("select seed from trulybot_auth.factors where id = %(id)s", id=app.factor_id)

    assert app.seed not in dump
    assert app.seed.encode().hex() not in dump
    assert len(moved) > 60


async def test_a_seed_put_in_anothers_place_lets_nobody_in(accounts_app: Client, db: Database):
    form = fresh()
    _, victims = await guarded(accounts_app, **form)
    _, attackers = await guarded(accounts_app)
    session = (await accounts_app.signs_in(form["email"])).json()
    async with db.system("test") as tx:
        await tx.run(
            """
            update trulybot_auth.factors
               set seed = (select seed from trulybot_auth.factors where id = %(from)s), last_used_step = 0
             where id = %(to)s
            """,
            **{"from": attackers.factor_id, "to": victims.factor_id},
        )

    challenge = await is_challenged(accounts_app, session["access_token"], victims)
    answer = await answers(accounts_app, session["access_token"], victims, challenge, attackers.code())

    assert answer.status_code == 500


async def test_recovery_codes_are_not_part_of_the_api(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = await accounts_app.post("/auth/v1/recovery-codes", headers=bearer(session["access_token"]))

    assert (answer.status_code, answer.json()["code"]) == (404, "feature_disabled")

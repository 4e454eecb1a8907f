"""Who somebody at a provider is here, and who they are not."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from tests.accounts.providers.peer import Peer, comes_back, fragment, query, signs_in_there
from tests.accounts.providers.test_flows import PKCE, exchanged, user_of
from tests.accounts.served import PASSWORD, Above, Client, accounts_of, app_of, bearer, client_of
from trulybot.accounts.providers import linking
from trulybot.accounts.providers.errors import EmailInUse
from trulybot.accounts.providers.models import Voucher
from trulybot.kit.db import Database


async def proves(db: Database, user_id: str) -> None:
    """As if the person had confirmed their address by a mail."""
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.users set email_autoconfirmed = false where id = %(id)s", id=user_id)


async def links(client: Client, token: str, **query: str) -> str:
    """Where the browser is sent to add an identity."""
    answer = await client.get(
        "/auth/v1/user/identities/authorize",
        params={"provider": "keycloak", "skip_http_redirect": "true", **query},
        headers=bearer(token),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def test_an_account_whose_owner_proved_the_email_is_joined(client: Client, db: Database):
    made = await client.signs_up(email="dan@firm.example")
    await proves(db, made["user"]["id"])

    user = await user_of(client, fragment(await comes_back(client, "dan")))

    assert user["id"] == made["user"]["id"]
    assert user["app_metadata"]["providers"] == ["email", "keycloak"]
    assert [identity["provider"] for identity in user["identities"]] == ["email", "keycloak"]


async def test_whoever_took_the_email_first_without_proof_gets_nobody_elses_sign_in(client: Client):
    """An attacker signs up with a victim's address and waits for the victim to come by a provider."""
    await client.signs_up(email="eve@firm.example")

    answer = fragment(await comes_back(client, "eve"))

    assert (answer["error"], answer["error_code"]) == ("access_denied", "email_exists")
    assert "access_token" not in answer


async def test_an_email_that_the_provider_did_not_verify_takes_nobodys_account_over(client: Client, db: Database):
    made = await client.signs_up(email="cleo@firm.example")
    await proves(db, made["user"]["id"])

    answer = fragment(await comes_back(client, "cleo"))

    assert answer["error_code"] == "email_exists"
    assert [one["provider"] for one in (await user_of(client, made))["identities"]] == ["email"]


async def test_where_emails_are_confirmed_an_unverified_one_makes_nobody(db: Database, above: Above, peer: Peer):
    strict = accounts_of(above, providers={"keycloak": peer.as_provider()}, autoconfirm=False)
    async with client_of(app_of(db, strict)) as client, db.system("test") as tx:
        await tx.run("delete from trulybot_auth.users where email = 'cleo@firm.example'")
        await tx.connection.commit()

        answer = fragment(await comes_back(client, "cleo"))

    assert answer["error_code"] == "email_not_confirmed"


async def test_an_unverified_email_that_was_taken_on_trust_joins_no_verified_one_later(db: Database, above: Above):
    accounts, email = accounts_of(above), f"{uuid4().hex}@firm.example"
    one, other = (
        Voucher(name, uuid4().hex, email, name == "google", {"email": email}) for name in ("sloppy", "google")
    )
    async with db.system("test") as tx:
        await linking.person_for(tx, accounts, one)

        with pytest.raises(EmailInUse):
            await linking.person_for(tx, accounts, other)


async def test_two_providers_that_verified_the_same_email_lead_to_one_person(db: Database, above: Above):
    accounts, email = accounts_of(above), f"{uuid4().hex}@firm.example"
    one, other = (Voucher(name, uuid4().hex, email, True, {"email": email}) for name in ("google", "keycloak"))
    async with db.system("test") as tx:
        first = await linking.person_for(tx, accounts, one)

        assert await linking.person_for(tx, accounts, other) == first


async def test_the_same_id_at_two_providers_is_two_people(db: Database, above: Above):
    accounts, subject = accounts_of(above), uuid4().hex
    one, other = (Voucher(name, subject, f"{uuid4().hex}@firm.example", True, {}) for name in ("google", "keycloak"))
    async with db.system("test") as tx:
        assert await linking.person_for(tx, accounts, one) != await linking.person_for(tx, accounts, other)


async def test_who_has_no_email_is_told_so(client: Client):
    answer = fragment(await comes_back(client, "nobody"))

    assert answer["error_description"] == "Error getting user email from external provider"


async def test_an_identity_is_added_and_taken_away_again(client: Client):
    made = await client.signs_up()
    answer = await client.get(await signs_in_there(await links(client, made["access_token"]), "p4"))
    session = fragment(answer)
    user = await user_of(client, session)
    identity = next(one for one in user["identities"] if one["provider"] == "keycloak")

    removed = await client.delete(
        f"/auth/v1/user/identities/{identity['identity_id']}", headers=bearer(session["access_token"])
    )

    after = await user_of(client, session)
    assert user["id"] == made["user"]["id"]
    assert user["email"] == made["user"]["email"]
    assert (removed.status_code, removed.json()) == (200, {})
    assert [one["provider"] for one in after["identities"]] == ["email"]
    assert after["app_metadata"]["providers"] == ["email"]


async def test_where_emails_are_confirmed_no_unverified_one_is_left_as_the_persons(
    db: Database, above: Above, peer: Peer
):
    """An attacker adds an identity with a victim's address, and takes away the one with their own."""
    accounts = accounts_of(above, providers={"keycloak": peer.as_provider()}, manual_linking=True)
    async with client_of(app_of(db, accounts)) as client:
        made = await client.signs_up()
        session = fragment(await client.get(await signs_in_there(await links(client, made["access_token"]), "cleo")))
        own = next(one for one in (await user_of(client, session))["identities"] if one["provider"] == "email")

    async with client_of(app_of(db, replace(accounts, autoconfirm=False))) as client:
        answer = await client.delete(
            f"/auth/v1/user/identities/{own['identity_id']}", headers=bearer(session["access_token"])
        )
        after = await user_of(client, session)

    assert (answer.status_code, answer.json()["code"]) == (422, "email_conflict_identity_not_deletable")
    assert after["email"] == made["user"]["email"]


async def test_an_identity_is_added_by_pkce(client: Client):
    made = await client.signs_up()
    answer = await client.get(await signs_in_there(await links(client, made["access_token"], **PKCE), "p5"))

    session = await exchanged(client, query(answer)["code"], "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636")

    assert session["user"]["id"] == made["user"]["id"]


async def test_somebody_elses_identity_is_not_added(client: Client):
    await comes_back(client, "p6")
    made = await client.signs_up()

    answer = fragment(await client.get(await signs_in_there(await links(client, made["access_token"]), "p6")))

    assert answer["error_code"] == "identity_already_exists"
    assert answer["error_description"] == "Identity is already linked to another user"


async def test_the_only_identity_stays(client: Client):
    session = fragment(await comes_back(client, "p7"))
    (identity,) = (await user_of(client, session))["identities"]

    answer = await client.delete(
        f"/auth/v1/user/identities/{identity['identity_id']}", headers=bearer(session["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "single_identity_not_deletable")


@pytest.mark.parametrize("id", ["00000000-0000-7000-8000-000000000000", "1", "%00", "' or 1=1 --"])
async def test_an_identity_that_is_not_ones_own_is_not_found(client: Client, id: str):
    made = await client.signs_up()

    answer = await client.delete(f"/auth/v1/user/identities/{id}", headers=bearer(made["access_token"]))

    assert (answer.status_code, answer.json()["code"]) == (422, "identity_not_found")


async def test_charlie_cannot_take_anas_identity_away(client: Client):
    ana, charlie = await client.signs_up(), await client.signs_up()
    (identity,) = (await user_of(client, ana))["identities"]

    answer = await client.delete(
        f"/auth/v1/user/identities/{identity['identity_id']}", headers=bearer(charlie["access_token"])
    )

    assert answer.json()["code"] == "identity_not_found"
    assert (await user_of(client, ana))["identities"] == [identity]


async def test_without_the_email_identity_the_password_opens_nothing(client: Client, above: Above):
    made = await client.signs_up()
    session = fragment(await client.get(await signs_in_there(await links(client, made["access_token"]), "p8")))
    email = next(one for one in (await user_of(client, session))["identities"] if one["provider"] == "email")

    await client.delete(f"/auth/v1/user/identities/{email['identity_id']}", headers=bearer(session["access_token"]))

    after = await user_of(client, session)
    assert after["email"] == "p8@firm.example"
    assert above.moved[-1][1] == "p8@firm.example"
    assert (await client.signs_in(made["user"]["email"])).json()["code"] == "invalid_credentials"
    assert (await client.signs_in("p8@firm.example", PASSWORD)).json()["code"] == "invalid_credentials"


async def test_linking_is_off_unless_the_operator_turns_it_on(db: Database, above: Above, peer: Peer):
    off = accounts_of(above, providers={"keycloak": peer.as_provider()})
    async with client_of(app_of(db, off)) as client:
        made = await client.signs_up()
        headers = bearer(made["access_token"])
        tried: list[Any] = [
            await client.get("/auth/v1/user/identities/authorize?provider=keycloak", headers=headers),
            await client.delete(f"/auth/v1/user/identities/{uuid4()}", headers=headers),
            await client.post(
                "/auth/v1/token?grant_type=id_token",
                headers=headers,
                json={"provider": "keycloak", "id_token": "a.b.c", "link_identity": True},
            ),
        ]

    assert {(answer.status_code, answer.json()["code"]) for answer in tried} == {(404, "manual_linking_disabled")}


async def test_without_a_session_nothing_is_linked(client: Client):
    answer = await client.get("/auth/v1/user/identities/authorize?provider=keycloak")

    assert (answer.status_code, answer.json()["code"]) == (401, "no_authorization")


async def test_whoever_has_a_second_factor_shows_it_before_the_ways_in_change(client: Client, db: Database):
    made = await client.signs_up()
    async with db.system("test") as tx:
        await tx.run(
            """
            insert into trulybot_auth.factors (id, user_id, friendly_name, status, seed)
            values (gen_random_uuid(), %(id)s, 'app', 'verified', '')
            """,
            id=made["user"]["id"],
        )

    answer = await client.get(
        "/auth/v1/user/identities/authorize?provider=keycloak", headers=bearer(made["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_aal")


async def test_a_browser_may_be_sent_there_directly(client: Client):
    made = await client.signs_up()

    answer = await client.get(
        "/auth/v1/user/identities/authorize",
        params={"provider": "keycloak"},
        headers=bearer(made["access_token"]),
    )

    assert answer.status_code == 302
    assert "state" in parse_qs(urlsplit(answer.headers["location"]).query)

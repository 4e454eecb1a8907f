"""ID tokens, by an issuer whose signatures the tests can order."""

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.accounts.factors.steps import guarded
from tests.accounts.issuer import Issuer
from tests.accounts.served import Above, Client, accounts_of, app_of, bearer, client_of, fresh
from tests.accounts.supabase.test_tokens import forged
from tests.accounts.test_tokens import mangled
from trulybot.accounts.outgoing import Away
from trulybot.accounts.providers.provider import Provider, is_from, issuer_of
from trulybot.accounts.providers.vouching import voucher
from trulybot.kit.db import Database

NONCE = "what the app made up"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.started()


@pytest.fixture
def provider(issuer: Issuer) -> Provider:
    return Provider("acme", issuer.address, ("web", "android"), "https://trulybot.test/auth/v1/callback", "a secret")


@pytest.fixture
async def client(db: Database, above: Above, provider: Provider) -> AsyncIterator[Client]:
    accounts = accounts_of(above, providers={"acme": provider}, manual_linking=True)
    async with client_of(app_of(db, accounts)) as client:
        yield client


def told(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    now, subject = int(time.time()), uuid4().hex
    whole = {
        "iss": issuer.address,
        "sub": subject,
        "aud": "web",
        "exp": now + 600,
        "iat": now,
        "email": f"{subject}@firm.example",
        "email_verified": True,
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


async def signs_in(client: Client, token: str, **fields: Any) -> Any:
    headers = fields.pop("headers", None)
    form = {"provider": "acme", "id_token": token, **fields}
    return await client.post("/auth/v1/token?grant_type=id_token", json=form, headers=headers)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_an_app_signs_somebody_in_by_an_id_token(client: Client, issuer: Issuer, algorithm: str):
    content = told(issuer, nonce=hashlib.sha256(NONCE.encode()).hexdigest())

    answer = await signs_in(client, issuer.signs(content, alg=algorithm), nonce=NONCE)

    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["email"] == content["email"]
    assert answer.json()["refresh_token"]


async def test_a_provider_may_be_named_by_its_issuer_and_client(client: Client, issuer: Issuer):
    token = issuer.signs(told(issuer))

    known = await signs_in(client, token, provider="", issuer=f"{issuer.address}/", client_id="web")
    other = await signs_in(client, token, provider="", issuer="https://evil.example", client_id="web")
    none = await signs_in(client, token, provider="")

    assert known.status_code == 200
    assert (other.status_code, other.json()["code"]) == (400, "provider_disabled")
    assert (none.status_code, none.json()["code"]) == (400, "validation_failed")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "bad_jwt"),
        ({"iss": None}, "bad_jwt"),
        ({"exp": 1}, "bad_jwt"),
        ({"exp": None}, "bad_jwt"),
        ({"nbf": 9_999_999_999}, "bad_jwt"),
        ({"iat": 9_999_999_999}, "bad_jwt"),
        ({"sub": None}, "bad_jwt"),
        ({"sub": ""}, "bad_jwt"),
        ({"sub": "x" * 256}, "bad_jwt"),
        ({"sub": ["x"]}, "bad_jwt"),
        ({"sub": "a\0b"}, "bad_jwt"),
        ({"aud": "somebody-else"}, "unexpected_audience"),
        ({"aud": None}, "unexpected_audience"),
        ({"aud": []}, "unexpected_audience"),
        ({"aud": {"web": 1}}, "unexpected_audience"),
        ({"aud": ["web", "somebody-else"]}, "unexpected_audience"),
        ({"aud": ["web", "somebody-else"], "azp": "somebody-else"}, "unexpected_audience"),
        ({"azp": "somebody-else"}, "unexpected_audience"),
        ({"nonce": "not the hash of ours"}, "validation_failed"),
        ({"email": None}, "validation_failed"),
        ({"email": "no address"}, "validation_failed"),
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_signs_nobody_in(
    client: Client, issuer: Issuer, above: Above, changes: dict[str, Any], code: str
):
    answer = await signs_in(
        client, issuer.signs(told(issuer, **changes)), **({"nonce": "x"} if "nonce" in changes else {})
    )

    assert answer.json()["code"] == code
    assert answer.status_code in (400, 422)
    assert above.founded == []


@pytest.mark.parametrize("changes", [{"aud": ["web"]}, {"aud": ["web", "x"], "azp": "android"}, {"aud": "android"}])
async def test_each_of_our_clients_there_is_us(client: Client, issuer: Issuer, changes: dict[str, Any]):
    assert (await signs_in(client, issuer.signs(told(issuer, **changes)))).status_code == 200


@pytest.mark.parametrize("fields", [{}, {"nonce": ""}])
async def test_a_token_with_a_nonce_needs_the_nonce(client: Client, issuer: Issuer, fields: dict[str, str]):
    answer = await signs_in(client, issuer.signs(told(issuer, nonce="x")), **fields)

    assert answer.json()["message"] == "Passed nonce and nonce in id_token should either both exist or not."


async def test_an_access_token_has_to_be_the_one_of_the_id_token(client: Client, issuer: Issuer):
    digest = hashlib.sha256(b"the access token").digest()[:16]
    token = issuer.signs(told(issuer, at_hash=base64.urlsafe_b64encode(digest).decode().rstrip("=")))

    right = await signs_in(client, token, access_token="the access token")
    wrong = await signs_in(client, token, access_token="another")

    assert (right.status_code, wrong.status_code) == (200, 400)
    assert wrong.json()["code"] == "bad_jwt"


async def test_a_forged_token_is_refused_and_never_our_fault(client: Client, issuer: Issuer, above: Above):
    for token in ["", *forged(issuer), *mangled(issuer.signs(told(issuer)))]:
        answer = await signs_in(client, token)

        assert answer.status_code == 400, token
        assert answer.json()["code"] in ("bad_jwt", "validation_failed"), token

    assert above.founded == []


async def test_a_token_of_the_shared_secret_kind_is_refused(client: Client, issuer: Issuer):
    assert (await signs_in(client, issuer.signs(told(issuer), alg="HS256"))).json()["code"] == "bad_jwt"


async def test_an_identity_is_added_by_an_id_token(client: Client, issuer: Issuer):
    made = await client.signs_up()
    token = issuer.signs(told(issuer))

    linked = await signs_in(client, token, link_identity=True, headers=bearer(made["access_token"]))
    again = await signs_in(client, token, link_identity=True, headers=bearer(made["access_token"]))
    nobody = await signs_in(client, token, link_identity=True)

    assert linked.json()["user"]["id"] == made["user"]["id"]
    assert {one["provider"] for one in linked.json()["user"]["identities"]} == {"email", "acme"}
    assert (again.status_code, again.json()["code"]) == (422, "identity_already_exists")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "no_authorization")


async def test_whoever_has_a_second_factor_shows_it_before_an_identity_is_added(client: Client, issuer: Issuer):
    form = fresh()
    raised, _ = await guarded(client, **form)
    half_way, token = (await client.signs_in(form["email"])).json(), issuer.signs(told(issuer))

    refused = await signs_in(client, token, link_identity=True, headers=bearer(half_way["access_token"]))
    linked = await signs_in(client, token, link_identity=True, headers=bearer(raised["access_token"]))

    assert (refused.status_code, refused.json()["code"]) == (401, "insufficient_aal")
    assert linked.json()["user"]["id"] == raised["user"]["id"]


async def test_a_discovery_document_of_another_issuer_is_not_believed(issuer: Issuer):
    other = Provider("acme", issuer.address.replace("127.0.0.1", "localhost"), ("web",), "https://x.test/callback")

    with pytest.raises(Away):
        await other.read(issuer.signs(told(issuer)))


@pytest.mark.parametrize(
    ("provider", "claims", "verified"),
    [
        ("google", {"email_verified": True}, True),
        ("apple", {"email_verified": "true"}, True),
        ("google", {"email_verified": "false"}, False),
        ("google", {"email_verified": "yes"}, False),
        ("google", {}, False),
        ("azure", {"email_verified": True}, False),
        ("azure", {"xms_edov": True}, True),
    ],
)
def test_an_email_counts_as_verified_only_where_the_provider_says_so(
    provider: str, claims: dict[str, Any], verified: bool
):
    found = voucher(provider, {"iss": "https://x.example", "sub": "1", "email": "Ana@firm.example", **claims})

    assert (found.email, found.email_is_verified) == ("ana@firm.example", verified)


def test_what_a_provider_tells_is_kept_only_in_reasonable_form():
    told = {
        "iss": "https://x.example",
        "sub": "1",
        "name": "x" * 10_000,
        "given_name": "\x00",
        "picture": "javascript:alert(1)",
        "workspace_name": "Acme",
        "app_metadata": {"role": "admin"},
    }

    assert voucher("google", told).data == {
        "iss": "https://x.example",
        "sub": "1",
        "provider_id": "1",
        "email": "",
        "email_verified": False,
        "phone_verified": False,
    }


def test_microsofts_tenants_each_have_an_issuer_of_their_own():
    tenant, template = "11111111-2222-4333-8444-555555555555", "https://login.microsoftonline.com/{tenantid}/v2.0"

    assert issuer_of("azure", "") == "https://login.microsoftonline.com/common/v2.0"
    assert is_from(template, {"iss": template.replace("{tenantid}", tenant), "tid": tenant})
    assert not is_from(template, {"iss": template.replace("{tenantid}", "evil"), "tid": "evil"})
    assert not is_from(template, {"iss": template})

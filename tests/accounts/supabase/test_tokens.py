"""Tokens of a Supabase project, signed by a process of its own."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.accounts.issuer import ANON_KEY, JWT_SECRET, Issuer
from tests.accounts.served import Above, Client, accounts_of, app_of, bearer, client_of
from tests.accounts.test_tokens import mangled, part
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import BadJwt
from trulybot.accounts.foreign_tokens import IssuerKeys
from trulybot.accounts.outgoing import KEPT_SECONDS, RENEWED_SECONDS, Away
from trulybot.accounts.supabase.project import Project
from trulybot.kit.db import Database


def claims(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": f"{issuer.address}/auth/v1",
        "sub": str(uuid4()),
        "aud": "authenticated",
        "role": "authenticated",
        "exp": now + 600,
        "iat": now,
        "email": f"{uuid4().hex}@example.com",
        "phone": "",
        "session_id": str(uuid4()),
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "user_metadata": {"workspace_name": "Acme"},
        "is_anonymous": False,
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_person_of_the_project_comes_in_by_its_token(
    client: Client, issuer: Issuer, above: Above, algorithm: str
):
    content = claims(issuer)

    answer = await client.reads_user(issuer.signs(content, alg=algorithm))

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == content["sub"]
    assert answer.json()["email"] == content["email"]
    assert [(str(id), email, dict(data)) for id, email, data in above.founded] == [
        (content["sub"], content["email"], {"workspace_name": "Acme"})
    ]


async def test_keys_that_the_project_has_changed_are_found(client: Client, issuer: Issuer):
    first = await client.reads_user(issuer.signs(claims(issuer)))
    old = issuer.signs(claims(issuer))
    issuer.becomes(rotate=True)

    again = await client.reads_user(issuer.signs(claims(issuer)))
    after = await client.reads_user(old)

    assert (first.status_code, again.status_code) == (200, 200)
    assert (after.status_code, after.json()["code"]) == (403, "bad_jwt")


async def test_key_ids_that_are_made_up_do_not_have_the_project_asked_each_time(client: Client, issuer: Issuer):
    token = issuer.signs(claims(issuer))
    before = issuer.becomes()["asked"]

    for _ in range(30):
        head = part({"alg": "ES256", "typ": "JWT", "kid": uuid4().hex})
        answer = await client.reads_user(".".join([head, *token.split(".")[1:]]))
        assert answer.status_code == 403

    assert issuer.becomes()["asked"] - before <= 4


async def test_while_the_project_is_away_its_people_are_asked_to_come_back(client: Client, issuer: Issuer):
    token = issuer.signs(claims(issuer))
    issuer.becomes(away=True)

    answer = await client.reads_user(token)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_its_keys_are_good_for_ten_minutes_and_no_longer_while_it_is_away(issuer: Issuer):
    now = [0.0]
    project = Project(issuer.address, anon_key=ANON_KEY)
    project.__dict__["keys"] = IssuerKeys(project._published, clock=lambda: now[0])
    token = issuer.signs(claims(issuer))
    await project.verify(token)
    issuer.becomes(away=True)

    now[0] = RENEWED_SECONDS + 1
    assert await project.verify(token)

    now[0] = KEPT_SECONDS + 1
    with pytest.raises(Away):
        await project.verify(token)


async def test_a_key_that_the_project_withdrew_is_refused_within_ten_minutes(issuer: Issuer):
    now = [0.0]
    project = Project(issuer.address, anon_key=ANON_KEY)
    project.__dict__["keys"] = IssuerKeys(project._published, clock=lambda: now[0])
    token = issuer.signs(claims(issuer))
    await project.verify(token)
    issuer.becomes(rotate=True)

    now[0] = KEPT_SECONDS
    with pytest.raises(BadJwt):
        await project.verify(token)


async def test_the_keys_may_come_from_a_file(issuer: Issuer, tmp_path: Path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": issuer.published()}))
    project = Project(issuer.address, anon_key=ANON_KEY, jwks_file=file)
    issuer.becomes(away=True)

    assert await project.verify(issuer.signs(claims(issuer)))


async def test_the_old_shared_secret_is_believed_only_where_it_is_configured(issuer: Issuer):
    token = issuer.signs(claims(issuer), alg="HS256")
    with_kid = issuer.signs(claims(issuer), alg="HS256", kid="unknown to all")

    with pytest.raises(BadJwt):
        await Project(issuer.address, anon_key=ANON_KEY).verify(token)

    legacy = Project(issuer.address, anon_key=ANON_KEY, jwt_secret=JWT_SECRET)
    assert await legacy.verify(token)
    assert await legacy.verify(with_kid)
    assert await legacy.verify(issuer.signs(claims(issuer)))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 1e300},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"iss": "https://evil.example/auth/v1"},
        {"iss": None},
        {"aud": "anon"},
        {"aud": ["authenticated", "evil"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "1"},
        {"sub": "' or 1=1 --"},
        {"sub": {"id": 1}},
        {"session_id": 7},
        {"role": "service_role"},
        {"role": "anon"},
        {"role": None},
    ],
    ids=str,
)
async def test_a_wrong_claim_is_refused_though_the_signature_is_right(
    client: Client, issuer: Issuer, changes: dict[str, Any]
):
    answer = await client.reads_user(issuer.signs(claims(issuer, **changes)))

    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


async def test_a_clock_may_be_half_a_minute_off_and_no_more(project: Project, issuer: Issuer):
    now = int(time.time())

    assert await project.verify(issuer.signs(claims(issuer, exp=now - 20)))
    assert await project.verify(issuer.signs(claims(issuer, iat=now + 20)))
    for changes in ({"exp": now - 40}, {"iat": now + 60}, {"nbf": now + 60}):
        with pytest.raises(BadJwt):
            await project.verify(issuer.signs(claims(issuer, **changes)))


def forged(issuer: Issuer) -> list[str]:
    """Tokens that somebody without the project's keys can make."""
    content = claims(issuer)
    public = {key["alg"]: key for key in issuer.published()}
    mine, rsa = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
    payload, tokens = part(content), []
    for algorithm in ("none", "None", "NONE", "nOnE", "", "ES256", "RS256", "HS256", "HS512", "PS256"):
        head = part({"alg": algorithm, "typ": "JWT", "kid": public["ES256"]["kid"]})
        tokens += [f"{head}.{payload}.", f"{head}.{payload}.AA", f"{head}.{payload}..", f"{head}.{payload}"]
    for key in public.values():
        pem = (ECKey if key["kty"] == "EC" else RSAKey).import_key(key).as_pem(private=False)
        for secret in (pem, pem.strip(), json.dumps(key).encode(), b"", ANON_KEY.encode()):
            head = part({"alg": "HS256", "typ": "JWT", "kid": key["kid"]})
            seal = hmac.digest(secret, f"{head}.{payload}".encode(), hashlib.sha256)
            tokens.append(f"{head}.{payload}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}")
    ours = public["ES256"]["kid"]
    for header in (
        {"kid": ours},
        {"kid": ours, "jwk": mine.as_dict(private=False)},
        {"kid": ours, "jku": f"{issuer.address}/auth/v1/.well-known/jwks.json"},
        {"kid": ours, "x5u": "https://evil.example/cert.pem"},
        {"kid": ours, "x5c": ["AA=="]},
        {"kid": "../../../../dev/null"},
        {"kid": "' union select 'key' --"},
        {"kid": mine.thumbprint()},
        {"kid": ["x"]},
        {"kid": 1},
        {"kid": None},
        {"kid": ours, "crit": ["exp"]},
    ):
        head = part({"alg": "ES256", "typ": "JWT"} | header)
        seal = jwt.encode({"alg": "ES256"}, {}, mine).split(".")[2]
        tokens.append(f"{head}.{payload}.{seal}")
    tokens.append(jwt.encode({"alg": "ES256", "kid": ours}, content, mine))
    tokens.append(jwt.encode({"alg": "RS256", "kid": public["RS256"]["kid"]}, content, rsa))
    tokens.append(jwt.encode({"alg": "RS256", "kid": ours}, content, rsa))
    tokens.append(jwt.encode({"alg": "HS256"}, content, OctKey.import_key("a guess that is long enough to be a key")))
    return tokens


@pytest.mark.parametrize("secret", [None, JWT_SECRET], ids=["asymmetric", "legacy"])
async def test_a_forged_token_is_403_and_never_our_fault(
    db: Database, above: Above, issuer: Issuer, secret: str | None
):
    project = Project(issuer.address, anon_key=ANON_KEY, jwt_secret=secret)
    async with client_of(app_of(db, accounts_of(above, supabase=project))) as client:
        for token in [*forged(issuer), *mangled(issuer.signs(claims(issuer)))]:
            answer = await client.get("/auth/v1/user", headers=bearer(token))

            assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt"), token

    assert above.founded == []


async def test_our_own_key_does_not_sign_for_the_project(client: Client, issuer: Issuer, accounts: Accounts):
    keys = accounts.tokens.keys
    token = jwt.encode({"alg": "ES256", "typ": "JWT", "kid": keys.key_id}, claims(issuer), keys.signing)

    answer = await client.reads_user(token)

    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


async def test_the_projects_key_does_not_sign_for_us(client: Client, issuer: Issuer, accounts: Accounts):
    answer = await client.reads_user(issuer.signs(claims(issuer, iss=accounts.issuer)))

    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.accounts.served import Above, Client, accounts_of, bearer
from trulybot.accounts.config import Accounts, issuer
from trulybot.accounts.errors import BadJwt
from trulybot.accounts.keys import SigningKeys, UnusableKeys


def now() -> int:
    return int(time.time())


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "https://trulybot.test/auth/v1",
        "sub": str(uuid4()),
        "aud": "authenticated",
        "role": "authenticated",
        "exp": now() + 600,
        "iat": now(),
        "session_id": str(uuid4()),
        "email": "ana@example.com",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(accounts: Accounts, content: dict[str, Any], **header: Any) -> str:
    keys = accounts.tokens.keys
    return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": keys.key_id} | header, content, keys.signing)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_token_says_who_and_which_session(accounts: Accounts):
    content = claims()

    found = accounts.tokens.verify(signed(accounts, content))

    assert found.user_id == UUID(content["sub"])
    assert found.session_id == UUID(content["session_id"])
    assert found.expires_at == content["exp"]


async def test_a_token_carries_the_claims_of_the_contract(accounts_app: Client):
    session = await accounts_app.signs_up(data={"name": "Ana"})

    header, payload, _ = session["access_token"].split(".")
    head, body = (json.loads(base64.urlsafe_b64decode(text + "==")) for text in (header, payload))

    assert head.keys() == {"alg", "typ", "kid"}
    assert head["alg"] == "ES256"
    assert body.keys() == {
        *("iss", "sub", "aud", "exp", "iat", "email", "phone", "app_metadata", "user_metadata"),
        *("role", "aal", "amr", "session_id", "is_anonymous"),
    }
    assert body["iss"] == "https://trulybot.test/auth/v1"
    assert body["exp"] - body["iat"] == 3600 == session["expires_in"]
    assert body["exp"] == session["expires_at"]
    assert body["aal"] == "aal1"
    assert body["amr"][0]["method"] == "password"
    assert abs(body["amr"][0]["timestamp"] - body["iat"]) < 60
    assert body["user_metadata"] == {"name": "Ana"}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 1e400},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"nbf": "later"},
        {"iss": "https://evil.example/auth/v1"},
        {"iss": None},
        {"iss": "https://trulybot.test/auth/v1/"},
        {"aud": "anon"},
        {"aud": ["authenticated", "evil"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "1"},
        {"sub": ["x"]},
        {"sub": "' or 1=1 --"},
        {"session_id": None},
        {"session_id": "../../etc/passwd"},
        {"role": "service_role"},
        {"role": "anon"},
        {"role": None},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused_though_the_signature_is_right(accounts: Accounts, changes: dict[str, Any]):
    token = signed(accounts, claims(**changes))

    with pytest.raises(BadJwt):
        accounts.tokens.verify(token)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../dev/null"},
        {"kid": "' union select 'key' --"},
        {"kid": ["x"]},
        {"kid": None},
        {"typ": "at+jwt"},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"jwk": {"kty": "EC"}},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"cty": "JWT"},
    ],
    ids=str,
)
def test_a_header_that_is_not_ours_is_refused(accounts: Accounts, header: dict[str, Any]):
    keys = accounts.tokens.keys
    head = part({"alg": "ES256", "typ": "JWT", "kid": keys.key_id} | header)
    token = resigned(keys.signing, head, part(claims()))

    with pytest.raises(BadJwt):
        accounts.tokens.verify(token)


def resigned(key: ECKey, head: str, payload: str) -> str:
    """Signed as it stands, whatever the header claims."""
    der = key.get_op_key("sign").sign(f"{head}.{payload}".encode(), ec.ECDSA(SHA256()))
    seal = b"".join(number.to_bytes(32) for number in decode_dss_signature(der))
    return f"{head}.{payload}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def test_a_key_that_comes_with_the_token_is_not_believed(accounts: Accounts):
    theirs = ECKey.generate_key("P-256")
    ours = accounts.tokens.keys.key_id
    for header in ({"kid": ours}, {"kid": ours, "jwk": theirs.as_dict(private=False)}, {"kid": theirs.thumbprint()}):
        token = resigned(theirs, part({"alg": "ES256", "typ": "JWT"} | header), part(claims()))

        with pytest.raises(BadJwt):
            accounts.tokens.verify(token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "ES512", "es256"])
def test_another_algorithm_is_refused_with_and_without_a_signature(accounts: Accounts, algorithm: str):
    keys = accounts.tokens.keys
    head, payload = part({"alg": algorithm, "typ": "JWT", "kid": keys.key_id}), part(claims())
    public = keys.signing.as_pem(private=False)
    seals = ["", "AA"]
    for key in (public, public.strip(), json.dumps(keys.published()[0]).encode(), accounts.secret_key.encode(), b""):
        digest = hmac.digest(key, f"{head}.{payload}".encode(), hashlib.sha256)
        seals.append(base64.urlsafe_b64encode(digest).rstrip(b"=").decode())

    for seal in seals:
        with pytest.raises(BadJwt):
            accounts.tokens.verify(f"{head}.{payload}.{seal}")


def mangled(token: str) -> list[str]:
    head, payload, seal = token.split(".")
    return [
        f"{head}.{payload}",
        f"{head}.{payload}.",
        f"{head}.{payload}.{seal}.",
        f".{head}.{payload}.{seal}",
        f"{head}..{payload}.{seal}",
        f"{head}.{payload}.{seal[:-4]}",
        f"{head}.{payload}.{'A' * len(seal)}",
        f"{head}.{part(claims())}.{seal}",
        f"{payload}.{payload}.{seal}",
        f"{head}.{payload}.{seal[:-1]}",
        "..",
        ".",
        "e30.e30.e30",
        "a" * 10_000,
        "." * 10_000,
        f"{part([1])}.{payload}.{seal}",
        f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.{payload}.{seal}",
        f"{base64.urlsafe_b64encode(b'{' + b' ' * 9 + bytes([0xFF]) + b'}').decode()}.{payload}.{seal}",
        "sb_secret_abcdef",
        "tb_sk_abcdef",
    ]


async def test_a_mangled_token_is_403_and_never_our_fault(accounts_app: Client):
    session = await accounts_app.signs_up()

    for token in mangled(session["access_token"]):
        answer = await accounts_app.reads_user(token)

        assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt"), token


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "bearer a b", "Token x", "Bearer\tx y"])
async def test_without_a_bearer_it_is_401(accounts_app: Client, header: str):
    answer = await accounts_app.get("/auth/v1/user", headers={"Authorization": header})

    assert (answer.status_code, answer.json()["code"]) == (401, "no_authorization")


async def test_the_word_bearer_may_be_written_in_any_case(accounts_app: Client):
    session = await accounts_app.signs_up()

    answer = await accounts_app.get("/auth/v1/user", headers={"Authorization": f"bEARER {session['access_token']}"})

    assert answer.status_code == 200


async def test_a_refresh_token_and_an_api_key_are_not_access_tokens(accounts_app: Client, accounts: Accounts):
    session = await accounts_app.signs_up()
    service = signed(accounts, {"role": "service_role", "iss": accounts.issuer, "iat": now(), "exp": now() + 60})

    for token in (session["refresh_token"], service):
        answer = await accounts_app.reads_user(token)

        assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


async def test_someone_elses_session_does_not_help(accounts_app: Client, accounts: Accounts):
    ana, ben = await accounts_app.signs_up(), await accounts_app.signs_up()
    bens_session = accounts.tokens.verify(ben["access_token"]).session_id

    answer = await accounts_app.reads_user(
        signed(accounts, claims(sub=ana["user"]["id"], session_id=str(bens_session)))
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "session_not_found")


async def test_the_issuer_does_not_follow_the_host_header(accounts_app: Client, accounts: Accounts):
    session = (
        await accounts_app.post(
            "/auth/v1/signup",
            json={"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"},
            headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        )
    ).json()

    answer = await accounts_app.get("/auth/v1/user", headers=bearer(session["access_token"]))

    assert answer.status_code == 200
    assert accounts.tokens.verify(session["access_token"])


def test_the_issuer_is_our_address_and_stays_the_same_without_one():
    assert issuer("https://bot.example.com/") == "https://bot.example.com/auth/v1"
    assert issuer(None) == "http://127.0.0.1:8000/auth/v1"


def test_the_same_secret_makes_the_same_key_and_another_another():
    first, again = SigningKeys.derived("a" * 32), SigningKeys.derived("a" * 32)
    other = SigningKeys.derived("b" * 32)

    assert first.published() == again.published()
    assert first.key_id != other.key_id
    assert "d" not in first.published()[0]


def test_given_keys_sign_and_older_ones_still_verify(above: Above):
    old, new = (ECKey.generate_key("P-256", {"kid": name, "key_ops": ["sign"]}) for name in ("old", "new"))
    before = accounts_of(above, jwt_keys=[old.as_dict(private=True)])
    after = accounts_of(
        above,
        jwt_keys=[
            {"kty": "oct", "k": "c2VjcmV0", "kid": "legacy"},
            old.as_dict(private=False) | {"key_ops": ["verify"]},
            new.as_dict(private=True),
        ],
    )

    token = signed(before, claims())

    assert after.tokens.verify(token)
    assert after.tokens.keys.key_id == "new"
    assert [key["kid"] for key in after.tokens.keys.published()] == ["old", "new"]


@pytest.mark.parametrize(
    "keys",
    [
        [{"kty": "oct", "k": "c2VjcmV0"}],
        [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}],
        [ECKey.generate_key("P-256").as_dict(private=False)],
        [ECKey.generate_key("P-384").as_dict(private=True)],
    ],
)
def test_keys_that_cannot_sign_stop_the_start(above: Above, keys: list[dict[str, Any]]):
    with pytest.raises(UnusableKeys, match="GOTRUE_JWT_KEYS"):
        accounts_of(above, jwt_keys=keys)

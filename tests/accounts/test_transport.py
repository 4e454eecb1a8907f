import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounts.served import Client, bearer, fresh

JSON = {"Content-Type": "application/json"}


async def test_a_current_client_gets_code_and_message_and_its_version_back(accounts_app: Client):
    answer = await accounts_app.signs_in("nobody@example.com")

    assert answer.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"
    assert answer.headers["x-sb-error-code"] == "invalid_credentials"


@pytest.mark.parametrize("version", ["", "2023-12-31", "latest", "2024"])
async def test_an_older_client_gets_the_older_shape(accounts_app: Client, version: str):
    answer = await accounts_app.post(
        "/auth/v1/token?grant_type=password",
        json={"email": "nobody@example.com", "password": "x"},
        headers={"X-Supabase-Api-Version": version},
    )

    assert answer.json() == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}
    assert "x-supabase-api-version" not in answer.headers
    assert answer.headers["x-sb-error-code"] == "invalid_credentials"


async def test_any_site_may_call_but_never_with_cookies(accounts_app: Client):
    for path in ("/auth/v1/token", "/api/auth/user"):
        preflight = await accounts_app.options(
            path,
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization,x-client-info,apikey,content-type",
            },
        )
        answer = await accounts_app.post(path, headers={"Origin": "https://shop.example"})

        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        for name in ("authorization", "x-client-info", "apikey", "x-supabase-api-version", "x-retry-count", "baggage"):
            assert name in preflight.headers["access-control-allow-headers"]
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "X-Supabase-Api-Version" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in {*preflight.headers, *answer.headers}


async def test_our_pages_are_not_opened_to_other_sites(accounts_app: Client):
    answer = await accounts_app.get("/sign-in", headers={"Origin": "https://shop.example"})

    assert "access-control-allow-origin" not in answer.headers


async def test_a_session_is_kept_by_no_cache(accounts_app: Client):
    answer = await accounts_app.post("/auth/v1/signup", json=fresh())

    assert answer.headers["cache-control"] == "no-store"


async def test_a_body_beyond_one_mebibyte_is_refused_however_it_comes(accounts_app: Client):
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 65_536

    whole = await accounts_app.post("/auth/v1/signup", content=b" " * 1_048_577)
    pieces = await accounts_app.post("/auth/v1/signup", content=in_pieces())
    largest = await accounts_app.post(
        "/auth/v1/signup", content=b"{}" + b" " * 1_048_574, headers={"Content-Type": "application/json"}
    )

    for answer in (whole, pieces):
        assert (answer.status_code, answer.json()["code"]) == (413, "request_entity_too_large")
        assert answer.headers["access-control-allow-origin"] == "*"
    assert largest.json()["code"] == "anonymous_provider_disabled"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"email": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"email": ' + b"9" * 5_000 + b"}",
        b'{"email": {}, "password": []}',
    ],
)
async def test_a_body_that_is_no_json_of_ours_is_bad_json(accounts_app: Client, body: bytes):
    for path in ("signup", "token?grant_type=password"):
        answer = await accounts_app.post(
            f"/auth/v1/{path}", content=body, headers={"Content-Type": "application/json;charset=UTF-8"}
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


@pytest.mark.parametrize(
    "data",
    [
        b'{"n": NaN}',
        b'{"n": 1e999}',
        b'{"n": -Infinity}',
        b'{"n": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"n": "\\ud800"}',
        b'{"n": ' + b"[" * 400 + b"]" * 400 + b"}",
    ],
)
async def test_data_that_cannot_be_kept_is_refused(accounts_app: Client, data: bytes):
    session = await accounts_app.signs_up()

    answer = await accounts_app.put(
        "/auth/v1/user",
        content=b'{"data": ' + data + b"}",
        headers=bearer(session["access_token"]) | {"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["email", "phone", "password", "data", "refresh_token", "app_metadata", "current_password"])


@given(
    body=ANY_JSON | st.dictionaries(FIELDS, ANY_JSON | st.emails(), max_size=4),
    path=st.sampled_from(
        ["POST signup", "POST token?grant_type=password", "POST token?grant_type=refresh_token", "PUT user"]
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_body_is_our_fault(accounts_app: Client, body: object, path: str):
    method, _, where = path.partition(" ")
    session = await accounts_app.signs_up() if method == "PUT" else {"access_token": "x"}

    answer = await accounts_app.request(
        method, f"/auth/v1/{where}", content=json.dumps(body), headers=JSON | bearer(session["access_token"])
    )

    assert answer.status_code < 500, answer.text

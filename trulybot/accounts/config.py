"""What the accounts need to know, put together by `app.py` and found at `request.app.state.accounts`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from trulybot.accounts.keys import SigningKeys
from trulybot.accounts.tokens import Tokens
from trulybot.kit.db import Tx
from trulybot.kit.keys import derive

# Makes the new person's workspace: (tx, user id, email, user_metadata).
Founder = Callable[[Tx, UUID, str, Mapping[str, Any]], Awaitable[None]]

# Tells the parts above that a person's email is now another: (tx, user id, email).
Readdresser = Callable[[Tx, UUID, str], Awaitable[None]]

# Where `trulybot serve` listens when nobody says otherwise.
LOCAL_SITE = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Accounts:
    secret_key: str = field(repr=False)
    # Who signs the tokens. Never made from the Host header, which the caller chooses.
    issuer: str
    found: Founder
    readdress: Readdresser
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

    def __post_init__(self) -> None:
        _ = self.tokens  # a key that cannot sign must stop the start, not the first sign-in

    @cached_property
    def tokens(self) -> Tokens:
        keys = SigningKeys.given(self.jwt_keys) if self.jwt_keys else SigningKeys.derived(self.secret_key)
        return Tokens(keys=keys, issuer=self.issuer, lifetime_seconds=self.jwt_exp_seconds)

    @cached_property
    def refresh_key(self) -> bytes:
        return derive(self.secret_key, "refresh tokens")

    @cached_property
    def hashing_key(self) -> bytes:
        return derive(self.secret_key, "hashes of session secrets")


def issuer(site_url: str | None) -> str:
    return f"{(site_url or LOCAL_SITE).rstrip('/')}/auth/v1"


def accounts(request: Request) -> Accounts:
    return request.app.state.accounts  # type: ignore[no-any-return]


async def _config(request: Request) -> Accounts:  # async, because FastAPI hands plain functions to a thread
    return accounts(request)


Config = Annotated[Accounts, Depends(_config)]

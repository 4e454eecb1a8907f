"""
Sessions: opened by signing in, kept alive by refresh tokens or a browser's cookie, ended by signing out.

A refresh token is the HMAC of its session and its number in it. The database keeps only a hash, yet the token in force
can be made again for a client that lost our answer. Each works once; a used one that comes back ends the session,
because two hold it, except where the client plainly just missed its successor:
the token before the one in force (browser tabs race for it), or any within the reuse interval.
"""

import base64
import hmac
import re
import secrets
from uuid import UUID

from psycopg.errors import LockNotAvailable

from trulybot.accounts import queries, session_queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import (
    BannedAtSignIn,
    ConcurrentRefresh,
    RefreshTokenNotFound,
    SessionExpired,
    SessionNotFound,
    UserBanned,
    UserNotFound,
    ValidationFailed,
)
from trulybot.accounts.factors import queries as factor_queries
from trulybot.accounts.models import Account, Device, Grant, Person, Session
from trulybot.accounts.tokens import AccessClaims
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Someone
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.security import SecurityEvent, note

# GoTrue's are 12 letters and digits; clients take any text, and ours have 160 bits instead of 62.
REFRESH_TOKEN = re.compile(r"[a-z0-9]{12,64}")
REFRESH_TOKEN_BYTES = 20

COOKIE_BYTES = 32

UNKNOWN = Device()


async def open_session(tx: Tx, accounts: Accounts, account: Account, *, method: str, device: Device = UNKNOWN) -> Grant:
    """
    Begin a session that lives by refresh tokens.

    method: how the person proved who they are, in the words of the tokens' `amr`, as "password", "otp" or "oauth".
    """
    await session_queries.clear_ended(tx, account.user.id)
    session = await session_queries.add(tx, id=uuid7(), user_id=account.user.id, method=method, device=device)
    token = await _put_in_force(tx, accounts, session.id, 0)
    await audit.record(tx, Action.SIGN_IN, by=Someone(account.user.id), subject=session.id, method=method)
    return Grant(account, session, token)


async def open_browser_session(
    tx: Tx, accounts: Accounts, user_id: UUID, *, method: str, device: Device = UNKNOWN
) -> str:
    """Begin a session that lives by a cookie, and return the cookie's secret."""
    await session_queries.clear_ended(tx, user_id)
    secret = secrets.token_urlsafe(COOKIE_BYTES)
    hash = _hash(accounts, secret)
    id = uuid7()
    await session_queries.add(tx, id=id, user_id=user_id, method=method, device=device, cookie_hash=hash)
    await audit.record(tx, Action.SIGN_IN, by=Someone(user_id), subject=id, method=method)
    return secret


async def live_person(tx: Tx, claims: AccessClaims) -> Person:
    """
    The person of a checked access token, if the session still stands.

    Raises:
        UserNotFound, UserBanned, SessionNotFound: It does not; all are TokenRefused.
    """
    standing = await session_queries.standing(tx, user_id=claims.user_id, session_id=claims.session_id)
    if standing is None:
        raise UserNotFound
    if standing.is_banned:
        raise UserBanned
    if standing.aal is None:
        raise SessionNotFound
    # A token from before the second factor was shown is worth no more than it was then.
    aal = min(standing.aal, claims.aal)
    return Person(claims.user_id, standing.email, claims.session_id, aal, standing.has_factor)


async def person_by_cookie(tx: Tx, accounts: Accounts, secret: str) -> Person | None:
    return await session_queries.person_by_cookie(tx, _hash(accounts, secret))


async def refresh(tx: Tx, accounts: Accounts, token: str) -> Grant | None:
    """
    Use a refresh token. None: it had been used before, and its session has ended now.

    Raises:
        ValidationFailed: No refresh token looks like this.
        RefreshTokenNotFound: There is none, or its session has ended.
        SessionExpired: The session was idle or alive for too long.
        BannedAtSignIn: The person is banned.
        ConcurrentRefresh: Others of the same session are still busy.
    """
    if not REFRESH_TOKEN.fullmatch(token):
        raise ValidationFailed(reason="Refresh token is not valid")
    place = await session_queries.place(tx, _hash(accounts, token))
    if place is None:
        raise RefreshTokenNotFound
    session = await _locked(tx, place.session_id)
    # While we waited, a second factor may have been shown, which ends the tokens from before it.
    if await session_queries.place(tx, _hash(accounts, token)) is None:
        raise RefreshTokenNotFound
    standing = await session_queries.standing(tx, user_id=session.user_id, session_id=session.id)
    if standing is None:
        raise RefreshTokenNotFound
    if standing.is_banned:
        raise BannedAtSignIn

    if place.counter == session.refresh_counter:
        in_force = await _put_in_force(tx, accounts, session.id, place.counter + 1)
    elif place.counter == session.refresh_counter - 1 or await session_queries.was_just_used(
        tx, place, within_seconds=accounts.reuse_interval_seconds
    ):
        in_force = _refresh_token(accounts, session.id, session.refresh_counter)
    else:
        await session_queries.end(tx, session.id)
        note(SecurityEvent.REFRESH_REUSED, user_id=session.user_id)
        return None
    return Grant(await account(tx, session.user_id), session, in_force)


async def raise_session(tx: Tx, accounts: Accounts, person: Person, *, method: str, factor_id: UUID) -> Grant:
    """
    Take the session to aal2, with tokens of its own: those from before refresh nothing any more.

    Raises:
        SessionNotFound: It has ended meanwhile.
    """
    before = await session_queries.lock(tx, person.session_id)
    if before is None or before.is_over:
        raise SessionNotFound
    session = await factor_queries.raise_session(tx, person.session_id, method=method, factor_id=factor_id)
    token = await _put_in_force(tx, accounts, session.id, session.refresh_counter + 1)
    return Grant(await account(tx, person.user_id), session, token)


async def raise_browser_session(
    tx: Tx, accounts: Accounts, person: Person, *, method: str, factor_id: UUID | None = None
) -> str:
    """
    Take the session to aal2, and return the secret that its cookie holds from now on.

    Raises:
        SessionNotFound: It has ended meanwhile.
    """
    if await session_queries.lock(tx, person.session_id) is None:
        raise SessionNotFound
    secret = secrets.token_urlsafe(COOKIE_BYTES)
    await factor_queries.raise_session(
        tx, person.session_id, method=method, factor_id=factor_id, cookie_hash=_hash(accounts, secret)
    )
    return secret


async def end_browser_session(tx: Tx, accounts: Accounts, secret: str) -> None:
    person = await session_queries.person_by_cookie(tx, _hash(accounts, secret))
    await session_queries.end_by_cookie(tx, _hash(accounts, secret))
    if person is not None:
        await audit.record(tx, Action.SIGN_OUT, by=person, subject=person.session_id, scope="local")


async def account(tx: Tx, user_id: UUID) -> Account:
    return Account(
        await queries.user(tx, user_id), await queries.identities(tx, user_id), await factor_queries.of(tx, user_id)
    )


async def _locked(tx: Tx, session_id: UUID) -> Session:
    try:
        session = await session_queries.lock(tx, session_id)
    except LockNotAvailable as error:
        raise ConcurrentRefresh from error
    if session is None:
        raise RefreshTokenNotFound
    if session.is_over:
        raise SessionExpired
    return session


async def _put_in_force(tx: Tx, accounts: Accounts, session_id: UUID, counter: int) -> str:
    token = _refresh_token(accounts, session_id, counter)
    await session_queries.add_token(tx, session_id=session_id, counter=counter, hash=_hash(accounts, token))
    return token


def _refresh_token(accounts: Accounts, session_id: UUID, counter: int) -> str:
    seal = hmac.digest(accounts.refresh_key, session_id.bytes + counter.to_bytes(8), "sha256")
    return base64.b32encode(seal[:REFRESH_TOKEN_BYTES]).decode().lower()


def _hash(accounts: Accounts, secret: str) -> bytes:
    return hmac.digest(accounts.hashing_key, secret.encode(errors="surrogatepass"), "sha256")

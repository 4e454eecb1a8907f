"""
Signing in and out, and keeping a session alive.

Passwords are hashed and checked with no transaction open: that takes far longer than a query, and a pooled connection
must not wait for it. What was read before is therefore checked again by the statement that relies on it.
"""

from dataclasses import replace
from enum import StrEnum
from uuid import UUID

from trulybot.accounts import lockout, passwords, queries, session_queries, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import (
    BannedAtSignIn,
    EmailNotConfirmed,
    InvalidCredentials,
    PhoneNotConfirmed,
    RefreshTokenAlreadyUsed,
)
from trulybot.accounts.events import note
from trulybot.accounts.forms import EMAIL, PHONE
from trulybot.accounts.models import Credentials, Device, Grant, Person
from trulybot.accounts.sessions import UNKNOWN
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import NotFound


class Scope(StrEnum):
    """Which sessions of a person."""

    GLOBAL = "global"
    LOCAL = "local"
    OTHERS = "others"


async def sign_in(db: Database, accounts: Accounts, login: str, password: str, *, device: Device = UNKNOWN) -> Grant:
    """
    Open a session for whoever knows the password. login: an email, or a phone as `read_phone` gives it.

    Raises:
        InvalidCredentials: Wrong email or password; nothing tells which, neither words nor time.
        LimitReached: Wrong too often.
        BannedAtSignIn, EmailNotConfirmed, PhoneNotConfirmed: The password was right.
    """
    known = await _checked(db, accounts, login, password, device)
    async with db.system("sign in") as tx:
        await _admit(tx, known)
        account = await sessions.account(tx, known.user_id)
        return await sessions.open_session(tx, accounts, account, method="password", device=device)


async def sign_in_browser(
    db: Database,
    accounts: Accounts,
    email: str,
    password: str,
    *,
    replaces: str | None,
    device: Device = UNKNOWN,
) -> str:
    """As `sign_in`, with a cookie's secret instead of tokens; the secret that it `replaces` is good no more."""
    known = await _checked(db, accounts, email, password, device)
    async with db.system("sign in") as tx:
        await _admit(tx, known)
        return await open_browser_session(tx, accounts, known.user_id, replaces, method="password", device=device)


async def open_browser_session(
    tx: Tx, accounts: Accounts, user_id: UUID, replaces: str | None, *, method: str, device: Device = UNKNOWN
) -> str:
    """A cookie's secret for a new session; the secret that it `replaces` is good no more."""
    if replaces is not None:
        await sessions.end_browser_session(tx, accounts, replaces)
    return await sessions.open_browser_session(tx, accounts, user_id, method=method, device=device)


async def refresh(db: Database, accounts: Accounts, token: str) -> Grant:
    """
    Exchange a refresh token for its successor and a new access token.

    Raises:
        RefreshTokenAlreadyUsed: Somebody else has used it: the session has ended for both.
    """
    async with db.system("refresh") as tx:
        grant = await sessions.refresh(tx, accounts, token)
    if grant is None:
        raise RefreshTokenAlreadyUsed
    return grant


async def sign_out(tx: Tx, person: Person, scope: Scope) -> None:
    match scope:
        case Scope.LOCAL:
            await session_queries.end(tx, person.session_id)
        case Scope.OTHERS:
            await session_queries.end_all(tx, person.user_id, but=person.session_id)
        case Scope.GLOBAL:
            await session_queries.end_all(tx, person.user_id)
    await audit.record(tx, Action.SIGN_OUT, by=person, scope=scope.value)


async def end_session(tx: Tx, person: Person, session_id: UUID) -> None:
    """
    Raises:
        NotFound: It is none of theirs, or has ended.
    """
    if not await session_queries.end_own(tx, person.user_id, session_id):
        raise NotFound
    await audit.record(tx, Action.SIGN_OUT, by=person, subject=session_id, scope="one")


async def _checked(db: Database, accounts: Accounts, login: str, password: str, device: Device) -> Credentials:
    await lockout.admit(db, accounts, login, device, secret=lockout.Secret.PASSWORD)
    known = None
    if EMAIL.fullmatch(login) or PHONE.fullmatch(login):
        async with db.system("sign in") as tx:
            known = await queries.credentials(tx, login)
    if not await passwords.matches(password, known.password_hash if known else None) or known is None:
        user_id = known.user_id if known else None
        await lockout.failed(db, accounts, login, device, secret=lockout.Secret.PASSWORD, user_id=user_id)
        raise InvalidCredentials
    await lockout.passed(accounts, login, device, secret=lockout.Secret.PASSWORD)
    return await _renewed(db, known, password)


async def _renewed(db: Database, known: Credentials, password: str) -> Credentials:
    """With a hash of our own in place of one from elsewhere, now that the password is known."""
    if known.password_hash is None or not passwords.is_outdated(known.password_hash):
        return known
    new_hash = await passwords.hash_of(password)
    async with db.system("renew a password's hash") as tx:
        if not await queries.set_password(tx, known.user_id, old_hash=known.password_hash, new_hash=new_hash):
            raise InvalidCredentials
    return replace(known, password_hash=new_hash)


async def _admit(tx: Tx, known: Credentials) -> None:
    if known.is_banned:
        raise BannedAtSignIn
    if not known.is_confirmed:
        raise PhoneNotConfirmed if known.by_phone else EmailNotConfirmed
    if not await queries.note_sign_in(tx, known.user_id, password_hash=known.password_hash or ""):
        raise InvalidCredentials
    note("sign_in", user_id=known.user_id)

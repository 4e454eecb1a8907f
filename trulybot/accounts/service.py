"""
What people do with their accounts.

Passwords are hashed and checked with no transaction open: that takes far longer than a query, and a pooled connection
must not wait for it. What was read before is therefore checked again by the statement that relies on it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from trulybot.accounts import passwords, queries, session_queries, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import (
    AnonymousDisabled,
    BannedAtSignIn,
    CurrentPasswordInvalid,
    CurrentPasswordRequired,
    EmailExists,
    EmailNotConfirmed,
    FeatureDisabled,
    InvalidCredentials,
    InvalidPassword,
    NotAdmin,
    PhoneDisabled,
    RefreshTokenAlreadyUsed,
    SamePassword,
    SignupDisabled,
    UserAlreadyExists,
    ValidationFailed,
)
from trulybot.accounts.forms import EMAIL, SignUp, UserChange, checked_metadata, read_email
from trulybot.accounts.models import Account, Credentials, Grant, Person, Secret, User
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import Conflict
from trulybot.kit.ids import uuid7
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS

log = get_logger()


class Scope(StrEnum):
    """Which sessions of a person."""

    GLOBAL = "global"
    LOCAL = "local"
    OTHERS = "others"


async def sign_up(db: Database, accounts: Accounts, form: SignUp) -> Grant | User:
    """
    Make a person and their workspace, and sign them in; without autoconfirm only the person is answered.

    Raises:
        UserAlreadyExists: The email is taken. Without autoconfirm nobody is told: the answer is a made-up person.
    """
    new = await _checked_sign_up(accounts, form)
    async with db.system("sign up") as tx:
        account = await _add(tx, accounts, new)
        if account is None:
            return _made_up(new)
        if not accounts.autoconfirm:
            return account.user
        return await sessions.open_session(tx, accounts, account)


async def sign_up_in_browser(db: Database, accounts: Accounts, form: SignUp, *, replaces: str | None) -> str:
    """
    As `sign_up`, with a cookie's secret instead of tokens; the secret that it `replaces` is good no more.

    Raises:
        EmailNotConfirmed: Without autoconfirm, also where the email is taken.
    """
    new = await _checked_sign_up(accounts, form)
    async with db.system("sign up") as tx:
        account = await _add(tx, accounts, new)
        if account is not None and accounts.autoconfirm:
            return await _open_browser_session(tx, accounts, account.user.id, replaces)
    raise EmailNotConfirmed  # only here, since the person who was made must be kept


async def sign_in(db: Database, accounts: Accounts, email: str, password: str) -> Grant:
    """
    Open a session for whoever knows the password.

    Raises:
        InvalidCredentials: Wrong email or password; nothing tells which, neither words nor time.
        BannedAtSignIn, EmailNotConfirmed: The password was right.
    """
    known = await _checked(db, email, password)
    async with db.system("sign in") as tx:
        await _admit(tx, known)
        account = await sessions.account(tx, known.user_id)
        return await sessions.open_session(tx, accounts, account)


async def sign_in_browser(db: Database, accounts: Accounts, email: str, password: str, *, replaces: str | None) -> str:
    """As `sign_in`, with a cookie's secret instead of tokens; the secret that it `replaces` is good no more."""
    known = await _checked(db, email, password)
    async with db.system("sign in") as tx:
        await _admit(tx, known)
        return await _open_browser_session(tx, accounts, known.user_id, replaces)


async def refresh(db: Database, accounts: Accounts, token: str) -> Grant:
    """
    Exchange a refresh token for its successor and a new access token.

    Raises:
        RefreshTokenAlreadyUsed: Somebody else has used it: the session has ended for both.
    """
    async with db.system("refresh") as tx:
        grant = await sessions.refresh(tx, accounts, token)
    if grant is None:
        _note("refresh_token.reused")
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


async def change_user(db: Database, accounts: Accounts, claims: AccessClaims, form: UserChange) -> Account:
    """
    Change a person's own data, email or password. A new password ends their other sessions.

    Raises:
        CurrentPasswordRequired: For email and password, when the session is not fresh.
        EmailExists, SamePassword, WeakPassword, …: What was sent does not do.
    """
    async with db.system("read user") as tx:
        person = await sessions.live_person(tx, claims)
        secret = await session_queries.secret(tx, person)
    if form.app_metadata is not None:
        raise NotAdmin
    if form.phone:
        raise PhoneDisabled
    email = read_email(form.email) if form.email else person.email
    if email != person.email and not accounts.autoconfirm:
        raise FeatureDisabled  # needs the mails that confirm it
    if form.password or email != person.email:
        await _prove(secret, form.current_password)
    new_hash = await _new_hash(accounts, secret, form.password) if form.password else None

    async with db.system("change user") as tx:
        await sessions.live_person(tx, claims)
        if form.data is not None:
            await _merge(tx, person.user_id, form.data)
        if email != person.email:
            await _move(tx, accounts, person.user_id, email)
        if new_hash is not None:
            await _replace_password(tx, person, old_hash=secret.password_hash, new_hash=new_hash)
        return await sessions.account(tx, person.user_id)


@dataclass(frozen=True)
class _NewPerson:
    email: str
    password_hash: str
    metadata: dict[str, Any]


async def _checked_sign_up(accounts: Accounts, form: SignUp) -> _NewPerson:
    if not form.email and not form.phone:
        raise AnonymousDisabled
    if accounts.disable_signup:
        raise SignupDisabled
    if not form.password:
        raise InvalidPassword(reason="Signup requires a valid password")
    if form.email and form.phone:
        raise ValidationFailed(reason="Only an email address or phone number should be provided on signup.")
    if form.phone:
        raise PhoneDisabled
    passwords.check_strength(form.password, least=accounts.password_min_length)
    email, metadata = read_email(form.email), checked_metadata(form.data or {})
    # Hashed before anyone looks whether the email is taken, so that the time does not tell.
    return _NewPerson(email, await passwords.hash_of(form.password), metadata)


async def _add(tx: Tx, accounts: Accounts, new: _NewPerson) -> Account | None:
    """
    A new person with their workspace; without autoconfirm None when the email is taken.

    Raises:
        UserAlreadyExists: The email is taken, and autoconfirm is on.
    """
    user_id = uuid7()
    added = await queries.add_user(
        tx,
        id=user_id,
        email=new.email,
        password_hash=new.password_hash,
        user_metadata=new.metadata,
        confirmed=accounts.autoconfirm,
    )
    if not added and accounts.autoconfirm:
        raise UserAlreadyExists
    if not added:
        return None
    vouched = {
        **new.metadata,
        "sub": str(user_id),
        "email": new.email,
        "email_verified": accounts.autoconfirm,
        "phone_verified": False,
    }
    await queries.add_email_identity(tx, id=uuid7(), user_id=user_id, data=vouched)
    await accounts.found(tx, user_id, new.email, new.metadata)
    _note("sign_up", user_id=user_id)
    return await sessions.account(tx, user_id)


def _made_up(new: _NewPerson) -> User:
    """What a stranger sees of a taken email: a person like any who has just signed up."""
    now = datetime.now(UTC)
    return User(
        id=uuid7(),
        email=new.email,
        phone="",
        app_metadata={"provider": "email", "providers": ["email"]},
        user_metadata=new.metadata,
        is_anonymous=False,
        email_confirmed_at=None,
        phone_confirmed_at=None,
        confirmation_sent_at=now,
        last_sign_in_at=None,
        banned_until=None,
        deleted_at=None,
        created_at=now,
        updated_at=now,
    )


async def _checked(db: Database, email: str, password: str) -> Credentials:
    known = None
    if EMAIL.fullmatch(email):
        async with db.system("sign in") as tx:
            known = await queries.credentials(tx, email)
    if not await passwords.matches(password, known.password_hash if known else None) or known is None:
        _note("sign_in.failed", **({"user_id": known.user_id} if known else {}))
        raise InvalidCredentials
    return known


async def _admit(tx: Tx, known: Credentials) -> None:
    if known.is_banned:
        raise BannedAtSignIn
    if not known.is_confirmed:
        raise EmailNotConfirmed
    if not await queries.note_sign_in(tx, known.user_id, password_hash=known.password_hash or ""):
        raise InvalidCredentials
    _note("sign_in", user_id=known.user_id)


async def _open_browser_session(tx: Tx, accounts: Accounts, user_id: UUID, replaces: str | None) -> str:
    if replaces is not None:
        await sessions.end_browser_session(tx, accounts, replaces)
    return await sessions.open_browser_session(tx, accounts, user_id)


async def _prove(secret: Secret, current_password: str) -> None:
    """Somebody at a computer left open must not be able to keep the account."""
    if current_password:
        if not await passwords.matches(current_password, secret.password_hash):
            raise CurrentPasswordInvalid
    elif not secret.is_fresh:
        raise CurrentPasswordRequired


async def _new_hash(accounts: Accounts, secret: Secret, password: str) -> str:
    passwords.check_strength(password, least=accounts.password_min_length)
    if await passwords.matches(password, secret.password_hash):
        raise SamePassword
    return await passwords.hash_of(password)


async def _merge(tx: Tx, user_id: UUID, data: dict[str, Any]) -> None:
    """Null takes a key away."""
    merged = {**await queries.lock_metadata(tx, user_id), **data}
    kept = {key: value for key, value in merged.items() if key not in data or value is not None}
    await queries.set_metadata(tx, user_id, checked_metadata(kept))


async def _move(tx: Tx, accounts: Accounts, user_id: UUID, email: str) -> None:
    try:
        await queries.set_email(tx, user_id, email)
    except UniqueViolation as error:
        raise EmailExists from error
    await accounts.readdress(tx, user_id, email)
    _note("email.changed", user_id=user_id)


async def _replace_password(tx: Tx, person: Person, *, old_hash: str | None, new_hash: str) -> None:
    if not await queries.set_password(tx, person.user_id, old_hash=old_hash, new_hash=new_hash):
        raise Conflict
    await session_queries.end_all(tx, person.user_id, but=person.session_id)
    _note("password.changed", user_id=person.user_id)


def _note(event: str, **ids: object) -> None:
    EVENTS.labels(event).inc()
    log.info(event, **{name: str(value) for name, value in ids.items()})

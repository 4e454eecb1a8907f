"""What people change of their accounts: their own data, email, phone, password."""

from typing import Any
from uuid import UUID

from trulybot.accounts import moving, passwords, queries, session_queries, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import (
    CurrentPasswordInvalid,
    CurrentPasswordRequired,
    InsufficientAal,
    NotAdmin,
    PhoneDisabled,
    ReauthenticationNeeded,
    ReauthenticationNotValid,
    SamePassword,
)
from trulybot.accounts.events import record
from trulybot.accounts.forms import UserChange, checked_metadata, read_email, read_phone
from trulybot.accounts.models import Account, Person, Secret, User
from trulybot.accounts.one_time import codes, sending
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time.errors import BarePassword
from trulybot.accounts.one_time.flows import read_challenge
from trulybot.accounts.one_time.models import Kind, Made
from trulybot.accounts.one_time.sending import Way
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import Conflict
from trulybot.kit.security import SecurityEvent
from trulybot.kit.security import note as note_security
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind as MailKind


async def change_user(
    db: Database, accounts: Accounts, claims: AccessClaims, form: UserChange, *, redirect_to: str = ""
) -> Account:
    """
    Change a person's own data, email, phone or password. Email and phone change once they are confirmed; a new
    password ends the other sessions, and whatever mail would still let somebody in.

    Raises:
        CurrentPasswordRequired, ReauthenticationNeeded: When the session is not fresh, and nothing proves the person.
        EmailExists, SamePassword, WeakPassword, …: What was sent does not do.
        LimitReached: The proof was wrong too often.
    """
    async with db.system("read user") as tx:
        person = await sessions.live_person(tx, claims)
        secret = await session_queries.secret(tx, person)
        user = await queries.user(tx, person.user_id)
    if form.app_metadata is not None:
        raise NotAdmin
    if person.needs_second_factor and (form.password or form.phone or form.email):
        raise InsufficientAal
    email, phone = _wanted(accounts, user, form)
    if form.password or email or phone:
        await _prove(db, accounts, user, secret, form)
    new_hash = await _new_hash(accounts, user, secret, form, email, phone) if form.password else None
    way = Way(accounts.place(redirect_to), challenge=read_challenge(form.code_challenge, form.code_challenge_method))
    await _may_send(accounts, email, phone)

    async with db.system("change user") as tx:
        await sessions.live_person(tx, claims)
        if form.data is not None:
            await _merge(tx, user.id, form.data)
        if new_hash is not None:
            await replace_password(tx, person, user, old_hash=secret.password_hash, new_hash=new_hash)
        if email:
            await _move(tx, accounts, user, email, way)
        made = await _move_phone(tx, accounts, user, phone) if phone else None
        account = await sessions.account(tx, user.id)
    if made is not None:
        await sending.text(accounts, account.user, phone, made)
    return account


async def _may_send(accounts: Accounts, email: str, phone: str) -> None:
    if email and not accounts.autoconfirm:
        await sending.may_mail(accounts, email, sending.TO_NEW_ADDRESS)
    if phone and not accounts.sms_autoconfirm:
        await sending.may_text(accounts, phone)


async def _move(tx: Tx, accounts: Accounts, user: User, email: str, way: Way) -> None:
    if accounts.autoconfirm:
        await moving.move(tx, accounts, user, email)
    else:
        await moving.ask_to_move(tx, accounts, user, email, way)


async def _move_phone(tx: Tx, accounts: Accounts, user: User, phone: str) -> Made | None:
    if accounts.sms_autoconfirm:
        await moving.move_phone(tx, user, phone)
        return None
    return await moving.ask_to_move_phone(tx, accounts, user, phone)


async def replace_password(tx: Tx, person: Person, user: User, *, old_hash: str | None, new_hash: str) -> None:
    """
    Raises:
        Conflict: Somebody else changed it since `old_hash` was read.
    """
    if not await queries.set_password(tx, person.user_id, old_hash=old_hash, new_hash=new_hash):
        raise Conflict
    await session_queries.end_all(tx, person.user_id, but=person.session_id)
    await one_time.end_all(tx, person.user_id)
    if user.email:
        await mail.send(tx, MailKind.PASSWORD_CHANGED, user.email, locale=user.locale)
    await record(tx, "password.changed", user_id=person.user_id)


def _wanted(accounts: Accounts, user: User, form: UserChange) -> tuple[str, str]:
    """The email and the phone that are to replace the present ones; "" for what stays."""
    if form.phone and not accounts.phones:
        raise PhoneDisabled
    email = read_email(form.email) if form.email else ""
    phone = read_phone(form.phone) if form.phone else ""
    return email if email != user.email else "", phone if phone != user.phone else ""


async def _prove(db: Database, accounts: Accounts, user: User, secret: Secret, form: UserChange) -> None:
    """Somebody at a computer left open must not be able to keep the account."""
    if form.current_password or form.nonce:
        await accounts.limiter.take(accounts.limits.proofs, str(user.id))
    if form.current_password:
        if not await passwords.matches(form.current_password, secret.password_hash):
            note_security(SecurityEvent.SIGN_IN_FAILED, user_id=user.id)
            raise CurrentPasswordInvalid
        await accounts.limiter.clear(accounts.limits.proofs, str(user.id))
        return
    # Whoever has no way yet to show who they are can only have this session.
    if secret.is_fresh or not (user.email or user.phone):
        return
    if form.nonce:
        await _spend_nonce(db, accounts, user, form.nonce)
    elif form.password:
        raise ReauthenticationNeeded
    else:
        raise CurrentPasswordRequired


async def _spend_nonce(db: Database, accounts: Accounts, user: User, nonce: str) -> None:
    async with db.system("reauthenticate") as tx:
        taken = await codes.take_code(
            tx,
            accounts,
            user_id=user.id,
            kind=Kind.REAUTHENTICATION,
            address=user.email or user.phone,
            code=nonce,
        )
    if taken is None:
        note_security(SecurityEvent.CODE_FAILED, user_id=user.id)
        raise ReauthenticationNotValid


async def _new_hash(accounts: Accounts, user: User, secret: Secret, form: UserChange, email: str, phone: str) -> str:
    confirmed_now = (email and accounts.autoconfirm) or (phone and accounts.sms_autoconfirm)
    if user.is_anonymous and not (user.email or user.phone or confirmed_now):
        raise BarePassword
    passwords.check_strength(
        form.password, least=accounts.password_min_length, about=(email or user.email, accounts.own_site)
    )
    if await passwords.matches(form.password, secret.password_hash):
        raise SamePassword
    return await passwords.hash_of(form.password)


async def _merge(tx: Tx, user_id: UUID, data: dict[str, Any]) -> None:
    """Null takes a key away."""
    merged = {**await queries.lock_metadata(tx, user_id), **data}
    kept = {key: value for key, value in merged.items() if key not in data or value is not None}
    await queries.set_metadata(tx, user_id, checked_metadata(kept))

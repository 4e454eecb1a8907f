"""What an operator's program does with people."""

import re
from typing import Any
from uuid import UUID

from trulybot.accounts import moving, passwords, people, session_queries, sessions
from trulybot.accounts import queries as people_queries
from trulybot.accounts.admin import queries
from trulybot.accounts.admin.errors import NoSuchUser, OwnsWorkspaces
from trulybot.accounts.admin.forms import Invitation, UserAttributes, read_ban, read_role
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import EmailExists, InvalidPassword, PhoneExists, ValidationFailed
from trulybot.accounts.events import note
from trulybot.accounts.forms import checked_metadata, read_email, read_phone
from trulybot.accounts.models import Account, NewUser, User
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time import sending
from trulybot.accounts.one_time.sending import Way
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7

# As other systems wrote them; each says its own cost.
BCRYPT = r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}"
ARGON2 = r"\$argon2id?\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[^$]+\$[^$]+"
FOREIGN_HASH = re.compile(f"{BCRYPT}|{ARGON2}")


async def listed(tx: Tx, filter: str, *, page: int, per_page: int) -> tuple[list[Account], int]:
    """One page of people, the latest first, and how many there are."""
    found = await queries.page(tx, filter, offset=(page - 1) * per_page, limit=per_page)
    return [await sessions.account(tx, user_id) for user_id in found.ids], found.total


async def read(tx: Tx, user_id: UUID) -> Account:
    """
    Raises:
        NoSuchUser: There is none.
    """
    if not await queries.hold(tx, user_id):
        raise NoSuchUser
    return await sessions.account(tx, user_id)


async def create(db: Database, accounts: Accounts, form: UserAttributes) -> Account:
    """
    Make a person, with their workspace.

    Raises:
        EmailExists, PhoneExists: Taken.
    """
    email = read_email(form.email) if form.email else ""
    phone = read_phone(form.phone) if form.phone else ""
    if not email and not phone:
        raise ValidationFailed(reason="Cannot create a user without either an email or phone")
    new = NewUser(
        _id(form.id),
        email=email,
        phone=phone,
        password_hash=await _hash(accounts, form),
        user_metadata=checked_metadata(form.user_metadata or {}),
        app_metadata={**people.providers(email=email, phone=phone), **checked_metadata(form.app_metadata or {})},
        email_confirmed=bool(email and form.email_confirm),
        phone_confirmed=bool(phone and form.phone_confirm),
        role=read_role(form.role) if form.role else "authenticated",
        banned_until=read_ban(form.ban_duration) if form.ban_duration else None,
    )
    async with db.system("create a user") as tx:
        account = await people.add(tx, accounts, new)
        if account is None:
            raise await _taken(tx, email)
    return account


async def change(db: Database, accounts: Accounts, user_id: UUID, form: UserAttributes) -> Account:
    """
    Change a person at once, without asking them. A new password ends their sessions.

    Raises:
        NoSuchUser: There is none.
        EmailExists, PhoneExists: Somebody else's.
    """
    email = read_email(form.email) if form.email else ""
    phone = read_phone(form.phone) if form.phone else ""
    password_hash = await _hash(accounts, form)
    role = read_role(form.role) if form.role else ""
    until = read_ban(form.ban_duration) if form.ban_duration else None
    async with db.system("change a user") as tx:
        user = (await read(tx, user_id)).user
        await _move(tx, accounts, user, form, email=email, phone=phone)
        await queries.confirm(tx, user_id, email=form.email_confirm is True, phone=form.phone_confirm is True)
        if form.user_metadata is not None:
            await people_queries.set_metadata(tx, user_id, _merged(user.user_metadata, form.user_metadata))
        if form.app_metadata is not None:
            await queries.set_app_metadata(tx, user_id, _merged(user.app_metadata, form.app_metadata))
        if password_hash is not None:
            await people_queries.set_password_hash(tx, user_id, password_hash)
            await session_queries.end_all(tx, user_id)
            await one_time.end_all(tx, user_id)
        if role:
            await queries.set_role(tx, user_id, role)
        if form.ban_duration:
            await queries.set_ban(tx, user_id, until)
        note("user.changed_by_operator", user_id=user_id)
        return await sessions.account(tx, user_id)


async def delete(tx: Tx, user_id: UUID, *, softly: bool) -> None:
    """
    End an account. softly: the row stays, with nothing in it that says who it was; else the worker takes it away, with
    the workspaces in which nobody else is.

    Raises:
        NoSuchUser: There is none.
        OwnsWorkspaces: Others work in a workspace that only this person owns.
    """
    if not await queries.hold(tx, user_id):
        raise NoSuchUser
    if not softly and await queries.owns_with_others(tx, user_id):
        raise OwnsWorkspaces
    await queries.blank(tx, user_id)
    if not softly:
        await queries.delete_soon(tx, user_id)
    note("user.deleted_by_operator", user_id=user_id)


async def invite(db: Database, accounts: Accounts, form: Invitation, way: Way) -> User:
    """
    Make a person who comes in by the link of a mail, or send it to them again.

    Raises:
        EmailExists: They have come in already.
    """
    email, metadata = read_email(form.email), checked_metadata(form.data or {})
    async with db.system("invite a user") as tx:
        user = await invitee(tx, accounts, email, metadata)
        await sending.mail_link(tx, accounts, user, sending.INVITE, way)
        return await people_queries.user(tx, user.id)


async def invitee(tx: Tx, accounts: Accounts, email: str, metadata: dict[str, Any]) -> User:
    """
    Somebody who has yet to come in.

    Raises:
        EmailExists: They have.
    """
    user = await people_queries.user_by_email(tx, email)
    if user is None:
        new = NewUser(uuid7(), email=email, user_metadata=metadata, app_metadata=people.providers(email=email))
        account = await people.add(tx, accounts, new)
        if account is None:
            raise EmailExists
        return account.user
    if user.email_confirmed_at is not None:
        raise EmailExists
    # Whoever signed up with this address before may not be its owner, whom the link lets in.
    await people_queries.set_password_hash(tx, user.id, None)
    if metadata:
        await people_queries.set_metadata(tx, user.id, _merged(user.user_metadata, metadata))
    return user


async def _move(tx: Tx, accounts: Accounts, user: User, form: UserAttributes, *, email: str, phone: str) -> None:
    """What was not confirmed before is not by being changed."""
    if email and email != user.email:
        await moving.move(tx, accounts, user, email)
        if user.email_confirmed_at is None and not form.email_confirm:
            await queries.unconfirm(tx, user.id, email=True, phone=False)
    if phone and phone != user.phone:
        await moving.move_phone(tx, user, phone)
        if user.phone_confirmed_at is None and not form.phone_confirm:
            await queries.unconfirm(tx, user.id, email=False, phone=True)


async def _hash(accounts: Accounts, form: UserAttributes) -> str | None:
    if form.password and form.password_hash:
        raise ValidationFailed(reason="Only a password or a password hash should be provided")
    if form.password:
        passwords.check_strength(
            form.password, least=accounts.password_min_length, about=(form.email, accounts.own_site)
        )
        return await passwords.hash_of(form.password)
    if not form.password_hash:
        return None
    if not FOREIGN_HASH.fullmatch(form.password_hash):
        raise InvalidPassword(reason="The password hash is none of bcrypt or Argon2")
    return form.password_hash


async def _taken(tx: Tx, email: str) -> EmailExists | PhoneExists | ValidationFailed:
    if email and await people_queries.user_by_email(tx, email) is not None:
        return EmailExists()
    return PhoneExists()


def _id(given: str) -> UUID:
    if not given:
        return uuid7()
    try:
        return UUID(given)
    except ValueError as error:
        raise ValidationFailed(reason="ID must conform to the uuid v4 format") from error


def _merged(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Null takes a key away."""
    return checked_metadata({key: value for key, value in {**kept, **given}.items() if value is not None})

"""
Asking for a code or a link.

Whether anybody has the address shows in nothing that is answered: the limits count every address alike, and whose it
is is looked up once the answer is on its way.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from trulybot.accounts import moving, people, queries, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import PhoneDisabled, ValidationFailed
from trulybot.accounts.forms import checked_metadata, read_email, read_phone
from trulybot.accounts.models import NewUser, User
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time import sending
from trulybot.accounts.one_time.models import Kind, Made
from trulybot.accounts.one_time.sending import Way
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.aside import aside
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7


class Newcomer(NamedTuple):
    """Whether somebody unknown is made a person by asking for a code, and what they say of themselves."""

    is_welcome: bool
    metadata: dict[str, Any]


async def recover(db: Database, accounts: Accounts, email: str, way: Way) -> None:
    """Mail a link to whoever has forgotten the password."""
    email = read_email(email)
    await sending.may_mail(accounts, email, sending.RECOVERY)
    aside(_recover(db, accounts, email, way))


async def mail_magic_link(db: Database, accounts: Accounts, email: str, newcomer: Newcomer, way: Way) -> None:
    """Mail a link and a code that sign in, or up."""
    email = read_email(email)
    checked_metadata(newcomer.metadata)
    await sending.may_mail(accounts, email, sending.MAGIC_LINK)
    aside(_mail_magic_link(db, accounts, email, newcomer, way))


async def text_code(db: Database, accounts: Accounts, phone: str, newcomer: Newcomer) -> None:
    """
    Text a code that signs in, or up.

    Raises:
        SmsNotSent: There is nothing that sends.
    """
    if not accounts.phones:
        raise PhoneDisabled
    phone = read_phone(phone)
    checked_metadata(newcomer.metadata)
    await sending.may_text(accounts, phone)
    aside(_text_code(db, accounts, phone, newcomer))


async def send_again(db: Database, accounts: Accounts, type: str, email: str, phone: str, way: Way) -> None:
    """What was sent before, and has not been used."""
    if type in ("signup", "email_change"):
        if not email or phone:
            raise ValidationFailed(reason="Type provided requires an email address")
        email = read_email(email)
        letter, again = _MAILS_AGAIN[type]
        await sending.may_mail(accounts, email, letter)
        aside(_mail_again(db, accounts, email, way, again))
    elif type in ("sms", "phone_change"):
        if not phone or email:
            raise ValidationFailed(reason="Type provided requires a phone number")
        if not accounts.phones:
            raise PhoneDisabled
        phone = read_phone(phone)
        await sending.may_text(accounts, phone)
        aside(_text_again(db, accounts, phone, type))
    else:
        raise ValidationFailed(reason="Missing one of these types: signup, email_change, sms, phone_change")


async def reauthenticate(db: Database, accounts: Accounts, claims: AccessClaims) -> None:
    """
    Send a nonce to whoever is signed in, for changing the password in an old session.

    Raises:
        ValidationFailed: There is nothing to send it to.
        SmsNotSent: It did not go out.
    """
    async with db.system("read user") as tx:
        person = await sessions.live_person(tx, claims)
        user = await queries.user(tx, person.user_id)
    if not (user.email or user.phone):
        raise ValidationFailed(reason="Reauthentication requires the user to have an email or a phone number")
    if user.email:
        await sending.may_mail(accounts, user.email, sending.NONCE)
    else:
        await sending.may_text(accounts, user.phone)
    async with db.system("reauthenticate") as tx:
        if user.email:
            await sending.mail_nonce(tx, accounts, user)
            return
        made = await sending.make_for_phone(tx, accounts, user, Kind.REAUTHENTICATION, user.phone)
    await sending.text(accounts, user, user.phone, made)


async def _recover(db: Database, accounts: Accounts, email: str, way: Way) -> None:
    async with db.system("recover") as tx:
        user = await queries.user_by_email(tx, email)
        if user is not None:
            await sending.mail_link(tx, accounts, user, sending.RECOVERY, way)


async def _mail_magic_link(db: Database, accounts: Accounts, email: str, newcomer: Newcomer, way: Way) -> None:
    async with db.system("mail a magic link") as tx:
        user = await queries.user_by_email(tx, email)
        if user is None and newcomer.is_welcome and not accounts.disable_signup:
            user = await _welcome(tx, accounts, newcomer, email=email)
        if user is not None:
            await sending.mail_link(tx, accounts, user, sending.MAGIC_LINK, way)


async def _text_code(db: Database, accounts: Accounts, phone: str, newcomer: Newcomer) -> None:
    async with db.system("text a code") as tx:
        user = await queries.user_by_phone(tx, phone)
        if user is None and newcomer.is_welcome and not accounts.disable_signup:
            user = await _welcome(tx, accounts, newcomer, phone=phone)
        if user is None:
            return
        if user.phone_confirmed_at is None and user.email_confirmed_at is None:
            # Whoever signed up with this number and a password has not shown that it is theirs.
            await queries.set_password_hash(tx, user.id, None)
        made = await sending.make_for_phone(tx, accounts, user, Kind.PHONE_CONFIRMATION, phone)
    await sending.text(accounts, user, phone, made)


async def _welcome(tx: Tx, accounts: Accounts, newcomer: Newcomer, *, email: str = "", phone: str = "") -> User | None:
    new = NewUser(
        uuid7(),
        email=email,
        phone=phone,
        user_metadata=newcomer.metadata,
        app_metadata=people.providers(email=email, phone=phone),
    )
    account = await people.add(tx, accounts, new)
    return account.user if account else None


async def _mail_again(db: Database, accounts: Accounts, email: str, way: Way, again: "_Again") -> None:
    async with db.system("mail again") as tx:
        user = await queries.user_by_email(tx, email)
        if user is not None:
            await again(tx, accounts, user, way)


async def _confirmation_again(tx: Tx, accounts: Accounts, user: User, way: Way) -> None:
    if user.email_confirmed_at is None:
        await sending.mail_link(tx, accounts, user, sending.SIGN_UP, way)


async def _change_again(tx: Tx, accounts: Accounts, user: User, way: Way) -> None:
    if user.new_email:
        # Both anew, and both have to confirm again: which of the two had done so is not kept.
        await one_time.begin_email_change(tx, user.id, new_email=user.new_email, awaits=2)
        await moving.mail_both(tx, accounts, user, way)


async def _text_again(db: Database, accounts: Accounts, phone: str, type: str) -> None:
    async with db.system("text again") as tx:
        found = await _waiting_for(tx, accounts, phone, type)
    if found is not None:
        await sending.text(accounts, found[0], phone, found[1])


async def _waiting_for(tx: Tx, accounts: Accounts, phone: str, type: str) -> tuple[User, Made] | None:
    if type == "sms":
        user, kind = await queries.user_by_phone(tx, phone), Kind.PHONE_CONFIRMATION
        if user is None or user.phone_confirmed_at is not None:
            return None
    else:
        moving_here, kind = await queries.users_moving_to(tx, phone=phone), Kind.PHONE_CHANGE
        if len(moving_here) != 1:
            return None
        user = moving_here[0]
    return user, await sending.make_for_phone(tx, accounts, user, kind, phone)


_Again = Callable[[Tx, Accounts, User, Way], Awaitable[None]]
_MAILS_AGAIN: dict[str, tuple[sending.Letter, _Again]] = {
    "signup": (sending.SIGN_UP, _confirmation_again),
    "email_change": (sending.TO_NEW_ADDRESS, _change_again),
}

"""A person's email or phone becomes another: asked for, and done once it is confirmed."""

from psycopg.errors import UniqueViolation

from trulybot.accounts import people, queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import EmailExists, PhoneExists
from trulybot.accounts.events import record
from trulybot.accounts.models import User
from trulybot.accounts.one_time import flows, sending
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time.models import Kind, Made
from trulybot.accounts.one_time.sending import Way
from trulybot.kit.db import Tx
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind as MailKind


async def ask_to_move(tx: Tx, accounts: Accounts, user: User, email: str, way: Way) -> None:
    """
    Write to the new address and to the old one: both have to confirm, so that neither a session left open nor a
    mailbox taken over is enough to take an account away.

    Raises:
        EmailExists: It is somebody else's.
    """
    if await queries.user_by_email(tx, email) is not None:
        raise EmailExists
    await one_time.begin_email_change(tx, user.id, new_email=email, awaits=2 if user.email else 1)
    await one_time.end_all(tx, user.id, Kind.EMAIL_CHANGE_CURRENT, Kind.EMAIL_CHANGE_NEW)
    await mail_both(tx, accounts, await queries.user(tx, user.id), way)


async def mail_both(tx: Tx, accounts: Accounts, user: User, way: Way) -> None:
    flow_id = None
    if way.challenge is not None:
        flow_id = await flows.begin(tx, way.challenge, authentication_method=sending.TO_NEW_ADDRESS.method)
    await sending.mail_link(tx, accounts, user, sending.TO_NEW_ADDRESS, way, to=user.new_email, flow_id=flow_id)
    if user.email:
        await sending.mail_link(tx, accounts, user, sending.TO_OLD_ADDRESS, way, flow_id=flow_id)


async def move(tx: Tx, accounts: Accounts, user: User, email: str) -> None:
    """
    The email is now this one. What was sent to the old one lets nobody in any more, and it is told.

    Raises:
        EmailExists: It is somebody else's.
    """
    try:
        async with tx.connection.transaction():
            await queries.set_email(tx, user.id, email, autoconfirmed=accounts.autoconfirm)
    except UniqueViolation as error:
        raise EmailExists from error
    await people.vouch(tx, user.id, "email", {"email": email, "email_verified": True, "phone_verified": False})
    await one_time.end_all(tx, user.id)
    await accounts.readdress(tx, user.id, email)
    if user.email:
        await mail.send(tx, MailKind.EMAIL_CHANGED, user.email, locale=user.locale)
    await record(tx, "email.changed", user_id=user.id)


async def ask_to_move_phone(tx: Tx, accounts: Accounts, user: User, phone: str) -> Made:
    """
    A code for the new number, to be sent once this has committed.

    Raises:
        PhoneExists: It is somebody else's.
    """
    if await queries.user_by_phone(tx, phone) is not None:
        raise PhoneExists
    await one_time.begin_phone_change(tx, user.id, new_phone=phone)
    return await sending.make_for_phone(tx, accounts, user, Kind.PHONE_CHANGE, phone)


async def move_phone(tx: Tx, user: User, phone: str) -> None:
    """
    The number is now this one.

    Raises:
        PhoneExists: It is somebody else's.
    """
    try:
        async with tx.connection.transaction():
            await queries.set_phone(tx, user.id, phone)
    except UniqueViolation as error:
        raise PhoneExists from error
    await people.vouch(tx, user.id, "phone", {"phone": phone, "phone_verified": True})
    await one_time.end_all(tx, user.id)
    await record(tx, "phone.changed", user_id=user.id)

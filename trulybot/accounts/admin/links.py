"""Links that an operator's program sends in a mail of its own."""

from dataclasses import dataclass
from typing import Any

from trulybot.accounts import passwords, people, queries
from trulybot.accounts.admin import service
from trulybot.accounts.admin.errors import NoSuchUser
from trulybot.accounts.admin.forms import LinkRequest
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import EmailExists, InvalidPassword, ValidationFailed
from trulybot.accounts.forms import checked_metadata, read_email
from trulybot.accounts.models import NewUser, User
from trulybot.accounts.one_time import codes, sending
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time.models import Made
from trulybot.accounts.one_time.sending import Letter, Way
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7


@dataclass(frozen=True)
class Link:
    """What the program puts into its mail. type: as it was asked for, but a magic link for nobody is a sign-up."""

    user: User
    made: Made
    action_link: str
    type: str


@dataclass(frozen=True)
class _Asked:
    """A request that was read."""

    type: str
    email: str
    new_email: str
    metadata: dict[str, Any]
    password_hash: str | None


async def generate(db: Database, accounts: Accounts, form: LinkRequest, redirect_to: str) -> Link:
    """
    Make a link as our own mails have it, and send nothing.

    Raises:
        NoSuchUser: A recovery or a change of the email is somebody's.
        EmailExists: A sign-up or an invitation is nobody's yet; a new email too.
    """
    asked = _Asked(
        form.type,
        read_email(form.email),
        read_email(form.new_email) if form.type.startswith("email_change") else "",
        checked_metadata(form.data or {}),
        await _hash(accounts, form),
    )
    async with db.system("generate a link") as tx:
        user, letter = await _addressee(tx, accounts, asked)
        made = await _make(tx, accounts, user, letter, asked.new_email)
        link = sending.link_of(accounts, made, letter.type, Way(redirect_to))
        type = form.type if letter.type == "email_change" else letter.type
        return Link(await queries.user(tx, user.id), made, link, type)


async def _addressee(tx: Tx, accounts: Accounts, asked: _Asked) -> tuple[User, Letter]:
    known = await queries.user_by_email(tx, asked.email)
    match asked.type:
        case "signup":
            return await _newcomer(tx, accounts, known, asked), sending.SIGN_UP
        case "magiclink" if known is None:
            return await _newcomer(tx, accounts, None, asked), sending.SIGN_UP
        case "magiclink":
            return _known(known), sending.MAGIC_LINK
        case "invite":
            return await service.invitee(tx, accounts, asked.email, asked.metadata), sending.INVITE
        case "recovery":
            return _known(known), sending.RECOVERY
        case "email_change_current":
            return await _moving(tx, _known(known), asked.new_email), sending.TO_OLD_ADDRESS
        case "email_change_new":
            return await _moving(tx, _known(known), asked.new_email), sending.TO_NEW_ADDRESS
    raise ValidationFailed(reason="Invalid email action link type requested")


async def _make(tx: Tx, accounts: Accounts, user: User, letter: Letter, new_email: str) -> Made:
    await one_time.note_sent(tx, user.id, letter.kind, invited=letter is sending.INVITE)
    address = new_email if letter is sending.TO_NEW_ADDRESS else user.email
    return await codes.make(tx, accounts, user_id=user.id, kind=letter.kind, address=address)


async def _newcomer(tx: Tx, accounts: Accounts, known: User | None, asked: _Asked) -> User:
    if known is not None and known.email_confirmed_at is not None:
        raise EmailExists
    if known is not None:
        # Whoever signed up with this address before may not be its owner, whom the link lets in.
        await queries.set_password_hash(tx, known.id, asked.password_hash)
        return known
    new = NewUser(
        uuid7(),
        email=asked.email,
        user_metadata=asked.metadata,
        app_metadata=people.providers(email=asked.email),
        password_hash=asked.password_hash,
    )
    account = await people.add(tx, accounts, new)
    if account is None:
        raise EmailExists
    return account.user


async def _moving(tx: Tx, user: User, new_email: str) -> User:
    """Somebody whose email is to become another. Both links may be made, one after the other."""
    if await queries.user_by_email(tx, new_email) is not None:
        raise EmailExists
    if user.new_email != new_email:
        await one_time.end_all(tx, user.id, *sending.OF_A_CHANGE)
        await one_time.begin_email_change(tx, user.id, new_email=new_email, awaits=2)
    return await queries.user(tx, user.id)


async def _hash(accounts: Accounts, form: LinkRequest) -> str | None:
    if form.type != "signup":
        return None
    if not form.password:
        raise InvalidPassword(reason="Signup requires a valid password")
    passwords.check_strength(form.password, least=accounts.password_min_length, about=(form.email, accounts.own_site))
    return await passwords.hash_of(form.password)


def _known(user: User | None) -> User:
    if user is None:
        raise NoSuchUser
    return user

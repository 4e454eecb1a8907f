"""Signing up: with email, with phone, or without saying who one is."""

from dataclasses import replace
from datetime import UTC, datetime

from trulybot.accounts import passwords, people, queries, service, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import (
    AnonymousDisabled,
    EmailNotConfirmed,
    InvalidPassword,
    PhoneDisabled,
    SignupDisabled,
    UserAlreadyExists,
    ValidationFailed,
)
from trulybot.accounts.forms import SignUp, checked_metadata, read_email, read_phone
from trulybot.accounts.models import Device, Grant, NewUser, User
from trulybot.accounts.one_time import sending
from trulybot.accounts.one_time.flows import read_challenge
from trulybot.accounts.one_time.models import Kind
from trulybot.accounts.one_time.sending import Way
from trulybot.accounts.sessions import UNKNOWN
from trulybot.kit import limit_keys
from trulybot.kit.aside import aside
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7

# Where the mail of a sign-up at our own page leads.
PAGE = "/confirm-email"


async def sign_up(
    db: Database, accounts: Accounts, form: SignUp, *, redirect_to: str = "", device: Device = UNKNOWN
) -> Grant | User:
    """
    Make a person and their workspace, and sign them in; where the email has to be confirmed, only the person is
    answered.

    Raises:
        UserAlreadyExists: The email is taken. Where it has to be confirmed nobody is told: the answer is a made-up
            person, and takes as long.
    """
    if not form.email and not form.phone:
        return await _sign_up_anonymously(db, accounts, form, device)
    new = await _checked(accounts, form)
    if new.phone and not new.phone_confirmed:
        return await _sign_up_by_phone(db, accounts, new, form.password)
    if new.email and not new.email_confirmed:
        way = Way(
            accounts.place(redirect_to), challenge=read_challenge(form.code_challenge, form.code_challenge_method)
        )
        return await _sign_up_to_confirm(db, accounts, new, form.password, way)
    async with db.system("sign up") as tx:
        account = await people.add(tx, accounts, new)
        if account is None:
            raise UserAlreadyExists
        return await sessions.open_session(tx, accounts, account, method="password", device=device)


async def sign_up_in_browser(
    db: Database, accounts: Accounts, form: SignUp, *, replaces: str | None, device: Device = UNKNOWN
) -> str:
    """
    As `sign_up` with an email, with a cookie's secret instead of tokens; the secret that it `replaces` is good no more.

    Raises:
        EmailNotConfirmed: It has to be, and a mail is on its way; also where the email is taken.
    """
    new = await _checked(accounts, form)
    if not new.email_confirmed:
        await _sign_up_to_confirm(db, accounts, new, form.password, Way("", page=PAGE))
        raise EmailNotConfirmed
    async with db.system("sign up") as tx:
        account = await people.add(tx, accounts, new)
        if account is None:
            raise UserAlreadyExists
        return await service.open_browser_session(tx, accounts, new.id, replaces, method="password", device=device)


async def _checked(accounts: Accounts, form: SignUp) -> NewUser:
    if accounts.disable_signup:
        raise SignupDisabled
    if not form.password:
        raise InvalidPassword(reason="Signup requires a valid password")
    if form.email and form.phone:
        raise ValidationFailed(reason="Only an email address or phone number should be provided on signup.")
    if form.phone and not accounts.phones:
        raise PhoneDisabled
    passwords.check_strength(form.password, least=accounts.password_min_length, about=(form.email, accounts.own_site))
    email = read_email(form.email) if form.email else ""
    phone = read_phone(form.phone) if form.phone else ""
    confirmed = accounts.autoconfirm if email else accounts.sms_autoconfirm
    return NewUser(
        uuid7(),
        email=email,
        phone=phone,
        user_metadata=checked_metadata(form.data or {}),
        app_metadata=people.providers(email=email, phone=phone),
        email_confirmed=bool(email) and confirmed,
        phone_confirmed=bool(phone) and confirmed,
        signs_in=confirmed,
        # Hashed before anyone looks whether the email is taken, so that the time does not tell.
        password_hash=await passwords.hash_of(form.password),
    )


async def _sign_up_anonymously(db: Database, accounts: Accounts, form: SignUp, device: Device) -> Grant:
    if not accounts.anonymous_users:
        raise AnonymousDisabled
    if accounts.disable_signup:
        raise SignupDisabled
    await accounts.limiter.take(accounts.limits.anonymous_people, limit_keys.place(device.address))
    new = NewUser(uuid7(), user_metadata=checked_metadata(form.data or {}), is_anonymous=True, signs_in=True)
    async with db.system("sign up anonymously") as tx:
        account = await people.add(tx, accounts, new)
        assert account is not None  # noqa: S101  (nothing of theirs can be taken)
        return await sessions.open_session(tx, accounts, account, method="anonymous", device=device)


async def _sign_up_to_confirm(db: Database, accounts: Accounts, new: NewUser, password: str, way: Way) -> User:
    await sending.may_mail(accounts, new.email, sending.SIGN_UP)
    is_same = await _is_the_password(db, new.email, password)
    async with db.system("sign up") as tx:
        account = await people.add(tx, accounts, new)
        if account is not None:
            await sending.mail_link(tx, accounts, account.user, sending.SIGN_UP, way)
            return await queries.user(tx, new.id)
        await _as_if_new(tx, accounts, new, way, is_same=is_same)
    return _made_up(new)


async def _is_the_password(db: Database, login: str, password: str) -> bool:
    """Whether whoever has signed up with this email or phone already chose this password."""
    async with db.system("sign up") as tx:
        known = await queries.credentials(tx, login)
    return await passwords.matches(password, known.password_hash if known else None)


async def _as_if_new(tx: Tx, accounts: Accounts, new: NewUser, way: Way, *, is_same: bool) -> None:
    """
    The email is taken. Whoever has not confirmed it gets another mail; for one who has, the same is done for nobody and
    undone: a taken email takes as long to answer as a new one.

    is_same: this sign-up has the password of the one before. Else one of the two was not by the owner of the address,
    and the link, which lets in the owner, must put neither password in force.
    """
    taken = await queries.user_by_email(tx, new.email)
    if taken is not None and taken.email_confirmed_at is None:
        if not is_same:
            await queries.set_password_hash(tx, taken.id, None)
        await sending.mail_link(tx, accounts, taken, sending.SIGN_UP, way)
        return
    async with tx.connection.transaction(force_rollback=True):
        nobody = await people.add(tx, accounts, replace(new, id=uuid7(), email=f"{uuid7().hex}@example.invalid"))
        if nobody is not None:
            await sending.mail_link(tx, accounts, nobody.user, sending.SIGN_UP, way)
    await queries.touch(tx, new.email)


async def _sign_up_by_phone(db: Database, accounts: Accounts, new: NewUser, password: str) -> User:
    await sending.may_text(accounts, new.phone)
    aside(_add_and_text(db, accounts, new, password))
    return _made_up(new)


async def _add_and_text(db: Database, accounts: Accounts, new: NewUser, password: str) -> None:
    is_same = await _is_the_password(db, new.phone, password)
    async with db.system("sign up by phone") as tx:
        account = await people.add(tx, accounts, new)
        user = account.user if account else await queries.user_by_phone(tx, new.phone)
        if user is None or user.phone_confirmed_at is not None:
            return
        if account is None and not is_same:
            await queries.set_password_hash(tx, user.id, None)
        made = await sending.make_for_phone(tx, accounts, user, Kind.PHONE_CONFIRMATION, new.phone)
    await sending.text(accounts, user, new.phone, made)


def _made_up(new: NewUser) -> User:
    """What a stranger sees of a taken email: a person like any who has just signed up."""
    now = datetime.now(UTC)
    return User(
        id=new.id,
        email=new.email,
        phone=new.phone,
        app_metadata=new.app_metadata,
        user_metadata=new.user_metadata,
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

"""Whoever holds the code or the link of a mail or a text message is let in by it, once."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from trulybot.accounts import lockout, moving, queries, service, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import EmailExists, FlowStateNotFound, PhoneExists, UserBanned, ValidationFailed
from trulybot.accounts.events import note
from trulybot.accounts.forms import read_email, read_phone
from trulybot.accounts.lockout import Secret
from trulybot.accounts.models import Device, Grant, User
from trulybot.accounts.one_time import codes, flows
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time.errors import CodeExpired, LinkExpired
from trulybot.accounts.one_time.forms import Verification
from trulybot.accounts.one_time.models import Kind, Taken
from trulybot.kit.db import Database, Tx

# What each type of /verify takes. A sign-up by magic link asks for no other proof than a confirmation does.
BY_EMAIL: Mapping[str, tuple[Kind, ...]] = {
    "signup": (Kind.CONFIRMATION, Kind.MAGIC_LINK),
    "invite": (Kind.CONFIRMATION,),
    "recovery": (Kind.RECOVERY,),
    "magiclink": (Kind.MAGIC_LINK,),
    "email": (Kind.CONFIRMATION, Kind.MAGIC_LINK),
    "email_change": (Kind.EMAIL_CHANGE_CURRENT, Kind.EMAIL_CHANGE_NEW),
}
BY_PHONE: Mapping[str, Kind] = {"sms": Kind.PHONE_CONFIRMATION, "phone_change": Kind.PHONE_CHANGE}


@dataclass(frozen=True)
class Halfway:
    """One of two addresses has confirmed; the other still has to."""


@dataclass(frozen=True)
class Code:
    """An authorization code of PKCE, for the client that began it."""

    code: str


async def by_form(db: Database, accounts: Accounts, form: Verification, device: Device) -> Grant | Halfway:
    """
    Let somebody in by what they sent: a code with the address it went to, or the text of a link.

    Raises:
        CodeExpired, LinkExpired: It is not right, has expired, or was used.
    """
    if form.token_hash:
        async with db.system("verify a link") as tx:
            return await _admit(tx, accounts, await _taken(tx, accounts, form.type, form.token_hash), device)
    login, wanted = _addressed(form)
    await lockout.admit(db, accounts, login, device, secret=Secret.CODE)
    async with db.system("verify a code") as tx:
        taken = await _take(tx, accounts, login, wanted, form.token)
        ended = await _admit(tx, accounts, taken, device) if taken else None
    if ended is None:
        await lockout.failed(db, accounts, login, device, secret=Secret.CODE)
        raise CodeExpired
    await lockout.passed(accounts, login, device, secret=Secret.CODE)
    return ended


async def by_link(db: Database, accounts: Accounts, type: str, link: str, device: Device) -> Grant | Halfway | Code:
    """
    Let somebody in by a link's text; whoever began by PKCE gets a code instead of a session.

    Raises:
        LinkExpired: It is not right, has expired, or was used.
    """
    async with db.system("verify a link") as tx:
        taken = await _taken(tx, accounts, type, link)
        if taken.flow_id is None:
            return await _admit(tx, accounts, taken, device)
        if await _confirm(tx, accounts, taken) is None:
            return Halfway()
        return Code(await flows.finish(tx, accounts, taken.flow_id, taken.user_id))


async def by_authorization_code(db: Database, accounts: Accounts, code: str, verifier: str, device: Device) -> Grant:
    """
    Exchange an authorization code for a session.

    Raises:
        FlowStateNotFound, FlowStateExpired, BadCodeVerifier: It cannot be exchanged.
        UserBanned: The person is.
    """
    async with db.system("exchange a code") as tx:
        flow = await flows.redeem(tx, accounts, code, verifier)
        account = await sessions.account(tx, flow.user_id)
        if account.user.deleted_at is not None:
            raise FlowStateNotFound
        if await queries.is_banned(tx, flow.user_id):
            raise UserBanned
        note("sign_in", user_id=flow.user_id)
        return await sessions.open_session(tx, accounts, account, method=flow.authentication_method, device=device)


async def in_browser(
    db: Database, accounts: Accounts, type: str, link: str, *, replaces: str | None, device: Device
) -> str | None:
    """
    Let somebody in at a page of ours, and return the cookie's secret. None: another address has to confirm as well.

    Raises:
        LinkExpired: It is not right, has expired, or was used.
    """
    async with db.system("verify a link") as tx:
        taken = await _taken(tx, accounts, type, link)
        user = await _confirm(tx, accounts, taken)
        if user is None:
            return None
        return await service.open_browser_session(tx, accounts, user.id, replaces, method="otp", device=device)


async def proved(tx: Tx, accounts: Accounts, type: str, link: str) -> User:
    """
    Whoever holds a link that is about one address.

    Raises:
        LinkExpired: It is not right, has expired, or was used.
    """
    user = await _confirm(tx, accounts, await _taken(tx, accounts, type, link))
    if user is None:
        raise LinkExpired
    return user


async def _taken(tx: Tx, accounts: Accounts, type: str, link: str) -> Taken:
    taken = await codes.take_link(tx, accounts, link, kinds_of(type))
    if taken is None:
        raise LinkExpired
    return taken


def kinds_of(type: str) -> tuple[Kind, ...]:
    """
    Raises:
        ValidationFailed: There is no such type of link.
    """
    if type not in BY_EMAIL:
        raise ValidationFailed(reason="Invalid email verification type")
    return BY_EMAIL[type]


def _addressed(form: Verification) -> tuple[str, tuple[Kind, ...]]:
    if form.type in BY_PHONE and form.phone:
        return read_phone(form.phone), (BY_PHONE[form.type],)
    if form.type in BY_EMAIL and form.email:
        return read_email(form.email), BY_EMAIL[form.type]
    raise ValidationFailed(reason="Only an email address or phone number should be provided on verify")


async def _take(tx: Tx, accounts: Accounts, login: str, wanted: tuple[Kind, ...], code: str) -> Taken | None:
    for user in await _candidates(tx, login, wanted):
        for kind in wanted:
            taken = await codes.take_code(tx, accounts, user_id=user.id, kind=kind, address=login, code=code)
            if taken is not None:
                return taken
    return None


async def _candidates(tx: Tx, login: str, wanted: tuple[Kind, ...]) -> list[User]:
    """Who may have been sent a code to this address: who has it, and who wants to have it."""
    if wanted[0] in BY_PHONE.values():
        found = await queries.user_by_phone(tx, login)
        moving_here = await queries.users_moving_to(tx, phone=login) if Kind.PHONE_CHANGE in wanted else []
    else:
        found = await queries.user_by_email(tx, login)
        moving_here = await queries.users_moving_to(tx, email=login) if Kind.EMAIL_CHANGE_NEW in wanted else []
    return [*([found] if found else []), *moving_here]


async def _admit(tx: Tx, accounts: Accounts, taken: Taken, device: Device) -> Grant | Halfway:
    if await _confirm(tx, accounts, taken) is None:
        return Halfway()
    if taken.flow_id is not None:
        await one_time.remove_flow(tx, taken.flow_id)
    account = await sessions.account(tx, taken.user_id)
    return await sessions.open_session(tx, accounts, account, method="otp", device=device)


async def _confirm(tx: Tx, accounts: Accounts, taken: Taken) -> User | None:
    """
    Do what the token was for. None: one half of it.

    Raises:
        UserBanned: The person is.
        CodeExpired: Somebody else has the new address by now.
    """
    user = await queries.user(tx, taken.user_id)
    if user.deleted_at is not None:
        raise CodeExpired
    if await queries.is_banned(tx, user.id):
        raise UserBanned
    match taken.kind:
        case Kind.EMAIL_CHANGE_CURRENT | Kind.EMAIL_CHANGE_NEW:
            return await _confirm_change(tx, accounts, user)
        case Kind.PHONE_CHANGE:
            await _as_expired(moving.move_phone(tx, user, taken.address))
        case Kind.PHONE_CONFIRMATION:
            await one_time.confirm(tx, user.id, by_phone=True)
        case Kind.CONFIRMATION:
            await one_time.confirm(tx, user.id)
        case _:
            # Whoever signed up with this address and a password has not shown that it is theirs; this person has.
            await one_time.confirm(tx, user.id, forgets_password=True)
    note("sign_in", user_id=user.id)
    return user


async def _confirm_change(tx: Tx, accounts: Accounts, user: User) -> User | None:
    if not user.new_email:
        raise CodeExpired
    if await one_time.confirm_email_change(tx, user.id):
        return None
    await _as_expired(moving.move(tx, accounts, user, user.new_email))
    return user


async def _as_expired(change: Awaitable[None]) -> None:
    try:
        await change
    except (EmailExists, PhoneExists) as error:
        raise CodeExpired from error

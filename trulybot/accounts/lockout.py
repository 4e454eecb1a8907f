"""
Guessing stopped, and nobody locked out by somebody else's guesses.

Wrong tries are counted for an account from one address, for an address over all accounts, and for an account over all
addresses. The first two stop whoever guesses, and no one elsewhere. The third stops guessing from many addresses, which
would stop the owner too: so an address or a browser from which the account was signed in to before is let past it.

An email that nobody has is counted like any other, with the same answers after the same work.
"""

import contextlib
import hashlib
import hmac
from enum import StrEnum
from uuid import UUID

from trulybot.accounts import queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.limits import HOUR, MINUTE, REQUESTS
from trulybot.accounts.models import Device
from trulybot.kit.aside import aside
from trulybot.kit.db import Database
from trulybot.kit.errors import Unavailable
from trulybot.kit.keys import derive
from trulybot.kit.limit_keys import account, place
from trulybot.kit.limits import Limit, LimitReached
from trulybot.kit.security import SecurityEvent, note
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind

SAID = "Too many wrong attempts. Try again in {seconds} seconds."

HERE = Limit(
    "wrong-sign-ins",
    10,
    15 * MINUTE,
    "account",
    "Wrong passwords or codes for one account from one address; a person who has tried ten times has to look it up.",
    code=REQUESTS,
    says=SAID,
)
FROM_ADDRESS = Limit(
    "wrong-sign-ins-from-address",
    100,
    15 * MINUTE,
    "address",
    "One password tried on many accounts. An office of people who mistype fits.",
    code=REQUESTS,
    says=SAID,
)
ANYWHERE = Limit(
    "wrong-sign-ins-to-account",
    100,
    HOUR,
    "account",
    "One account guessed at from many addresses; beyond it only those from which it was signed in to before may try.",
    code=REQUESTS,
    says=SAID,
)
TOLD = Limit(
    "locked-out-mail",
    1,
    24 * HOUR,
    "account",
    "Whose account is guessed at is told so by mail, once a day: more would be a way to annoy them.",
)

LIMITS = (HERE, FROM_ADDRESS, ANYWHERE, TOLD)

MARKS = 4  # accounts that one browser is known for
MARK_CHARACTERS = 32


class Secret(StrEnum):
    """What is guessed at. Each is counted by itself, or knowing the one would give more tries at the other."""

    PASSWORD = "password"  # noqa: S105  (the name of a count)
    CODE = "code"


async def admit(db: Database, accounts: Accounts, login: str, device: Device, *, secret: Secret) -> None:
    """
    Count a try at an account before it is looked at, so that many at once are no more than one after the other.

    login: the email or phone that was named, whether or not anybody has it.

    Raises:
        LimitReached: There were too many.
    """
    limiter = accounts.limiter
    from_address = await limiter.peek(FROM_ADDRESS, device.address)
    if not from_address.remaining:
        raise LimitReached(FROM_ADDRESS, seconds=from_address.reset_seconds)
    anywhere = await limiter.peek(ANYWHERE, _anywhere(login, secret))
    if not anywhere.remaining and not await _has_been_here(db, accounts, login, device):
        raise LimitReached(ANYWHERE, seconds=anywhere.reset_seconds)
    await limiter.take(HERE, _here(login, device, secret))


async def failed(
    db: Database, accounts: Accounts, login: str, device: Device, *, secret: Secret, user_id: UUID | None = None
) -> None:
    """What was tried is wrong. user_id: whose it would have been, when there is somebody."""
    limiter = accounts.limiter
    for limit, key in ((FROM_ADDRESS, device.address), (ANYWHERE, _anywhere(login, secret))):
        with contextlib.suppress(LimitReached):  # whoever was let past one has used it up
            await limiter.take(limit, key)
    note(SecurityEvent.SIGN_IN_FAILED if secret is Secret.PASSWORD else SecurityEvent.CODE_FAILED, user_id=user_id)
    here = await limiter.peek(HERE, _here(login, device, secret))
    anywhere = await limiter.peek(ANYWHERE, _anywhere(login, secret))
    if here.remaining and anywhere.remaining:
        return
    note(SecurityEvent.LOCKED_OUT, user_id=user_id, limit=(ANYWHERE if here.remaining else HERE).name)
    with contextlib.suppress(Unavailable):
        aside(_tell(db, accounts, login, user_id))


async def passed(accounts: Accounts, login: str, device: Device, *, secret: Secret) -> None:
    """It was right: what went wrong before from here is forgotten."""
    await accounts.limiter.clear(HERE, _here(login, device, secret))


def marks(accounts: Accounts, login: str, before: str) -> str:
    """A browser's cookie once it has signed in to `login`: that one first, then those that it was known for before."""
    mine = _mark(accounts, login)
    others = [mark for mark in before.split(".") if len(mark) == MARK_CHARACTERS and mark != mine]
    return ".".join([mine, *others][:MARKS])


async def _has_been_here(db: Database, accounts: Accounts, login: str, device: Device) -> bool:
    async with db.system("where has this account been") as tx:
        places = {place(address) for address in await queries.addresses(tx, login)}
    mine = _mark(accounts, login).encode()
    has_mark = any(hmac.compare_digest(mark.encode(errors="replace"), mine) for mark in device.marks.split("."))
    return has_mark or (place(device.address) in places and device.address != "")


async def _tell(db: Database, accounts: Accounts, login: str, user_id: UUID | None) -> None:
    if user_id is None:
        return
    if (await accounts.limiter.peek(TOLD, account(login))).remaining:
        await accounts.limiter.take(TOLD, account(login))
        async with db.system("tell of a lock-out") as tx:
            user = await queries.user(tx, user_id)
            if user.email:
                await mail.send(tx, Kind.LOCKED_OUT, user.email)


def _mark(accounts: Accounts, login: str) -> str:
    key = derive(accounts.secret_key, "known devices")
    return hmac.new(key, account(login).encode(errors="replace"), hashlib.sha256).hexdigest()[:MARK_CHARACTERS]


def _here(login: str, device: Device, secret: Secret) -> str:
    return f"{secret} {account(login)} {place(device.address)}"


def _anywhere(login: str, secret: Secret) -> str:
    return f"{secret} {account(login)}"

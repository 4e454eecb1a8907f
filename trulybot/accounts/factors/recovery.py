"""One-time codes for whoever loses the phone: ten, shown once, each good for one sign-in."""

import hmac
import re
import secrets
from uuid import UUID

from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.events import record
from trulybot.accounts.factors import queries, service
from trulybot.accounts.factors.errors import CodeRefused
from trulybot.accounts.models import Person
from trulybot.audit.actions import Action
from trulybot.kit import security
from trulybot.kit.db import Database, Tx
from trulybot.kit.security import SecurityEvent
from trulybot.mail.kinds import Kind

CODES = 10
# Forty bits: nobody types more happily, and ten guesses in a quarter of an hour are all that there are.
DIGITS = 12
GROUP = 4
CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


async def renew(tx: Tx, accounts: Accounts, person: Person) -> list[str]:
    """Ten new codes, in groups as people write them down; those from before are good no more."""
    codes = [f"{secrets.randbelow(10**DIGITS):0{DIGITS}}" for _ in range(CODES)]
    await queries.replace_recovery_codes(tx, person.user_id, [_hash(accounts, person.user_id, code) for code in codes])
    await record(tx, Action.RECOVERY_CODES_MADE, user_id=person.user_id)
    return [" ".join(code[place : place + GROUP] for place in range(0, DIGITS, GROUP)) for code in codes]


def digits_of(typed: str) -> str | None:
    """The code, however its groups were typed; None when this is no recovery code."""
    digits = re.sub(r"[\s-]", "", typed)
    return digits if CODE.fullmatch(digits) else None


async def use(db: Database, accounts: Accounts, person: Person, digits: str) -> str:
    """
    Take a code in place of the app's. Returns the secret that the browser's cookie holds from now on.

    Raises:
        CodeRefused: It is none of theirs, or was used.
        LimitReached: Too many wrong codes.
    """
    await service.count_attempt(accounts, person)
    secret = None
    async with db.system("use a recovery code") as tx:
        if await queries.use_recovery_code(tx, person.user_id, _hash(accounts, person.user_id, digits)):
            secret = await sessions.raise_browser_session(tx, accounts, person, method="recovery_code")
            await service.tell(tx, Kind.RECOVERY_CODE_USED, person.user_id)
            await record(tx, Action.RECOVERY_CODE_USED, user_id=person.user_id)
    if secret is None:
        security.note(SecurityEvent.CODE_FAILED, user_id=person.user_id, kind="recovery code")
        raise CodeRefused
    await service.forgive(accounts, person)
    return secret


def _hash(accounts: Accounts, user_id: UUID, digits: str) -> bytes:
    return hmac.digest(accounts.hashing_key, b"recovery code" + user_id.bytes + digits.encode(), "sha256")

"""
Where mail can be read while there is no server to send it: every sign-in link and every code of everybody.

So it opens to the operator's passcode alone, which follows from SECRET_KEY and is printed at the start. It does not
matter where a request comes from: behind a proxy on this machine, everybody comes from this machine.
"""

import hmac
import time
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from trulybot.kit.db import Tx
from trulybot.kit.keys import derive
from trulybot.mail import queries
from trulybot.mail.passcode import passcode
from trulybot.mail.queries import Row
from trulybot.mail.service import Mail, Unreadable, ring, unseal
from trulybot.mail.writing import Letter, write

OPEN_SECONDS = 12 * 3600  # a day of trying things out


@dataclass(frozen=True)
class Read:
    """A kept mail, opened and written."""

    row: Row
    mail: Mail
    letter: Letter


@dataclass(frozen=True)
class Mailbox:
    """secure: people reach us by https, whatever the proxy before us says."""

    secret_key: str
    secure: bool

    def __repr__(self) -> str:
        return "Mailbox()"

    @cached_property
    def passcode(self) -> str:
        return passcode(self.secret_key)

    @cached_property
    def _key(self) -> bytes:
        return derive(self.secret_key, "mailbox cookies")

    def opens(self, given: str) -> bool:
        """Whether this is the passcode, however it was spaced."""
        spelled = "".join(character for character in given.upper() if character.isalnum())
        return hmac.compare_digest(spelled.encode(), self.passcode.replace("-", "").encode())

    def admission(self) -> str:
        """What a browser that gave the passcode shows from now on, until it is over."""
        until = str(int(time.time()) + OPEN_SECONDS)
        return f"{until}.{self._sign(until)}"

    def admits(self, admission: str | None) -> bool:
        until, _, signature = (admission or "").partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._sign(until).encode())
        return genuine and int(until) > time.time()

    def _sign(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), sha256).hexdigest()


async def everything(tx: Tx) -> list[Read]:
    """What is in the mailbox, the newest first; without what was sealed under a key that is gone."""
    found = []
    for row in await queries.in_mailbox(tx):
        try:
            found.append(await opened(tx, row))
        except Unreadable:
            continue
    return found


async def opened(tx: Tx, row: Row) -> Read:
    """
    Raises:
        Unreadable: It was sealed under a key that is gone.
    """
    mail = await unseal(ring(tx), row)
    return Read(row, mail, write(mail))

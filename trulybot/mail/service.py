"""Send mail: keep it with the act that causes it, so that it goes out exactly if the act is kept."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from trulybot.kit.db import Sealer, Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.keyring import Unsealable
from trulybot.mail import queries
from trulybot.mail.addresses import LONGEST
from trulybot.mail.kinds import Kind
from trulybot.mail.queries import Row

LONGEST_TEXT = 10_000  # characters of one value; an alert may list what it found
DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
LINK = re.compile(r"https?://[^\s<>\"\x00-\x20\x7f]+")
ADDRESS = re.compile(r"[^\s<>\x00-\x20\x7f]{3,}")


class MailRefused(ValueError):
    """This cannot be a mail: {why}."""

    def __init__(self, why: str) -> None:
        super().__init__((self.__doc__ or "").format(why=why))


class Unreadable(Exception):
    """What is sealed is not the mail beside it, or was sealed under a key that is gone."""


@dataclass(frozen=True)
class Mail:
    """A mail with what it says, as it was asked for."""

    id: UUID
    kind: Kind
    to: str
    locale: str | None
    values: dict[str, str]


async def send(tx: Tx, kind: Kind, to: str, *, locale: str | None = None, **values: str) -> None:
    """
    Keep a mail and queue its delivery, in a transaction of sign-in, of a member or key, or of a job.

    locale: the reader's; its letters are in English when we have none in that language. values: plain text, what
    `kind.values` names; `link` leads to our own site.

    Raises:
        MailRefused: A value is missing, unknown or too long, or the link or the address is none.
    """
    check(kind, to, values)
    mail = Mail(uuid7(), kind, to, locale[:35] if locale else None, values)
    sealed = await seal(ring(tx), mail)
    await queries.keep(tx, id=mail.id, kind=kind, recipient=to, locale=mail.locale, sealed=sealed)


def check(kind: Kind, to: str, values: dict[str, str]) -> None:
    """Refuse at once what could not be written later, when nobody is there to be told."""
    if values.keys() != kind.values:
        raise MailRefused(f"{kind} needs {sorted(kind.values)}, and was given {sorted(values)}")
    if not ADDRESS.fullmatch(to) or len(to) > LONGEST:
        raise MailRefused("the recipient is no address")
    if max(map(len, values.values()), default=0) > LONGEST_TEXT:
        raise MailRefused("a value is too long")
    link = values.get("link")
    if link is not None and not (LINK.fullmatch(link) and urlsplit(link).hostname):
        raise MailRefused("the link is no address of a page")
    if "date" in values and not DAY.fullmatch(values["date"]):
        raise MailRefused("the date is not YYYY-MM-DD")


def ring(tx: Tx) -> Sealer:
    if tx.keyring is None:
        raise RuntimeError("this database was opened without a key ring")
    return tx.keyring


async def seal(keyring: Sealer, mail: Mail) -> bytes:
    # With the address in it, so that nobody who can write to the table makes a code go to somebody else.
    said = {"kind": mail.kind, "to": mail.to, "values": mail.values}
    return await keyring.seal(json.dumps(said), purpose=f"mail {mail.id}")


async def unseal(keyring: Sealer, row: Row) -> Mail:
    """
    A mail as it was kept.

    Raises:
        Unreadable: It does not open, or is not the one that the row says it is.
    """
    try:
        said = json.loads(await keyring.open(row.sealed, purpose=f"mail {row.id}"))
    except Unsealable as error:
        raise Unreadable from error
    if (said["kind"], said["to"]) != (row.kind, row.recipient):
        raise Unreadable
    return Mail(row.id, Kind(row.kind), row.recipient, row.locale, said["values"])

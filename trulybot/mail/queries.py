"""The table of mails, as the worker and the mailbox see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.kit.db import Tx

SHOWN = 200  # mails in the mailbox, the newest first


@dataclass(frozen=True)
class Row:
    """A mail that still says something. sealed: for `service.unseal`."""

    id: UUID
    kind: str
    recipient: str
    locale: str | None
    sealed: bytes
    created_at: datetime


@dataclass(frozen=True)
class Counted:
    kind: str
    state: str
    count: int


async def keep(tx: Tx, *, id: UUID, kind: str, recipient: str, locale: str | None, sealed: bytes) -> None:
    await tx.run(
        "select private.keep_mail(%(id)s, %(kind)s, %(recipient)s, %(locale)s, %(sealed)s)",
        id=id,
        kind=kind,
        recipient=recipient,
        locale=locale,
        sealed=sealed,
    )


async def to_send(tx: Tx) -> Row | None:
    """The mail of the job that runs, unless it is done."""
    return await tx.maybe(Row, "select * from private.mail_to_send()")


async def note(tx: Tx, state: str, reason: str | None) -> None:
    await tx.run("select private.note_mail(%(state)s, %(reason)s)", state=state, reason=reason)


async def sweep(tx: Tx) -> None:
    await tx.run("select private.sweep_mails()")


async def in_mailbox(tx: Tx) -> list[Row]:
    return await tx.all(
        Row,
        """
        select id, kind, recipient, locale, sealed, created_at
          from trulybot_auth.mails
         where state in ('queued', 'kept')
         order by created_at desc, id desc
         limit %(limit)s
        """,
        limit=SHOWN,
    )


async def by_id(tx: Tx, id: UUID) -> Row:
    return await tx.one(
        Row,
        """
        select id, kind, recipient, locale, sealed, created_at
          from trulybot_auth.mails
         where id = %(id)s and sealed is not null
        """,
        id=id,
    )


async def count(tx: Tx) -> list[Counted]:
    """How many mails of the last week there are, by what they are and what became of them."""
    return await tx.all(Counted, "select kind, state, count(*) from trulybot_auth.mails group by kind, state")

"""
What the worker does with a mail: open it, write it, hand it to the mail server, and say what became of it.

A mail is delivered at least once. Should the worker be killed between the server's yes and our note of it, the next one
sends it again, under the same Message-ID, by which many servers know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from trulybot.kit.db import Database
from trulybot.kit.log import get_logger
from trulybot.mail import queries
from trulybot.mail.addresses import BadAddress
from trulybot.mail.kinds import Kind
from trulybot.mail.message import Sender, compose
from trulybot.mail.service import Mail, Unreadable, ring, unseal
from trulybot.mail.smtp import Later, Refused, Smtp

log = get_logger()

# From then on nobody needs it any more: a code is no longer valid, and who waited has asked again or given up.
GIVE_UP_CODES = timedelta(days=1)
GIVE_UP = timedelta(days=3)


@dataclass(frozen=True)
class Postman:
    """The way out. site: the only one that links may lead to, where it is known."""

    smtp: Smtp
    sender: Sender
    site: str | None = None

    async def deliver(self, mail: Mail, written_at: datetime) -> None:
        """
        Raises:
            Later, Refused: It did not go out.
        """
        if not _leads_home(mail.values.get("link"), self.site):
            raise Refused("foreign_link")
        try:
            message = compose(mail, self.sender, written_at=written_at)
        except BadAddress:
            raise Refused("bad_address") from None
        await self.smtp.deliver(message)


@dataclass(frozen=True)
class Delivery:
    """The job of one mail, while it runs: it may open that mail, and note what became of it."""

    job_id: int
    workspace_id: None = None
    database_role = "worker"

    def claims(self) -> Mapping[str, str]:
        return {"job_id": str(self.job_id), "role": "worker"}


async def deliver(db: Database, postman: Postman | None, job: Delivery) -> None:
    """
    Send the job's mail; without a postman it stays in the mailbox.

    Raises:
        Later: Not this time.
    """
    async with db.workspace(job) as tx:
        row = await queries.to_send(tx)
        keyring = ring(tx)
    if row is None:
        return
    if postman is None:
        await _note(db, job, row, "kept")
        return
    try:
        mail = await unseal(keyring, row)
        await postman.deliver(mail, row.created_at)
    except Unreadable:
        await _note(db, job, row, "failed", "unreadable")
    except Refused as error:
        await _note(db, job, row, "failed", error.reason)
    except Later as error:
        over = datetime.now(UTC) - row.created_at > (GIVE_UP_CODES if Kind(row.kind).lets_in else GIVE_UP)
        await _note(db, job, row, "failed" if over else "queued", error.reason)
        if not over:
            raise
    else:
        await _note(db, job, row, "sent")


async def _note(db: Database, job: Delivery, row: queries.Row, state: str, reason: str | None = None) -> None:
    async with db.workspace(job) as tx:
        await queries.note(tx, state, reason)
    log.info(f"mail.{'later' if state == 'queued' else state}", mail_id=str(row.id), kind=row.kind, reason=reason)


def _leads_home(link: str | None, site: str | None) -> bool:
    if link is None or site is None:
        return True
    ours, theirs = urlsplit(site), urlsplit(link)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

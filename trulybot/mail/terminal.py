"""The mailbox in a terminal."""

from collections.abc import Iterator

from trulybot.kit.db import Database
from trulybot.kit.keyring import Keyring
from trulybot.mail import mailbox
from trulybot.mail.mailbox import Read
from trulybot.mail.passcode import passcode

RULE = "─" * 72


async def printed(database_url: str, secret_key: str, previous: str | None) -> str:
    """Everything in the mailbox, the newest last, where a terminal shows it."""
    db = Database(database_url, size=2)
    db.keyring = Keyring(db, secret_key, previous=previous)
    await db.open()
    try:
        async with db.system("print the mailbox") as tx:
            mails = await mailbox.everything(tx)
    finally:
        await db.close()
    lines = [line for read in reversed(mails) for line in _lines(read)] or ["No mail is kept."]
    return "\n".join([*lines, RULE, f"The page /mailbox shows them too; its passcode is {passcode(secret_key)}"])


def _lines(read: Read) -> Iterator[str]:
    yield RULE
    yield f"To: {read.mail.to}"
    yield f"Date: {read.row.created_at:%Y-%m-%d %H:%M} UTC"
    yield f"Subject: {read.letter.subject}"
    yield ""
    yield read.letter.text.rstrip()

"""Tell a workspace's owners what they would want to know of their model, once."""

from dataclasses import dataclass
from typing import Final

from trulybot.kit.db import Database, Identity
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind

# What happened, as a subject and a text.
WORDS: Final = {
    "near": (
        "Your bot has used 80 % of its budget",
        "The language model behind your bot has used 80 % of this month's budget. When it is used up, your bot goes on "
        "answering, by quoting your documents. You can raise the budget on the page Behaviour of the dashboard.",
    ),
    "over": (
        "Your bot's budget is used up",
        "The language model behind your bot has used up this month's budget. Until the month ends or you raise the "
        "budget, on the page Behaviour of the dashboard, your bot answers by quoting your documents.",
    ),
    "down": (
        "Your bot's language model does not answer",
        "The language model behind your bot failed, or refused because it was asked too often. Your bot goes on "
        "answering, by quoting your documents. If you use a key of your own, check it on the page Behaviour of the "
        "dashboard. We tell you this once a day at most.",
    ),
}


@dataclass(frozen=True)
class _Owner:
    email: str


async def tell_owners(db: Database, job: Identity, what: str) -> None:
    subject, text = WORDS[what]
    async with db.workspace(job) as tx:
        for owner in await tx.all(_Owner, "select email from private.owners_to_tell()"):
            await mail.send(tx, Kind.ALERT, owner.email, subject=subject, text=text)

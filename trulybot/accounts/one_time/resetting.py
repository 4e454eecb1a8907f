"""A forgotten password, replaced at a page of ours by whoever has the link of our mail."""

from trulybot.accounts import passwords, queries, service, session_queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.events import record
from trulybot.accounts.models import Device
from trulybot.accounts.one_time import queries as one_time
from trulybot.accounts.one_time import verification
from trulybot.kit.db import Database
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind as MailKind


async def reset_password(
    db: Database, accounts: Accounts, link: str, password: str, *, replaces: str | None, device: Device
) -> str:
    """
    Set a new password, end every session, and return the cookie's secret of a new one.

    Raises:
        WeakPassword, InvalidPassword: It does not do; the link is good for another try.
        LinkExpired: It is not right, has expired, or was used.
    """
    passwords.check_strength(password, least=accounts.password_min_length, about=(accounts.own_site,))
    password_hash = await passwords.hash_of(password)
    async with db.system("reset a password") as tx:
        user = await verification.proved(tx, accounts, "recovery", link)
        await queries.set_password_hash(tx, user.id, password_hash)
        await session_queries.end_all(tx, user.id)
        await one_time.end_all(tx, user.id)
        await mail.send(tx, MailKind.PASSWORD_CHANGED, user.email, locale=user.locale)
        secret = await service.open_browser_session(tx, accounts, user.id, replaces, method="recovery", device=device)
        await record(tx, "password.changed", user_id=user.id)
    return secret

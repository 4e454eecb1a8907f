"""Signing in at our own pages with the password that a person has at the project."""

from trulybot.accounts import lockout, queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import BannedAtSignIn, InvalidCredentials, UserNotFound
from trulybot.accounts.models import Device
from trulybot.accounts.service import open_browser_session
from trulybot.accounts.supabase import people
from trulybot.accounts.supabase.project import CodeNeeded, Project
from trulybot.kit.db import Database


async def sign_in_browser(
    db: Database,
    accounts: Accounts,
    project: Project,
    *,
    email: str,
    password: str,
    code: str,
    replaces: str | None,
    device: Device,
) -> str:
    """
    A cookie's secret; the secret that it `replaces` is good no more. code: of the person's authenticator app.

    Raises:
        InvalidCredentials, EmailNotConfirmed, BannedAtSignIn: The project, or we, say no.
        CodeNeeded: The password is right, and the code is not.
        LimitReached: Wrong too often.
        Away: The project does not answer.
    """
    await lockout.admit(db, accounts, email, device, secret=lockout.Secret.PASSWORD)
    try:
        claims = await project.sign_in(email, password, code)
    except InvalidCredentials as error:
        if code or not isinstance(error, CodeNeeded):
            await lockout.failed(db, accounts, email, device, secret=lockout.Secret.PASSWORD)
        raise
    await lockout.passed(accounts, email, device, secret=lockout.Secret.PASSWORD)
    async with db.system("sign in by a Supabase project") as tx:
        try:
            user_id = await people.person_of(tx, accounts, claims)
        except UserNotFound as error:
            raise InvalidCredentials from error
        if await queries.is_banned(tx, user_id):
            raise BannedAtSignIn
        return await open_browser_session(tx, accounts, user_id, replaces, method="password", device=device)

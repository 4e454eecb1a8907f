"""Whose bearer token it is: one of ours, or of the Supabase project that signs people in for us."""

from trulybot.accounts.config import Accounts
from trulybot.accounts.foreign_tokens import claimed_issuer
from trulybot.accounts.supabase import people
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.db import Database


async def claims_of(db: Database, accounts: Accounts, token: str) -> AccessClaims:
    """
    What a token says, once it is checked. Whether its session still stands is asked by `sessions.live_person`.

    What the token says of its issuer chooses only which rules it is held to; each issuer has keys of its own.

    Raises:
        BadJwt: Nobody whom we believe has signed it, or its time is over.
        UserNotFound: The project still lets in somebody who was deleted here.
        Away: The project's keys cannot be had now.
    """
    project = accounts.supabase
    if project is not None and claimed_issuer(token) == project.issuer:
        return await people.admit(db, accounts, await project.verify(token))
    return accounts.tokens.verify(token)

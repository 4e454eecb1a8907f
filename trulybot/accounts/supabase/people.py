"""
Whom the project's tokens speak of, here.

A person is known by issuer and subject, never by their email. They are made with a workspace when we first see them.
A session of the project is one of ours from when we first see it: whatever ends ours (signing out, removing the device,
changing a password, deleting the person) refuses the project's tokens of it from then on, though they are still in
time. It lasts here no longer than any other session.
"""

from uuid import UUID

from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import UserNotFound, ValidationFailed
from trulybot.accounts.events import note
from trulybot.accounts.forms import EMAIL, LONGEST_EMAIL, checked_metadata
from trulybot.accounts.supabase import queries
from trulybot.accounts.supabase.project import OutsideClaims
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7


async def admit(db: Database, accounts: Accounts, claims: OutsideClaims) -> AccessClaims:
    """
    The same claims, of the person and the session here.

    Raises:
        UserNotFound: The person was deleted here.
    """
    async with db.system("read a Supabase person") as tx:
        user_id = await person_of(tx, accounts, claims)
        is_known = await queries.note_session(tx, session_id=claims.session_id, aal=claims.aal)
        if not is_known:
            await queries.add_session(tx, session_id=claims.session_id, user_id=user_id, aal=claims.aal, amr=claims.amr)
    return AccessClaims(user_id, claims.session_id, claims.email, claims.expires_at, aal=claims.aal)


async def person_of(tx: Tx, accounts: Accounts, claims: OutsideClaims) -> UUID:
    """
    The person's id here; they and their workspace are made when we see them for the first time.

    Raises:
        UserNotFound: The person was deleted here.
    """
    found = await queries.known(tx, issuer=claims.issuer, subject=claims.subject)
    if found is None:
        # Of many first requests at once, one makes the person and the others wait to find them.
        await queries.lock(tx, issuer=claims.issuer, subject=claims.subject)
        found = await queries.known(tx, issuer=claims.issuer, subject=claims.subject)
    if found is None:
        return await _make(tx, accounts, claims)
    if found.user_id is None:
        raise UserNotFound
    email = _email(claims)
    if email and email != found.email and found.told_at.timestamp() < claims.issued_at:
        await _readdress(tx, accounts, claims, email)
    return found.user_id


async def _make(tx: Tx, accounts: Accounts, claims: OutsideClaims) -> UUID:
    """Under the id that the project knows them by, unless somebody has it here."""
    email = _email(claims)
    try:
        metadata = checked_metadata(dict(claims.metadata))
    except ValidationFailed:
        metadata = {}
    user_id = claims.subject
    while not await queries.add_person(
        tx, user_id=user_id, email=email, user_metadata=metadata, is_anonymous=claims.is_anonymous
    ):
        user_id = uuid7()
    await queries.keep_person(
        tx, issuer=claims.issuer, subject=claims.subject, user_id=user_id, told_at=claims.issued_at
    )
    await accounts.found(tx, user_id, email, metadata)
    note("sign_up", user_id=user_id)
    return user_id


async def _readdress(tx: Tx, accounts: Accounts, claims: OutsideClaims, email: str) -> None:
    moved = await queries.readdress(
        tx, issuer=claims.issuer, subject=claims.subject, email=email, told_at=claims.issued_at
    )
    if moved is not None:
        await accounts.readdress(tx, moved, email)
        note("email.changed", user_id=moved)


def _email(claims: OutsideClaims) -> str:
    email = claims.email.lower()
    return email if len(email) <= LONGEST_EMAIL and EMAIL.fullmatch(email) else ""

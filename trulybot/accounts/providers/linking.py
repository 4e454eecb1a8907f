"""
Who it is that a provider vouches for.

First by the provider's own id of them, which never changes. An email joins a stranger to an account only if the
provider has verified it and the account's owner has shown that they read mail there; else whoever typed it first, here
or there, would get into the other's account. Such a sign-in is refused, and the account stays as it was.
"""

from datetime import UTC, datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from trulybot.accounts import queries as people
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import SignupDisabled
from trulybot.accounts.events import note, record
from trulybot.accounts.providers import queries
from trulybot.accounts.providers.errors import (
    BannedPerson,
    DeletedPerson,
    EmailConflict,
    EmailInUse,
    EmailNotVerified,
    IdentityAlreadyExists,
    IdentityNotFound,
    NoEmail,
    SingleIdentity,
)
from trulybot.accounts.providers.models import Owner, Voucher
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7


async def person_for(tx: Tx, accounts: Accounts, voucher: Voucher) -> UUID:
    """
    The person who signs in by this, made with a workspace if they are new.

    Raises:
        BannedPerson, DeletedPerson: They may not.
        NoEmail, EmailNotVerified, EmailInUse, SignupDisabled: They are not known, and cannot be made or joined.
    """
    await queries.lock(tx, voucher.provider, voucher.subject)
    owner = await queries.owner(tx, voucher.provider, voucher.subject)
    if owner is None:
        owner = await _namesake(tx, voucher)
    if owner is not None:
        _admit(owner)
    user_id = owner.user_id if owner is not None else await _made(tx, accounts, voucher)
    await _keep(tx, user_id, voucher)
    await queries.list_providers(tx, user_id)
    note("sign_in", user_id=user_id)
    return user_id


async def link(tx: Tx, accounts: Accounts, voucher: Voucher, *, to: UUID) -> None:
    """
    Add the identity to somebody who is signed in.

    Raises:
        IdentityAlreadyExists: It is theirs already, or somebody else's.
        BannedPerson, DeletedPerson: They may not.
    """
    await queries.lock(tx, voucher.provider, voucher.subject)
    owner = await queries.owner(tx, voucher.provider, voucher.subject)
    if owner is not None:
        raise IdentityAlreadyExists(whom="this user" if owner.user_id == to else "another user")
    await queries.hold(tx, to)
    person = await people.user(tx, to)
    if person.deleted_at is not None:
        raise DeletedPerson
    if person.banned_until is not None and person.banned_until > datetime.now(UTC):
        raise BannedPerson
    await _keep(tx, to, voucher)
    await queries.list_providers(tx, to)
    if not person.email:
        await _settle(tx, accounts, voucher, to)
    await record(tx, "identity.linked", user_id=to)


async def unlink(tx: Tx, accounts: Accounts, identity_id: UUID, *, of: UUID) -> None:
    """
    Take an identity away. The person's email becomes one that they still have.

    Raises:
        IdentityNotFound, SingleIdentity, EmailConflict: It cannot be.
    """
    await queries.hold(tx, of)
    had = await queries.identities(tx, of)
    gone = next((identity for identity in had if identity.id == identity_id), None)
    if gone is None:
        raise IdentityNotFound
    if len(had) == 1:
        raise SingleIdentity
    await queries.remove_identity(tx, identity_id, user_id=of)
    await queries.list_providers(tx, of)
    left = [identity for identity in had if identity is not gone]
    person = await people.user(tx, of)
    told = {str(one.identity_data.get("email", "")): one for one in left if one.identity_data.get("email")}
    if told and person.email not in told:
        # Else whoever adds an identity with somebody's address would have it without reading mail there.
        emails = {
            email: one
            for email, one in told.items()
            if accounts.autoconfirm or one.identity_data.get("email_verified") is True
        }
        if not emails:
            raise EmailConflict
        email, source = next(iter(emails.items()))
        try:
            await queries.set_email(
                tx,
                of,
                email,
                is_proven=source.provider != "email" and source.identity_data.get("email_verified") is True,
            )
        except UniqueViolation as error:
            raise EmailConflict from error
        await accounts.readdress(tx, of, email)
    await record(tx, "identity.unlinked", user_id=of)


def _admit(owner: Owner) -> None:
    if owner.is_deleted:
        raise DeletedPerson
    if owner.is_banned:
        raise BannedPerson


async def _namesake(tx: Tx, voucher: Voucher) -> Owner | None:
    """The person with this email, if both sides know that it is theirs; None when nobody has it."""
    if not voucher.email:
        raise NoEmail
    owner = await queries.owner_of_email(tx, voucher.email)
    if owner is not None and not (voucher.email_is_verified and owner.is_proven):
        raise EmailInUse
    return owner


async def _made(tx: Tx, accounts: Accounts, voucher: Voucher) -> UUID:
    if accounts.disable_signup:
        raise SignupDisabled
    if not voucher.email_is_verified and not accounts.autoconfirm:
        raise EmailNotVerified(name=voucher.provider)
    user_id = uuid7()
    added = await queries.add_user(
        tx,
        id=user_id,
        email=voucher.email,
        provider=voucher.provider,
        user_metadata=voucher.data,
        is_proven=voucher.email_is_verified,
    )
    if not added:
        raise EmailInUse
    await accounts.found(tx, user_id, voucher.email, voucher.data)
    note("sign_up", user_id=user_id)
    return user_id


async def _keep(tx: Tx, user_id: UUID, voucher: Voucher) -> None:
    await queries.keep_identity(
        tx,
        id=uuid7(),
        user_id=user_id,
        provider=voucher.provider,
        subject=voucher.subject,
        data=voucher.data,
    )


async def _settle(tx: Tx, accounts: Accounts, voucher: Voucher, user_id: UUID) -> None:
    """Who was anonymous is somebody from now on, by the provider's email if that is theirs and free."""
    is_free = bool(voucher.email) and await queries.owner_of_email(tx, voucher.email) is None
    email = voucher.email if is_free and voucher.email_is_verified else None
    settled = await queries.settle_anonymous(tx, user_id, email=email, is_proven=True)
    if settled and email:
        await accounts.readdress(tx, user_id, email)

"""Making a person, by whatever way they come: with their identities and their workspace."""

from typing import Any
from uuid import UUID

from trulybot.accounts import queries, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.events import note
from trulybot.accounts.models import Account, NewUser
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7


async def add(tx: Tx, accounts: Accounts, new: NewUser) -> Account | None:
    """A new person with their workspace; None when email, phone or id is taken."""
    if not await queries.add_user(tx, new):
        return None
    if new.email:
        await vouch(tx, new.id, "email", _vouched(new, email=new.email), used=new.signs_in)
    if new.phone:
        await vouch(tx, new.id, "phone", _vouched(new, phone=new.phone), used=new.signs_in)
    await accounts.found(tx, new.id, new.email, new.user_metadata)
    note("sign_up", user_id=new.id)
    return await sessions.account(tx, new.id)


async def vouch(tx: Tx, user_id: UUID, provider: str, data: dict[str, Any], *, used: bool = False) -> None:
    """Keep that we know this person by their email or phone."""
    await queries.add_identity(
        tx, id=uuid7(), user_id=user_id, provider=provider, data={**data, "sub": str(user_id)}, used=used
    )


def providers(*, email: str = "", phone: str = "") -> dict[str, Any]:
    """The app_metadata of whoever has these."""
    names = [name for name, value in (("email", email), ("phone", phone)) if value]
    return {"provider": names[0], "providers": names} if names else {}


def _vouched(new: NewUser, **known: str) -> dict[str, Any]:
    verified = {"email_verified": new.email_confirmed, "phone_verified": new.phone_confirmed}
    return {**new.user_metadata, **known, **verified}

"""
Invitations: nobody becomes a member without saying yes.

A link holds a token of which the database keeps a hash, and it opens the workspace to the invited address alone:
whoever holds it must have signed in with that address. An address with an account and one without are invited alike,
so that an invitation tells nothing about who has one.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from trulybot.accounts.forms import read_email
from trulybot.accounts.models import Person
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.ids import uuid7
from trulybot.kit.openapi import example
from trulybot.workspaces import members
from trulybot.workspaces.errors import AlreadyMember, InvitationOfAnother, InvitationOver, RoleTooHigh
from trulybot.workspaces.members import Role

LIFETIME = timedelta(days=7)
TOKEN_BYTES = 32

_INVITATION = {
    "id": "019a6e0c-71aa-7d2b-b4d3-5a3c0f6e1c05",
    "email": "ben@example.com",
    "role": "agent",
    "invited_by": "019a6e0c-5d1b-7a60-8f5d-3b1f6a0f7a02",
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": "2026-11-29T09:00:00Z",
}


@example(_INVITATION)
@dataclass(frozen=True)
class Invitation:
    id: UUID
    email: str
    role: str
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


@example(_INVITATION | {"link": "https://bot.example.com/invitations/k3vq7b2mzt5ncx6wjd4hyap3grfe6u2s"})
@dataclass(frozen=True)
class NewInvitation(Invitation):
    """link: shown this once, should the mail not arrive; it works for the invited address alone."""

    link: str


@dataclass(frozen=True)
class Offer:
    """An invitation as the invited person sees it. workspace: its name."""

    workspace_id: UUID
    id: UUID
    workspace: str
    email: str
    role: str
    is_over: bool


async def pending(tx: Tx) -> list[Invitation]:
    return await tx.all(
        Invitation,
        """
        select id, email, role, invited_by, created_at, expires_at
          from invitations
         where workspace_id = %(workspace_id)s
         order by created_at desc, id
        """,
        workspace_id=tx.workspace_id,
    )


async def invite(tx: Tx, email: str, role: Role) -> tuple[Invitation, str]:
    """
    Invite an address, and answer with the token of its link. An earlier invitation of the address ends.

    Raises:
        AlreadyMember: It is a member's.
        RoleTooHigh: The caller may not hand out this role.
        InvalidEmail: It is no address.
    """
    address = read_email(email)
    if any(member.email.lower() == address for member in await members.members(tx)):
        raise AlreadyMember
    id, token = uuid7(), secrets.token_urlsafe(TOKEN_BYTES)
    invited = await tx.value(
        "select private.invite(%(id)s, %(email)s, %(role)s, %(token_hash)s, %(expires_at)s)",
        id=id,
        email=address,
        role=role,
        token_hash=_hash(token),
        expires_at=datetime.now(UTC) + LIFETIME,
    )
    if not invited:
        raise RoleTooHigh
    return next(one for one in await pending(tx) if one.id == id), token


async def withdraw(tx: Tx, invitation_id: UUID) -> None:
    """
    Raises:
        NotFound: There is none with this id, or it is for a role above the caller's reach.
    """
    if not await tx.value("select private.withdraw_invitation(%(id)s)", id=invitation_id):
        raise NotFound


async def offer(tx: Tx, token: str) -> Offer:
    """
    What a link leads to; a system transaction, since whoever holds it belongs to no workspace yet.

    Raises:
        InvitationOver: Nothing, or nothing any more.
    """
    found = await tx.maybe(
        Offer,
        """
        select workspace_id, id, workspace, email, role, is_over
          from private.invitation_by_token(%(token_hash)s)
        """,
        token_hash=_hash(token),
    )
    if found is None or found.is_over:
        raise InvitationOver
    return found


async def accept(tx: Tx, person: Person, token: str) -> Offer:
    """
    Join the workspace of a link.

    Raises:
        InvitationOver: The link leads nowhere any more.
        InvitationOfAnother: It is for another address than the person's.
    """
    found = await offer(tx, token)
    if found.email.lower() != person.email.lower():
        raise InvitationOfAnother
    joined = await tx.value(
        "select private.join_workspace(%(token_hash)s, %(user_id)s, %(email)s)",
        token_hash=_hash(token),
        user_id=person.user_id,
        email=person.email,
    )
    if joined is None:  # withdrawn, or accepted in another tab, while we looked
        raise InvitationOver
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

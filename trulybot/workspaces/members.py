"""
Who belongs to a workspace, and as what.

The database decides who may change whom: its functions look the caller's role up, whatever the app believes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.openapi import example
from trulybot.workspaces.errors import LastOwner, RoleTooHigh

Role = Literal["owner", "admin", "agent", "viewer"]


@example(
    {
        "id": "019a6e0c-5d1b-7a60-8f5d-3b1f6a0f7a02",
        "email": "ana@example.com",
        "name": "Ana Silva",
        "role": "owner",
        "last_used_at": "2026-11-22T09:00:00Z",
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class TeamMember:
    """id: the person's user id."""

    id: UUID
    email: str
    name: str | None
    role: str
    last_used_at: datetime
    created_at: datetime


async def members(tx: Tx) -> list[TeamMember]:
    """All of them, in the order in which they came."""
    return await tx.all(
        TeamMember,
        """
        select user_id as id, email, name, role, last_used_at, created_at
          from private.team()
         order by created_at, user_id
        """,
    )


async def member(tx: Tx, user_id: UUID) -> TeamMember:
    """
    Raises:
        NotFound: The workspace has no such member.
    """
    return await tx.one(
        TeamMember,
        """
        select user_id as id, email, name, role, last_used_at, created_at
          from private.team()
         where user_id = %(user_id)s
        """,
        user_id=user_id,
    )


async def change_role(tx: Tx, user_id: UUID, role: Role) -> TeamMember:
    """
    Raises:
        NotFound, RoleTooHigh, LastOwner: It cannot be.
    """
    _agree(await tx.value("select private.change_role(%(user_id)s, %(role)s)", user_id=user_id, role=role))
    return await member(tx, user_id)


async def remove(tx: Tx, user_id: UUID) -> None:
    """
    A member goes, or is sent; the API keys they made end with it.

    Raises:
        NotFound, RoleTooHigh, LastOwner: It cannot be.
    """
    _agree(await tx.value("select private.remove_member(%(user_id)s)", user_id=user_id))


def _agree(outcome: str) -> None:
    match outcome:
        case "unknown":
            raise NotFound
        case "forbidden":
            raise RoleTooHigh
        case "last_owner":
            raise LastOwner

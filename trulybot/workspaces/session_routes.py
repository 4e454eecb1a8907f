"""The sessions of whoever asks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from trulybot.accounts import devices, session_queries
from trulybot.accounts import service as accounts
from trulybot.kit.http import Db
from trulybot.kit.lists import Listed
from trulybot.kit.openapi import example
from trulybot.workspaces.access import SignedIn

router = APIRouter(prefix="/api/user/sessions", tags=["workspaces"])


@example(
    {
        "id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f13",
        "device": "Firefox on Windows",
        "address": "203.0.113.7",
        "second_factor": True,
        "created_at": "2026-11-22T09:00:00Z",
        "last_used_at": "2026-11-22T10:00:00Z",
        "current": True,
    }
)
@dataclass(frozen=True)
class SessionListed:
    """
    device: what it says it is, as "Firefox on Windows". last_used_at: to the hour. second_factor: whether it was shown
    in this session. current: the session that asks.
    """

    id: UUID
    device: str
    address: str
    second_factor: bool
    created_at: datetime
    last_used_at: datetime
    current: bool


@router.get("")
async def list_sessions(who: SignedIn, db: Db) -> Listed[SessionListed]:
    """Where you are signed in: this session first, then the last used."""
    async with db.system("list sessions") as tx:
        found = await session_queries.open_of(tx, who)
    return Listed(
        items=[
            SessionListed(
                one.id,
                devices.spoken(one.user_agent),
                one.address,
                one.aal == "aal2",
                one.created_at,
                one.last_used_at,
                one.is_current,
            )
            for one in found
        ]
    )


@router.delete("/{session_id}", status_code=204)
async def end_session(session_id: UUID, who: SignedIn, db: Db) -> None:
    """End one of your sessions: its tokens or its cookie are good no more."""
    async with db.system("end a session") as tx:
        await accounts.end_session(tx, who, session_id)

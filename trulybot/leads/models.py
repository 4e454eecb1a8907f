"""What is kept of a lead."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from trulybot.kit.openapi import example

Status = Literal["new", "contacted", "qualified", "won", "lost"]


@example(
    {
        "id": "019a6e0d-0a11-7b52-9c44-8e5d2f1b6a06",
        "email": "ben@example.com",
        "name": None,
        "phone": None,
        "status": "new",
        "conversation_id": "019a6e0c-9d77-7a90-b3f8-4c2e1f0d7b07",
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class Lead:
    """Someone who wants an answer from a person. conversation_id: where they left their address."""

    id: UUID
    email: str | None
    name: str | None
    phone: str | None
    status: Status
    conversation_id: UUID | None
    created_at: datetime

"""The leads' SQL."""

from datetime import datetime
from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.leads.models import Lead


async def add(tx: Tx, *, id: UUID, email: str | None, phone: str | None, conversation_id: UUID) -> None:
    """Whoever leaves the same address twice in one conversation is one lead."""
    await tx.run(
        """
        insert into leads (id, email, phone, conversation_id)
        values (%(id)s, lower(%(email)s), %(phone)s, %(conversation_id)s)
            on conflict do nothing
        """,
        id=id,
        email=email,
        phone=phone,
        conversation_id=conversation_id,
    )


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Lead]:
    """From new to old."""
    return await tx.all(
        Lead,
        """
        select id, email, name, phone, status, conversation_id, created_at
          from leads
         where workspace_id = %(workspace_id)s
           and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s, %(id)s::uuid))
         order by created_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )

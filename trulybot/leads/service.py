"""Keep who wants to be answered by a person."""

import re
from datetime import datetime
from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.leads import queries
from trulybot.leads.models import Lead

EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}\.[^\s@<>,;.]{2,63}")
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,24}[0-9]")


async def keep(tx: Tx, message: str, conversation_id: UUID) -> None:
    """Take the email address or telephone number out of a message, and keep it as a lead."""
    email, phone = EMAIL.search(message), PHONE.search(message)
    if email or phone:
        await queries.add(
            tx,
            id=uuid7(),
            email=email[0] if email else None,
            phone=phone[0] if phone and not email else None,
            conversation_id=conversation_id,
        )


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Lead]:
    return await queries.page(tx, before=before, limit=limit)

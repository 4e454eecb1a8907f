"""A change of the bot that is held back until a golden set has been asked of it: the publish gate's side of the bot."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from trulybot.bots import queries
from trulybot.bots.models import BotSettings, Caution, HeldBot, Tone
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind

# What decides about answers. What they may cost is the owner's money, and a key that leaked must be out of use at once,
# with the server that it goes to: these never wait.
HELD = frozenset(("tone", "caution", "instructions", "model", "context_tokens"))


@dataclass(frozen=True)
class Waiting:
    """revision: another with every change."""

    revision: UUID
    changed_at: datetime


@dataclass(frozen=True)
class _Held:
    tone: Tone
    caution: Caution
    instructions: str
    model: str | None
    context_tokens: int | None


async def waiting(tx: Tx) -> Waiting | None:
    return await tx.maybe(
        Waiting,
        "select revision, updated_at as changed_at from held_bots where workspace_id = %(workspace_id)s",
        workspace_id=tx.workspace_id,
    )


async def shown(tx: Tx) -> HeldBot | None:
    """The change as its owner sees it."""
    return await tx.maybe(
        HeldBot,
        """
        select tone, caution, instructions, model, context_tokens, updated_at as changed_at
          from held_bots
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )


async def candidate(tx: Tx) -> BotSettings:
    """How the bot would answer if what is held were published; as it does, where nothing is. Its key and money stay."""
    live = await queries.settings(tx)
    found = await tx.maybe(
        _Held,
        """
        select tone, caution, instructions, model, context_tokens
          from held_bots
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )
    return replace(live, **vars(found)) if found is not None else live


async def keep(tx: Tx, values: dict[str, Any]) -> None:
    """Hold a whole behaviour back, in the place of what was held before. values: by column."""
    await tx.run(
        """
        insert into held_bots (revision, tone, caution, instructions, model, context_tokens, updated_at)
        values (%(revision)s, %(tone)s, %(caution)s, %(instructions)s, %(model)s, %(context_tokens)s,
                clock_timestamp())
            on conflict (workspace_id)
            do update set revision = excluded.revision, tone = excluded.tone, caution = excluded.caution,
                          instructions = excluded.instructions, model = excluded.model,
                          context_tokens = excluded.context_tokens, updated_at = excluded.updated_at
        """,
        revision=uuid7(),
        **values,
    )


async def drop_what_changes_nothing(tx: Tx) -> None:
    """What was changed back holds nothing up."""
    await tx.run(
        """
        delete from held_bots h
         using bots b
         where h.workspace_id = %(workspace_id)s
           and b.workspace_id = h.workspace_id
           and (h.tone, h.caution, h.instructions, h.model, h.context_tokens)
               is not distinct from (b.tone, b.caution, b.instructions, b.model, b.context_tokens)
        """,
        workspace_id=tx.workspace_id,
    )


async def publish(tx: Tx) -> bool:
    """Let what is held decide from now on. Answers with whether anything was."""
    published = await tx.value(
        """
        with held as (delete from held_bots where workspace_id = %(workspace_id)s returning *)
        update bots b
           set tone = h.tone, caution = h.caution, instructions = h.instructions, model = h.model,
               context_tokens = h.context_tokens
          from held h
         where b.workspace_id = h.workspace_id
        returning true
        """,
        workspace_id=tx.workspace_id,
    )
    if published:
        await versions.record(tx, Kind.SETTINGS_CHANGED)
    return bool(published)


async def withdraw(tx: Tx) -> bool:
    """Give up what is held. Answers with whether anything was."""
    gone = "delete from held_bots where workspace_id = %(workspace_id)s returning true"
    return bool(await tx.value(gone, workspace_id=tx.workspace_id))

"""The SQL of a workspace's bot. It has a row once something was changed."""

from typing import Any

from trulybot.bots.models import Bot, BotSettings, Month
from trulybot.kit.db import Tx


async def settings(tx: Tx) -> BotSettings:
    """How the open workspace's bot answers."""
    found = await tx.maybe(
        BotSettings,
        """
        select tone, caution, instructions, model, base_url, api_key, prompt_price_usd, completion_price_usd,
               context_tokens, monthly_budget_usd, version
          from bots
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )
    return found or BotSettings()


async def begin(tx: Tx) -> None:
    """Have a row to change."""
    await tx.run(
        "insert into bots (workspace_id) values (%(workspace_id)s) on conflict do nothing", workspace_id=tx.workspace_id
    )


async def bot(tx: Tx) -> Bot | None:
    return await tx.maybe(
        Bot,
        """
        select tone, caution, instructions, model, base_url, api_key_hint, prompt_price_usd, completion_price_usd,
               context_tokens, monthly_budget_usd, version, updated_at
          from bots
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )


async def keep(tx: Tx, values: dict[str, Any]) -> None:
    """Keep a bot's behaviour as a whole. values: every column but the key's."""
    await tx.run(
        """
        update bots
           set tone = %(tone)s,
               caution = %(caution)s,
               instructions = %(instructions)s,
               model = %(model)s,
               base_url = %(base_url)s,
               prompt_price_usd = %(prompt_price_usd)s,
               completion_price_usd = %(completion_price_usd)s,
               context_tokens = %(context_tokens)s,
               monthly_budget_usd = %(monthly_budget_usd)s
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        **values,
    )


async def keep_key(tx: Tx, sealed: bytes | None, hint: str | None) -> None:
    await tx.run(
        """
        update bots
           set api_key = %(sealed)s, api_key_hint = %(hint)s
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        sealed=sealed,
        hint=hint,
    )


async def this_month(tx: Tx) -> Month:
    """What the workspace's language model came to since the month began, in UTC."""
    found = await tx.maybe(
        Month,
        """
        select spent_usd, calls, prompt_tokens, completion_tokens
          from model_months
         where workspace_id = %(workspace_id)s
           and month = date_trunc('month', now() at time zone 'utc')::date
        """,
        workspace_id=tx.workspace_id,
    )
    return found or Month()

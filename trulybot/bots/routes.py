"""The bot's behaviour, over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from trulybot.bots import queries, service
from trulybot.bots.forms import BotChange
from trulybot.bots.models import Bot, Month
from trulybot.kit.http import Db
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api/bot", tags=["bot"])


@router.get("")
async def show(who: Annotated[Actor, may("workspace:read")], db: Db) -> Bot:
    """How the workspace's bot speaks, with which model, and what that may cost."""
    async with db.workspace(who) as tx:
        return await service.bot(tx)


@router.patch("")
async def change(form: BotChange, who: Annotated[Actor, may("workspace:write")], db: Db) -> Bot:
    """
    Change the bot's tone, instructions, model, key, server or budget. The key is never shown again.

    While there is a publish gate, tone, caution, instructions, model and context length wait for their test; key,
    server and money take effect at once.
    """
    async with db.workspace(who) as tx:
        return await service.change(tx, form, by=who)


@router.get("/usage")
async def usage(who: Annotated[Actor, may("workspace:read")], db: Db) -> Month:
    """What the language model came to this month."""
    async with db.workspace(who) as tx:
        return await queries.this_month(tx)

"""The publish gate over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from trulybot.evaluation.gate import service
from trulybot.evaluation.gate.errors import NoGate, NothingHeld, StillHeld
from trulybot.evaluation.gate.models import Gate, GateForm, Passed
from trulybot.evaluation.sets.errors import NothingToAsk, RunInProgress
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db
from trulybot.kit.openapi import errors
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["quality"])

# What decides about a test is for those who answer for the bot: owners and admins, who set up the widget too.
Keeper = Annotated[Actor, may("widget:write")]


@router.get("/publish-gate", responses=errors(NoGate))
async def show(who: Annotated[Actor, may("documents:read")], db: Db) -> Gate:
    """What is held back, and how its test went."""
    async with db.workspace(who) as tx:
        return await service.show(tx)


@router.put("/publish-gate", responses=errors(NotFound, NothingToAsk))
async def put_up(form: GateForm, who: Keeper, db: Db) -> Gate:
    """Hold changes of knowledge and bot back until a golden set has been asked of them; never a document's deletion."""
    async with db.workspace(who) as tx:
        return await service.put_up(tx, form, by=who)


@router.delete("/publish-gate", status_code=204, responses=errors(NoGate, StillHeld))
async def take_down(who: Keeper, db: Db) -> None:
    """Let changes go live at once again."""
    async with db.workspace(who) as tx:
        await service.take_down(tx, by=who)


@router.post("/publish-gate/runs", status_code=202, responses=errors(NoGate, NothingHeld, RunInProgress))
async def begin(who: Annotated[Actor, may("documents:write")], db: Db) -> Gate:
    """Try what is held now. The worker does so by itself once everything is read."""
    async with db.workspace(who) as tx:
        return await service.begin(tx, by=who)


@router.post("/publish-gate/publication", responses=errors(NoGate, NothingHeld))
async def publish(who: Keeper, db: Db) -> Passed:
    """Publish what is held, whatever its test said."""
    async with db.workspace(who) as tx:
        return await service.publish(tx, by=who)


@router.post("/publish-gate/withdrawal", responses=errors(NoGate, NothingHeld))
async def withdraw(who: Keeper, db: Db) -> Passed:
    """Give up what is held. What answers stays as it is."""
    async with db.workspace(who) as tx:
        return await service.withdraw(tx, by=who)

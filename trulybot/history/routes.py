"""The time machine over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path

from trulybot.history import restoring
from trulybot.history.restoring import NothingToRestore, Restoration
from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.openapi import errors
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["history"], route_class=Repeatable)

Number = Annotated[int, Path(ge=1, lt=2**62, description="A `version` of the history")]


@router.get("/knowledge/versions/{version}/restoration")
async def preview_restoration(version: Number, who: Annotated[Actor, may("documents:read")], db: Db) -> Restoration:
    """What going back to this version would do now. Nothing is changed."""
    async with db.workspace(who) as tx:
        return await restoring.preview(tx, version)


@router.post("/knowledge/versions/{version}/restoration", status_code=202, responses=errors(NothingToRestore))
async def restore(version: Number, who: Annotated[Actor, may("documents:write")], db: Db) -> Restoration:
    """
    Bring the documents back to how they stood at this version.

    It is a new version itself, so it can be undone. What answers now goes on answering until the earlier texts are
    read. Documents that were deleted for good do not come back.
    """
    async with db.workspace(who) as tx:
        return await restoring.restore(tx, version, by=who)

"""The time machine over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from trulybot.answers.answering import Answering
from trulybot.curated.errors import AnswersFull
from trulybot.history import receipts, replaying, restoring
from trulybot.history.models import NothingToRestore, Restoration
from trulybot.history.receipts import Receipt
from trulybot.history.replaying import Replay
from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
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


@router.post(
    "/knowledge/versions/{version}/restoration", status_code=202, responses=errors(NothingToRestore, AnswersFull)
)
async def restore(version: Number, who: Annotated[Actor, may("documents:write")], db: Db) -> Restoration:
    """
    Bring documents and curated answers back to how they stood at this version.

    It is a new version itself, so it can be undone. What answers now goes on answering until the earlier texts are
    read. Documents that were deleted for good do not come back.
    """
    async with db.workspace(who) as tx:
        return await restoring.restore(tx, version, by=who)


@router.get("/chat/{message_id}/replay")
async def replay(request: Request, message_id: UUID, who: Annotated[Actor, may("documents:read")], db: Db) -> Replay:
    """
    A past answer with the passages of its day, beside what would be answered now.

    The question is asked again, and nothing of that is kept. With a language model it costs what a question costs.
    """
    answering: Answering = request.app.state.answering
    return await replaying.replay(db, answering, who, message_id)


@router.get("/knowledge/receipts")
async def list_receipts(
    who: Annotated[Actor, may("documents:read")], db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Receipt]:
    """The receipts of what was deleted, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await receipts.page(tx, before=place(cursor_), limit=limit + 1), limit)


@router.get("/knowledge/receipts/{receipt_id}")
async def receipt(receipt_id: UUID, who: Annotated[Actor, may("documents:read")], db: Db) -> Receipt:
    """The proof that what was deleted is gone, and what its old questions are answered now."""
    async with db.workspace(who) as tx:
        return await receipts.get(tx, receipt_id)

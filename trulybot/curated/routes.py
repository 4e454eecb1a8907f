"""Curated answers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator

from trulybot.curated import service
from trulybot.curated.errors import AnswersFull
from trulybot.curated.forms import AnswerChange, NewAnswer
from trulybot.curated.models import CuratedAnswer
from trulybot.kit.db import Database
from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.kit.openapi import errors
from trulybot.kit.text import storable
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api/knowledge/answers", tags=["answers"], route_class=Repeatable)

Reader = Annotated[Actor, may("documents:read")]
Writer = Annotated[Actor, may("documents:write")]
Words = Annotated[
    str | None,
    Query(max_length=200, description="Words of the question, its alternatives or the answer"),
    AfterValidator(lambda words: storable(words) if words else None),
]


@router.get("")
async def answers(
    who: Reader,
    db: Db,
    q: Words = None,
    limit: Limit = 50,
    cursor_: CursorText = None,
) -> Listed[CuratedAnswer]:
    """The answers in the owner's own words, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, words=q, before=place(cursor_), limit=limit + 1), limit)


@router.post("", status_code=201, responses=errors(AnswersFull))
async def add(request: Request, form: NewAnswer, who: Writer, db: Db) -> CuratedAnswer:
    """
    Answer a question in your own words. Whoever asks it, in these words or others, is told exactly this.

    `alternatives` are other ways to ask, each of which makes it surer that the question is recognised; questions in
    other languages are, without any. The answer can be tried as soon as this returns.
    """
    async with db.workspace(who) as tx:
        added = await service.add(tx, form, by=who)
    return await _embedded(request, db, who, added)


@router.get("/{answer_id}")
async def answer(answer_id: UUID, who: Reader, db: Db) -> CuratedAnswer:
    """One answer with all its phrasings."""
    async with db.workspace(who) as tx:
        return await service.get(tx, answer_id)


@router.patch("/{answer_id}", responses=errors(AnswersFull))
async def change(request: Request, answer_id: UUID, form: AnswerChange, who: Writer, db: Db) -> CuratedAnswer:
    """Change an answer; what is not sent stays. `alternatives` replace those that there were."""
    async with db.workspace(who) as tx:
        changed = await service.change(tx, answer_id, form, by=who)
    return await _embedded(request, db, who, changed)


@router.delete("/{answer_id}", status_code=204)
async def remove(answer_id: UUID, who: Writer, db: Db) -> None:
    """Take an answer out: nobody is told it any more. A publish gate holds that back as it does any change."""
    async with db.workspace(who) as tx:
        await service.remove(tx, answer_id, by=who)


async def _embedded(request: Request, db: Database, who: Actor, answer: CuratedAnswer) -> CuratedAnswer:
    """The answer once its phrasings have their vectors, or as it is while the embedder is away."""
    if answer.embedded:
        return answer
    await service.embed_now(db, request.app.state.embedder, who, answer.id)
    async with db.workspace(who) as tx:
        return await service.get(tx, answer.id)

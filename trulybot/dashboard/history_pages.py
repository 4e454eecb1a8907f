"""The pages of the time machine: what changed, what was answered, what was deleted."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter

from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.history import receipts, replaying, restoring
from trulybot.history.models import NothingToRestore
from trulybot.history.receipts import Receipt
from trulybot.kit.db import Tx
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.knowledge import versions
from trulybot.knowledge.models import By
from trulybot.workspaces import members, service
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

HERE = "/dashboard/history"
VERSIONS_SHOWN, ANSWERS_SHOWN, RECEIPTS_SHOWN = 20, 20, 10
NAMELESS = {"system": "TrulyBot", "key": "A removed API key", "person": "A former member"}

router = APIRouter(prefix=HERE, include_in_schema=False)

Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Number = Annotated[int, Path(ge=1, lt=2**62)]

_RECEIPT = TypeAdapter(Receipt)


@router.get("")
async def show(
    request: Request, who: Reader, db: Db, before: Annotated[int | None, Query(ge=1, lt=2**62)] = None
) -> Response:
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
        found = await versions.page(tx, before=before, limit=VERSIONS_SHOWN + 1)
        names = await _names(tx)
        answers = await _last_answers(tx)
        proofs = await receipts.page(tx, before=(None, None), limit=RECEIPTS_SHOWN)
    return render(
        request,
        "history.html",
        **context,
        versions=[{**vars(one), "who": _who(one.by, names)} for one in found[:VERSIONS_SHOWN]],
        is_newest=before is None,
        older=found[VERSIONS_SHOWN - 1].version if len(found) > VERSIONS_SHOWN else None,
        answers=answers,
        receipts=proofs,
    )


@router.get("/versions/{version}")
async def preview(request: Request, version: Number, who: Reader, db: Db) -> Response:
    """What going back would do, and the button that does it."""
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
        act = await versions.get(tx, version)
        plan = await restoring.preview(tx, version)
    return render(
        request, "restoration.html", **context, act=act, plan=plan, may_restore=allows(who, "documents:write")
    )


@router.post("/versions/{version}/restoration")
async def restore(version: Number, who: Writer, db: Db) -> Response:
    try:
        async with db.workspace(who) as tx:
            await restoring.restore(tx, version, by=who)
    except NothingToRestore:
        return RedirectResponse(f"{HERE}/versions/{version}", status_code=303)
    return RedirectResponse(HERE, status_code=303)


@router.get("/answers/{message_id}")
async def replay(request: Request, message_id: UUID, who: Reader, db: Db) -> Response:
    played = await replaying.replay(db, request.app.state.answering, who, message_id)
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
    then, now = _marked(played.then.answer, played.now.answer)
    return render(request, "replay.html", **context, replay=played, then=then, now=now)


@router.get("/receipts/{receipt_id}")
async def receipt(request: Request, receipt_id: UUID, who: Reader, db: Db) -> Response:
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
        proof = await receipts.get(tx, receipt_id)
    return render(request, "receipt.html", **context, receipt=proof)


@router.get("/receipts/{receipt_id}/download")
async def download(receipt_id: UUID, who: Reader, db: Db) -> Response:
    async with db.workspace(who) as tx:
        proof = await receipts.get(tx, receipt_id)
    headers = {
        "Content-Disposition": f'attachment; filename="deletion-receipt-{receipt_id}.json"',
        "Cache-Control": "no-store",
    }
    text = json.dumps(_RECEIPT.dump_python(proof, mode="json"), ensure_ascii=False, indent=2)
    return Response(text, media_type="application/json", headers=headers)


@dataclass(frozen=True)
class _Answered:
    id: UUID
    question: str
    answered: bool
    source: str
    confidence: float
    created_at: datetime


async def _last_answers(tx: Tx) -> list[_Answered]:
    return await tx.all(
        _Answered,
        """
        select id, question, (answer ->> 'answered')::boolean as answered, answer ->> 'source' as source,
               (answer ->> 'confidence')::float8 as confidence, created_at
          from turns
         where workspace_id = %(workspace_id)s
           and answer ->> 'intent' = 'question'
         order by created_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        limit=ANSWERS_SHOWN,
    )


async def _names(tx: Tx) -> dict[str, str]:
    """Who may have acted, by id."""
    people = {str(one.id): one.name or one.email for one in await members.members(tx)}
    return people | {str(key.id): f"API key {key.name}" for key in await service.keys(tx)}


def _who(by: By, names: dict[str, str]) -> str:
    return names.get(by.id or "", NAMELESS[by.kind])


def _marked(then: str, now: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """
    Both answers in pieces, each with whether the other answer lacks it: how they begin and end alike, and what differs.

    In one pass, because answers may be made to be compared: a search for the longest parts in common takes minutes.
    """
    one, other = re.findall(r"\s+|\S+", then), re.findall(r"\s+|\S+", now)
    shorter = min(len(one), len(other))
    begin = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    left = shorter - begin
    end = next((place for place in range(left) if one[-1 - place] != other[-1 - place]), left)
    return _pieces(one, begin, end), _pieces(other, begin, end)


def _pieces(words: list[str], begin: int, end: int) -> list[tuple[bool, str]]:
    parts = ((False, words[:begin]), (True, words[begin : len(words) - end]), (False, words[len(words) - end :]))
    return [(differs, "".join(part)) for differs, part in parts if part]

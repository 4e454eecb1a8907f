"""The pages of the owner's own answers: a list with a search, one to change, and trying them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from trulybot.conversations import forms, service
from trulybot.conversations.models import Reply
from trulybot.curated import held
from trulybot.curated import service as curated
from trulybot.curated.forms import ALTERNATIVES, ANSWER_CHARACTERS, QUESTION_CHARACTERS, AnswerChange, NewAnswer
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.lists import paged, place
from trulybot.kit.pages import render
from trulybot.kit.text import storable
from trulybot.knowledge.gate import is_gated
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

HERE = "/dashboard/answers"
SHOWN = 50
# What is wrong with a field, in words for whoever filled it in.
WRONG = {
    "question": f"Write a question of up to {QUESTION_CHARACTERS} characters.",
    "alternatives": f"Write up to {ALTERNATIVES} other ways to ask, each on one line of up to {QUESTION_CHARACTERS}.",
    "answer": f"Write an answer of up to {ANSWER_CHARACTERS} characters.",
}

router = APIRouter(prefix=HERE, include_in_schema=False)

Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Asker = Annotated[Member, member("chat")]
Text = Annotated[str, Form()]


@router.get("")
async def show(request: Request, who: Reader, db: Db, q: str = "", cursor: str | None = None) -> Response:
    return await _list(request, who, db, q=storable(q)[:200], cursor=cursor)


@router.post("")
async def add(
    request: Request, who: Writer, db: Db, question: Text = "", alternatives: Text = "", answer: Text = ""
) -> Response:
    typed = {"question": question, "alternatives": alternatives, "answer": answer}
    try:
        form = NewAnswer(question=question, alternatives=_lines(alternatives), answer=answer)
        async with db.workspace(who) as tx:
            added = await curated.add(tx, form, by=who)
    except ValidationError as error:
        return await _list(request, who, db, status=400, form={**typed, "error": _said(error)})
    except AppError as error:
        return await _list(request, who, db, status=error.status, form={**typed, "error": error.message})
    await curated.embed_now(db, request.app.state.embedder, who, added.id)
    return RedirectResponse(f"{HERE}/{added.id}", status_code=303)


@router.post("/try")
async def try_out(request: Request, who: Asker, db: Db, question: Text = "") -> Response:
    return await _list(request, who, db, trial=await _trial(request, who, db, question))


@router.get("/{answer_id}")
async def one(request: Request, answer_id: UUID, who: Reader, db: Db) -> Response:
    return await _one(request, who, db, answer_id)


@router.post("/{answer_id}")
async def change(
    request: Request,
    answer_id: UUID,
    who: Writer,
    db: Db,
    question: Text = "",
    alternatives: Text = "",
    answer: Text = "",
) -> Response:
    typed = {"question": question, "alternatives": alternatives, "answer": answer}
    try:
        form = AnswerChange(question=question, alternatives=_lines(alternatives), answer=answer)
    except ValidationError as error:
        return await _one(request, who, db, answer_id, status=400, form={**typed, "error": _said(error)})
    async with db.workspace(who) as tx:
        changed = await curated.change(tx, answer_id, form, by=who)
    await curated.embed_now(db, request.app.state.embedder, who, changed.id)
    return await _one(request, who, db, changed.id, saved=True)


@router.post("/{answer_id}/switch")
async def switch(answer_id: UUID, who: Writer, db: Db, enabled: Text = "") -> Response:
    async with db.workspace(who) as tx:
        changed = await curated.change(tx, answer_id, AnswerChange(enabled=enabled == "on"), by=who)
    return RedirectResponse(f"{HERE}/{changed.id}", status_code=303)


@router.post("/{answer_id}/removal")
async def remove(answer_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await curated.remove(tx, answer_id, by=who)
    return RedirectResponse(HERE, status_code=303)


async def _list(
    request: Request,
    who: Member,
    db: Database,
    *,
    status: int = 200,
    q: str = "",
    cursor: str | None = None,
    **shown: Any,
) -> Response:
    async with db.workspace(who) as tx:
        around = await frame(tx, who, HERE)
        found = paged(await curated.page(tx, words=q or None, before=place(cursor), limit=SHOWN + 1), SHOWN)
        total = await curated.count(tx)
        gated = await is_gated(tx)
    context = {
        "answers": found.items,
        "next_cursor": found.next_cursor,
        "total": total,
        "gated": gated,
        "q": q,
        "may_write": allows(who, "documents:write"),
        "form": {"question": "", "alternatives": "", "answer": "", "error": None},
        "trial": None,
    }
    return render(request, "answers.html", status=status, **{**around, **context, **shown})


async def _one(
    request: Request, who: Member, db: Database, answer_id: UUID, *, status: int = 200, **shown: Any
) -> Response:
    async with db.workspace(who) as tx:
        around = await frame(tx, who, HERE)
        answer = await curated.get(tx, answer_id)
        gated, waiting = await is_gated(tx), await held.of(tx, answer_id)
    form = {
        "question": answer.question,
        "alternatives": "\n".join(answer.alternatives),
        "answer": answer.answer,
        "error": None,
    }
    context = {"answer": answer, "may_write": allows(who, "documents:write"), "gated": gated}
    context |= {"waiting": waiting, "form": form, "saved": False}
    return render(request, "answer.html", status=status, **{**around, **context, **shown})


async def _trial(request: Request, who: Member, db: Database, question: str) -> dict[str, Any]:
    trial: dict[str, Any] = {"question": question, "error": None, "reply": None}
    if not question.strip() or len(question) > forms.MESSAGE_CHARACTERS:
        return {**trial, "error": f"Write a question of up to {forms.MESSAGE_CHARACTERS} characters."}
    try:
        async for part in service.converse(db, request.app.state.answering, forms.Question(message=question), who):
            if isinstance(part, Reply):
                trial["reply"] = part
    except AppError as error:
        return {**trial, "error": error.message}
    return trial


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _said(error: ValidationError) -> str:
    return WRONG.get(str(error.errors()[0]["loc"][0]), "Some of it is not valid.")

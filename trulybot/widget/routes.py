"""The widget's script, its settings, its sessions."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from trulybot.kit import proofs
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db
from trulybot.kit.limiting import address_of
from trulybot.kit.limits import Limiter
from trulybot.kit.openapi import errors
from trulybot.kit.pages import Asset
from trulybot.kit.proofs import Proof
from trulybot.widget import service
from trulybot.widget.cors import let_read
from trulybot.widget.forms import SessionRequest, WidgetChange
from trulybot.widget.limits import SESSIONS
from trulybot.widget.models import OwnerConfig, WidgetConfig, WidgetSession
from trulybot.widget.service import NoBot, OriginNotAllowed, ProofRequired
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(tags=["widget"])

STATIC = Path(__file__).parent / "static"
UNASKED = 0.5  # of the sessions that an address may begin in a minute, the share that is let in without work

# Any page may load the script; what it may then do is decided by the session's origin.
EVERYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}
_CONFIG = TypeAdapter(WidgetConfig)


@cache
def scripts() -> dict[str, Asset]:
    return {file.name: Asset.of(file.read_bytes(), ".js") for file in STATIC.glob("*.js")}


@router.get("/widget.js", include_in_schema=False)
async def script(request: Request) -> Response:
    return scripts()["widget.js"].answer(request, EVERYWHERE)


@router.get("/widget/{name}", include_in_schema=False)
async def module(request: Request, name: str) -> Response:
    """The parts that the script loads when someone reaches for the button."""
    if name not in scripts():
        raise NotFound
    return scripts()[name].answer(request, EVERYWHERE)


@router.get("/api/widget/config")
async def own_config(who: Annotated[Actor, may("widget:write")], db: Db) -> OwnerConfig:
    """The widget's settings as the workspace sees them."""
    async with db.workspace(who) as tx:
        return await service.own_config(tx)


@router.patch("/api/widget/config")
async def change(form: WidgetChange, who: Annotated[Actor, may("widget:write")], db: Db) -> OwnerConfig:
    """Change texts, colours, position, questions, and the websites that may embed the bot."""
    async with db.workspace(who) as tx:
        return await service.change(tx, form, by=who)


@router.get(
    "/api/widget/config/{bot}",
    response_model=WidgetConfig,
    responses={304: {"description": "As the `ETag` in `If-None-Match` says."}, **errors(NoBot)},
)
async def config(request: Request, bot: str, db: Db) -> Response:
    """What the widget shows; public. `bot` is the workspace's bot key or its owner's user id."""
    async with db.system("what a widget shows") as tx:
        found = await service.config(tx, bot)
    body = _CONFIG.dump_json(found)
    headers = {
        **EVERYWHERE,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "Cache-Control": "public, max-age=60",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.post("/api/widget/session", responses=errors(OriginNotAllowed, ProofRequired, NoBot))
async def session(request: Request, form: SessionRequest, db: Db) -> WidgetSession:
    """Begin a visitor's session, from a website that the workspace allows."""
    origin = request.headers.get("origin", "")
    async with db.system("a visitor arrives") as tx:
        bot = await service.bot_at(tx, form.bot, origin)
    let_read(request.scope, origin)
    await _ask_for_proof(request, form.proof, f"{bot.bot_key} {origin}")
    async with db.system("a visitor is let in") as tx:
        return await service.begin_session(tx, request.app.state.visitor_key, bot, origin)


async def _ask_for_proof(request: Request, proof: Proof | None, subject: str) -> None:
    """
    Let a browser work before it gets in, when it looks like a program: it names none, or is one of very many.

    Raises:
        ProofRequired: It has not done it yet.
    """
    limiter: Limiter = request.app.state.limiter
    begun = await limiter.peek(SESSIONS, address_of(request.scope))
    if request.headers.get("user-agent") and begun.remaining >= UNASKED * SESSIONS.amount:
        return
    key = request.app.state.proof_key
    if proof is None or not await proofs.holds(proof, key, subject, limiter):
        raise ProofRequired(details=[proofs.challenge(key, subject)])

"""The page of how the bot behaves: its tone, its model, and what that may cost."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from trulybot.bots import queries, service
from trulybot.bots.forms import INSTRUCTIONS_CHARACTERS, BotChange
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Database
from trulybot.kit.errors import InvalidInput
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.llm.prices import ASSUMED
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

HERE = "/dashboard/behaviour"
TONES = (("friendly", "Friendly and plain"), ("formal", "Formal and courteous"), ("brief", "Brief, matter-of-fact"))
# What an empty field means: no value of one's own.
OPTIONAL = ("model", "base_url", "prompt_price_usd", "completion_price_usd", "context_tokens", "monthly_budget_usd")

router = APIRouter(prefix=HERE, include_in_schema=False)

Owner = Annotated[Member, member("workspace:write")]
Text = Annotated[str, Form()]


@router.get("")
async def show(request: Request, who: Annotated[Member, member("workspace:read")], db: Db) -> Response:
    return await _page(request, who, db)


@router.post("/manner")
async def speak(request: Request, who: Owner, db: Db, tone: Text = "friendly", instructions: Text = "") -> Response:
    return await _change(request, who, db, {"tone": tone, "instructions": instructions.replace("\r\n", "\n")}, "manner")


@router.post("/model")
async def choose(
    request: Request,
    who: Owner,
    db: Db,
    model: Text = "",
    base_url: Text = "",
    api_key: Text = "",
    forget_key: Text = "",
    prompt_price_usd: Text = "",
    completion_price_usd: Text = "",
    context_tokens: Text = "",
) -> Response:
    values = {
        "model": model,
        "base_url": base_url,
        "prompt_price_usd": prompt_price_usd,
        "completion_price_usd": completion_price_usd,
        "context_tokens": context_tokens,
    }
    # An empty field leaves the key that is kept, since nobody is shown it to send it again.
    key = {"api_key": None} if forget_key else {"api_key": api_key} if api_key.strip() else {}
    return await _change(request, who, db, {**values, **key}, "model")


@router.post("/budget")
async def spend(request: Request, who: Owner, db: Db, monthly_budget_usd: Text = "") -> Response:
    return await _change(request, who, db, {"monthly_budget_usd": monthly_budget_usd}, "budget")


async def _change(request: Request, who: Member, db: Database, values: dict[str, Any], section: str) -> Response:
    sent = {
        name: None if name in OPTIONAL and not value.strip() else value
        for name, value in values.items()
        if value is not None
    }
    sent |= {name: None for name, value in values.items() if value is None}
    try:
        form = BotChange.model_validate(sent)
        async with db.workspace(who) as tx:
            await service.change(tx, form, by=who)
    except ValidationError as error:
        errors = {str(one["loc"][0]): "This is not valid." for one in error.errors(include_input=False)}
        return await _page(request, who, db, status=400, typed=values, errors=errors)
    except InvalidInput as error:
        errors = {one["field"]: f"This {one['message']}." for one in error.details}
        return await _page(request, who, db, status=400, typed=values, errors=errors)
    return await _page(request, who, db, saved=section)


async def _page(
    request: Request,
    who: Member,
    db: Database,
    *,
    status: int = 200,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    saved: str = "",
) -> Response:
    async with db.workspace(who) as tx:
        context = await frame(tx, who, HERE)
        live, month = await service.bot(tx), await queries.this_month(tx)
    bot = service.as_changed(live)
    shown = {name: "" if value is None else str(value) for name, value in vars(bot).items()}
    shown |= {name: str(value) for name, value in (typed or {}).items() if value is not None and name != "api_key"}
    operators: Decimal = request.app.state.answering.turns.allowance.budget_usd
    own = live.api_key_hint is not None or live.base_url is not None
    caps = [cap for cap in (bot.monthly_budget_usd, None if own else operators) if cap is not None]
    return render(
        request,
        "behaviour.html",
        status=status,
        **context,
        bot=bot,
        form=shown,
        errors=errors or {},
        saved=saved,
        month=month,
        budget=min(caps) if caps else None,
        operators_model=getattr(request.app.state.answering.model, "name", None),
        assumed=ASSUMED,
        tones=TONES,
        longest=INSTRUCTIONS_CHARACTERS,
        may_change=allows(who, "workspace:write"),
    )

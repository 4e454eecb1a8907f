"""The page that tells an owner who did what."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from trulybot.audit import queries
from trulybot.audit.actions import Action
from trulybot.audit.export import Format
from trulybot.audit.models import Entry, Filter
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Tx
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.workspaces import members, service
from trulybot.workspaces.audit_routes import download
from trulybot.workspaces.identity import Member

HERE = "/dashboard/audit"
SHOWN = 50
NAMELESS = {"visitor": "A visitor", "key": "A removed API key", "system": "TrulyBot", "operator": "The operator"}
DAY_FIELDS = (("from", "From"), ("to", "Until"))

router = APIRouter(prefix=HERE, include_in_schema=False)

Owner = Annotated[Member, member("audit:read")]
Sent = Annotated[str, Query(max_length=100)]
Day = Annotated[str, Query(max_length=10)]


@router.get("")
async def show(
    request: Request,
    who: Owner,
    db: Db,
    action: Sent = "",
    actor: Sent = "",
    from_: Annotated[str, Query(alias="from", max_length=10)] = "",
    to: Day = "",
    before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
) -> Response:
    chosen = {"action": action, "actor": actor, "from": from_, "to": to}
    async with db.workspace(who) as tx:
        found = await queries.newest(tx, _which(chosen), before=before, limit=SHOWN + 1)
        names = await _names(tx)
        context = await frame(tx, who, HERE)
    given = {name: value for name, value in chosen.items() if value}
    older = urlencode({**given, "before": found[SHOWN - 1].seq}) if len(found) > SHOWN else None
    return render(
        request,
        "audit.html",
        **context,
        days=_by_day(found[:SHOWN], names),
        actions=[{"value": one.value, "text": _label(one)} for one in Action],
        actors=[{"value": id, "text": name} for id, name in names.items()],
        day_fields=DAY_FIELDS,
        chosen=chosen,
        older=older,
        exports={"csv": _export(given, "csv"), "jsonl": _export(given, "jsonl")},
    )


@router.get("/export")
async def export(
    who: Owner,
    db: Db,
    action: Sent = "",
    actor: Sent = "",
    from_: Annotated[str, Query(alias="from", max_length=10)] = "",
    to: Day = "",
    format: Format = "csv",
) -> Response:
    return await download(db, who, _which({"action": action, "actor": actor, "from": from_, "to": to}), format)


def _which(chosen: dict[str, str]) -> Filter:
    """What the form asks for. A day that is none is no reason to show nothing."""
    since, until = _day(chosen["from"]), _day(chosen["to"], later=1)
    return Filter(chosen["action"] or None, chosen["actor"] or None, since, until)


def _day(text: str, *, later: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=later)
    except (ValueError, OverflowError):  # OverflowError: there is no day after 9999-12-31
        return None


async def _names(tx: Tx) -> dict[str, str]:
    """Who may have acted, by id."""
    people = {str(one.id): one.name or one.email for one in await members.members(tx)}
    return people | {str(key.id): f"API key {key.name}" for key in await service.keys(tx)}


def _by_day(found: list[Entry], names: dict[str, str]) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = []
    for entry in found:
        day = entry.at.astimezone(UTC).date()
        if not days or days[-1]["date"] != day:
            days.append({"date": day, "entries": []})
        days[-1]["entries"].append({"who": _who(entry, names), **vars(entry)})
    return days


def _who(entry: Entry, names: dict[str, str]) -> str:
    if entry.actor_id in names:
        return names[entry.actor_id]
    return NAMELESS.get(entry.actor_kind, "A former member")


def _label(action: Action) -> str:
    return action.value.replace(".", ": ").replace("_", " ").capitalize()


def _export(given: dict[str, str], format: Format) -> str:
    return f"{HERE}/export?{urlencode({**given, 'format': format})}"

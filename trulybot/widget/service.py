"""What a website's visitors may know and do."""

from collections.abc import Mapping
from typing import Any, ClassVar

from joserfc.jwk import OctKey
from psycopg.types.json import Jsonb

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.kit.db import Tx
from trulybot.kit.errors import Forbidden, NotFound
from trulybot.kit.ids import uuid7
from trulybot.kit.text import storable
from trulybot.widget import origins
from trulybot.widget.forms import Colors, WidgetChange
from trulybot.widget.models import Bot, OwnerConfig, WidgetConfig, WidgetSession
from trulybot.workspaces import visitors


class NoBot(NotFound):
    """There is no such bot."""

    status, code = 404, "bot_not_found"


class OriginNotAllowed(Forbidden):
    """This website may not embed the bot. Its owner can allow it in the dashboard."""

    status, code = 403, "origin_not_allowed"
    headers: ClassVar[Mapping[str, str]] = {"Vary": "Origin"}


class ProofRequired(Forbidden):
    """Show that a browser is asking: solve the challenge and ask again."""

    status, code = 403, "proof_required"


async def config(tx: Tx, bot: str) -> WidgetConfig:
    """
    What the widget shows. bot: a bot key, or the owner's user id.

    Raises:
        NoBot: Nobody has it.
    """
    found = await _bot(tx, bot)
    return WidgetConfig(bot=found.bot_key, name=found.name, **_shown(found))


async def bot_at(tx: Tx, bot: str, origin: str | None) -> Bot:
    """
    The bot, for a website that may embed it.

    Raises:
        NoBot: Nobody has it.
        OriginNotAllowed: The request comes from elsewhere, or from no website.
    """
    found = await _bot(tx, bot)
    if origin not in found.allowed_origins:
        raise OriginNotAllowed
    return found


async def begin_session(tx: Tx, key: OctKey, bot: Bot, origin: str) -> WidgetSession:
    """
    A new visitor, from a website that may embed the bot.

    Raises:
        OriginNotAllowed: It may no longer.
    """
    visitor_id = uuid7()
    admitted = await tx.value(
        "select private.admit_visitor(%(bot)s, %(origin)s, %(visitor_id)s)",
        bot=bot.bot_key,
        origin=origin,
        visitor_id=visitor_id,
    )
    if not admitted:
        raise OriginNotAllowed
    token = visitors.issue(key, visitors.VisitorToken(visitor_id, bot.workspace_id, origin))
    return WidgetSession(token, visitors.LIFETIME_SECONDS, visitor_id)


async def own_config(tx: Tx) -> OwnerConfig:
    """The open workspace's, as its owner sees it."""
    found = await tx.one(
        Bot,
        """
        select w.id as workspace_id, w.bot_key, w.name, g.settings, g.allowed_origins
          from workspaces w
          join widgets g on g.workspace_id = w.id
         where w.id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )
    return OwnerConfig(bot=found.bot_key, name=found.name, allowed_origins=found.allowed_origins, **_shown(found))


async def change(tx: Tx, form: WidgetChange, *, by: Who) -> OwnerConfig:
    """Change what was sent, and leave the rest."""
    settings = form.model_dump(exclude_none=True, exclude={"allowed_origins"})
    allowed = origins.read(form.allowed_origins) if form.allowed_origins is not None else None
    await tx.run(
        """
        update widgets
           set settings = settings || %(settings)s,
               allowed_origins = coalesce(%(allowed_origins)s, allowed_origins),
               updated_at = now()
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        settings=Jsonb(settings),
        allowed_origins=allowed,
    )
    changed = await own_config(tx)
    names = ", ".join(sorted(form.model_dump(exclude_none=True)))
    await audit.record(tx, Action.WIDGET_CHANGED, by=by, changed=names)
    return changed


async def _bot(tx: Tx, bot: str) -> Bot:
    found = await tx.maybe(
        Bot,
        "select workspace_id, bot_key, name, settings, allowed_origins from private.bot_by_name(%(bot)s)",
        bot=storable(bot),
    )
    if found is None:
        raise NoBot
    return found


def _shown(bot: Bot) -> dict[str, Any]:
    settings = bot.settings
    return {
        "texts": settings.get("texts", {}),
        "colors": settings.get("colors", Colors().model_dump()),
        "position": settings.get("position", "end"),
        "languages": settings.get("languages", ["en"]),
        "suggested_questions": settings.get("suggested_questions", []),
    }

"""What an owner may do with the bot: see how it behaves, and change it."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.bots import held, queries
from trulybot.bots.forms import BotChange
from trulybot.bots.models import Bot, BotSettings
from trulybot.kit.db import Tx
from trulybot.kit.errors import InvalidInput
from trulybot.kit.text import one_line
from trulybot.knowledge import versions
from trulybot.knowledge.gate import is_gated
from trulybot.knowledge.models import Kind

_SINCE_EVER = datetime(2026, 1, 1, tzinfo=UTC)  # of a bot that nobody changed yet


def key_purpose(workspace_id: object) -> str:
    """What a workspace's own key is sealed for."""
    return f"model key {workspace_id}"


async def bot(tx: Tx) -> Bot:
    """How the bot answers, and the change of it that is held back."""
    found = await queries.bot(tx)
    if found is None:
        unset = asdict(BotSettings())
        del unset["api_key"]
        return Bot(**unset, api_key_hint=None, updated_at=_SINCE_EVER)
    return replace(found, held=await held.shown(tx))


def as_changed(bot: Bot) -> Bot:
    """The bot as its owner last wanted it, whether that answers yet or is held back."""
    if bot.held is None:
        return bot
    return replace(bot, **{name: value for name, value in vars(bot.held).items() if name != "changed_at"})


async def change(tx: Tx, form: BotChange, *, by: Who) -> Bot:
    """
    Change what was sent, and leave the rest. While there is a publish gate, what decides about answers is held back; a
    key and its server, and money, never are.

    Raises:
        InvalidInput: The model, the key and the address do not go together.
    """
    sent = form.model_dump(exclude_unset=True)
    await queries.begin(tx)
    before = as_changed(await bot(tx))
    key = form.api_key.get_secret_value().strip() if form.api_key is not None else ""
    has_key = bool(key) if "api_key" in sent else before.api_key_hint is not None
    values = {name: sent.get(name, value) for name, value in asdict(before).items() if name in BotChange.model_fields}
    if values["base_url"] != before.base_url and before.api_key_hint is not None and "api_key" not in sent:
        # A key that is never shown must not be sent to whoever names a server for it.
        again = "is needed again for another server, since the one that is kept goes to its own alone"
        raise InvalidInput(details=[{"field": "api_key", "message": again}])
    _check(values["model"], values["base_url"], has_key=has_key)
    holds = held.HELD & sent.keys() if await is_gated(tx) else frozenset[str]()
    if holds:
        await held.keep(tx, {name: value for name, value in values.items() if name in held.HELD})
    if live := sent.keys() - holds:
        now = asdict(await bot(tx))
        await queries.keep(tx, {name: value if name in live else now[name] for name, value in values.items()})
    if "api_key" in sent:
        assert tx.keyring is not None  # noqa: S101  (the web and the worker have one)
        sealed = await tx.keyring.seal(key, purpose=key_purpose(tx.workspace_id)) if key else None
        await queries.keep_key(tx, sealed, _hint(key) if key else None)
    if holds:
        await held.drop_what_changes_nothing(tx)
        await tx.enqueue("evaluation.begin")
    if live or not holds:
        await versions.record(tx, Kind.SETTINGS_CHANGED)
        await audit.record(tx, Action.BOT_CHANGED, by=by, changed=", ".join(sorted(live)))
    if holds:
        await audit.record(tx, Action.BOT_HELD, by=by, changed=", ".join(sorted(holds)))
    return await bot(tx)


def _check(model: str | None, base_url: str | None, *, has_key: bool) -> None:
    problems = []
    if base_url is not None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            problems.append({"field": "base_url", "message": "is not an address such as https://api.example.com/v1"})
    # The operator's key speaks with the operator's model at the operator's server, and goes nowhere else.
    if model is not None and not has_key and base_url is None:
        problems.append({"field": "model", "message": "needs a key of your own, or a server of your own"})
    if problems:
        raise InvalidInput(details=problems)


def _hint(key: str) -> str:
    """Enough to tell one key from another, too little to use."""
    shown = one_line(key)
    return f"{shown[:3]}…{shown[-4:]}" if len(shown) >= 16 else "…"

"""What an owner may do with the bot: see how it behaves, and change it."""

from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import urlsplit

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.bots import queries
from trulybot.bots.forms import BotChange
from trulybot.bots.models import Bot, BotSettings
from trulybot.kit.db import Tx
from trulybot.kit.errors import InvalidInput
from trulybot.kit.text import one_line
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind

_SINCE_EVER = datetime(2026, 1, 1, tzinfo=UTC)  # of a bot that nobody changed yet


def key_purpose(workspace_id: object) -> str:
    """What a workspace's own key is sealed for."""
    return f"model key {workspace_id}"


async def bot(tx: Tx) -> Bot:
    found = await queries.bot(tx)
    if found is None:
        unset = asdict(BotSettings())
        del unset["api_key"]
        return Bot(**unset, api_key_hint=None, updated_at=_SINCE_EVER)
    return found


async def change(tx: Tx, form: BotChange, *, by: Who) -> Bot:
    """
    Change what was sent, and leave the rest.

    Raises:
        InvalidInput: The model, the key and the address do not go together.
    """
    sent = form.model_dump(exclude_unset=True)
    await queries.begin(tx)
    before = await bot(tx)
    key = form.api_key.get_secret_value().strip() if form.api_key is not None else ""
    has_key = bool(key) if "api_key" in sent else before.api_key_hint is not None
    values = {name: sent.get(name, value) for name, value in asdict(before).items() if name in BotChange.model_fields}
    _check(values["model"], values["base_url"], has_key=has_key)
    await queries.keep(tx, values)
    if "api_key" in sent:
        assert tx.keyring is not None  # noqa: S101  (the web and the worker have one)
        sealed = await tx.keyring.seal(key, purpose=key_purpose(tx.workspace_id)) if key else None
        await queries.keep_key(tx, sealed, _hint(key) if key else None)
    changed = await bot(tx)
    await versions.record(tx, Kind.SETTINGS_CHANGED)
    await audit.record(tx, Action.BOT_CHANGED, by=by, changed=", ".join(sorted(sent)))
    return changed


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

"""A workspace's bot as the code that answers reads it, and as its owner sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from trulybot.kit.openapi import example

Tone = Literal["friendly", "formal", "brief"]
# How sure the bot has to be before it answers; what each step is worth stands in answers/evidence.py.
Caution = Literal["eager", "balanced", "careful", "strict"]


@dataclass(frozen=True)
class BotSettings:
    """
    How to answer, read once for each question. version: rises with every change, 0 before the first.

    model, base_url, api_key: of the workspace's own; None for the operator's. api_key: sealed for "model key
    {workspace_id}", and opened when no transaction is open. prices: US dollars for a million tokens.
    """

    tone: Tone = "friendly"
    caution: Caution = "balanced"
    instructions: str = ""
    model: str | None = None
    base_url: str | None = None
    api_key: bytes | None = field(default=None, repr=False)
    prompt_price_usd: Decimal | None = None
    completion_price_usd: Decimal | None = None
    context_tokens: int | None = None
    monthly_budget_usd: Decimal | None = None
    version: int = 0


_BOT = {
    "tone": "friendly",
    "caution": "balanced",
    "instructions": "We are a family bakery. Call our customers guests.",
    "model": "gpt-4o-mini",
    "base_url": None,
    "api_key_hint": "sk-…w8Qk",
    "prompt_price_usd": None,
    "completion_price_usd": None,
    "context_tokens": None,
    "monthly_budget_usd": "20.00",
    "version": 3,
    "updated_at": "2026-08-05T09:30:00Z",
    "held": None,
}
_HELD = {
    "tone": "brief",
    "caution": "careful",
    "instructions": "We are a family bakery. Call our customers guests.",
    "model": "gpt-4o-mini",
    "context_tokens": None,
    "changed_at": "2026-11-22T08:59:00Z",
}


@example(_HELD)
@dataclass(frozen=True)
class HeldBot:
    """How the bot would answer once a change that the publish gate holds back is published."""

    tone: Tone
    caution: Caution
    instructions: str
    model: str | None
    context_tokens: int | None
    changed_at: datetime


@example(_BOT)
@dataclass(frozen=True)
class Bot:
    """
    A bot's behaviour. model, base_url: null for the operator's. api_key_hint: what is left to be seen of the key.

    monthly_budget_usd: null for as much as the operator allows. version: rises with every change. held: a change that
    waits at the publish gate, while all the rest is what answers; null when none does.
    """

    tone: Tone
    caution: Caution
    instructions: str
    model: str | None
    base_url: str | None
    api_key_hint: str | None
    prompt_price_usd: Decimal | None
    completion_price_usd: Decimal | None
    context_tokens: int | None
    monthly_budget_usd: Decimal | None
    version: int
    updated_at: datetime
    held: HeldBot | None = None


@example({"spent_usd": "1.240000", "calls": 4120, "prompt_tokens": 6180000, "completion_tokens": 412000})
@dataclass(frozen=True)
class Month:
    """What a language model came to. spent_usd: with the worst case of calls that run."""

    spent_usd: Decimal = Decimal(0)
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

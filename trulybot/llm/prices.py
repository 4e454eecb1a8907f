"""What a model costs."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens, read and written."""

    prompt: Decimal
    completion: Decimal

    def of(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / MILLION


# Source: OpenAI's price list, 2026. Of any other model the operator or the owner says it.
PRICES: Final[Mapping[str, Price]] = {"gpt-4o-mini": Price(Decimal("0.15"), Decimal("0.60"))}
# Of a model whose price nobody said: dearer than those in wide use, so that a budget holds and never by luck.
ASSUMED: Final = Price(Decimal(15), Decimal(75))
NOTHING: Final = Price(Decimal(0), Decimal(0))  # electricity aside
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # gpt-4o-mini-2024-07-18 costs what gpt-4o-mini does


def price_of(name: str, base_url: str | None) -> Price:
    """Of a model whose price nobody said."""
    known = PRICES.get(_DATED.sub("", name))
    return known or (NOTHING if base_url is not None and _is_of_ones_own(base_url) else ASSUMED)


def _is_of_ones_own(base_url: str) -> bool:
    """Whether a server stands in a network of one's own, where nobody sends a bill: localhost, 10.0.0.7, ollama."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host

"""What a model costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

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

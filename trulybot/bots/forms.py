"""What an owner may send about the bot."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from trulybot.bots.models import Caution, Tone
from trulybot.kit.text import Line, Text

INSTRUCTIONS_CHARACTERS = 2000  # a page of style; knowledge belongs into documents, where it is found and cited
Price = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=4)]


def _empty_is_none(text: str) -> str | None:
    return text or None


Name = Annotated[Line, StringConstraints(max_length=200), AfterValidator(_empty_is_none)]


class BotChange(BaseModel):
    """What is left out stays as it is; null takes a value away. api_key: is never shown again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tone": "friendly", "instructions": "Call our customers guests."}]},
    )

    tone: Tone = "friendly"
    caution: Caution = "balanced"
    instructions: Annotated[Text, StringConstraints(max_length=INSTRUCTIONS_CHARACTERS)] = ""
    model: Name | None = None
    base_url: Annotated[Line, StringConstraints(max_length=500), AfterValidator(_empty_is_none)] | None = None
    api_key: Annotated[SecretStr, Field(max_length=500)] | None = None
    prompt_price_usd: Price | None = None
    completion_price_usd: Price | None = None
    context_tokens: Annotated[int, Field(ge=2048, le=2_000_000)] | None = None
    monthly_budget_usd: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)] | None = None

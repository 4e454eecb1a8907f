"""What the widget is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from trulybot.kit.openapi import example

_CONFIG = {
    "bot": "tb_bot_k3vq7b2mzt5ncx6w",
    "name": "Ana's Bakery",
    "texts": {"greeting": "Hello! Ask me anything about our bread."},
    "colors": {"accent": "#2f6f4e", "on_accent": "#ffffff"},
    "position": "end",
    "languages": ["en", "pt"],
    "suggested_questions": ["When do you open?"],
}
_SESSION = {
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
    "expires_in": 3600,
    "visitor_id": "019a6e0d-1f3e-7c81-a7b2-9d4c6e0f8b08",
}


@example(_CONFIG)
@dataclass(frozen=True)
class WidgetConfig:
    """
    What a page's visitors may know of a bot; never a secret.

    texts: what the widget says, by name; what is missing is said in the widget's own words.
    """

    bot: str
    name: str
    texts: Mapping[str, str]
    colors: Mapping[str, str]
    position: Literal["start", "end"]
    languages: list[str]
    suggested_questions: list[str]


@example(_CONFIG | {"allowed_origins": ["https://shop.example"]})
@dataclass(frozen=True)
class OwnerConfig(WidgetConfig):
    """The same, and the websites that may embed it."""

    allowed_origins: list[str]


@example(_SESSION)
@dataclass(frozen=True)
class WidgetSession:
    """token: for `Authorization: Bearer`, from the origin that asked for it alone. expires_in: seconds."""

    token: str
    expires_in: int
    visitor_id: UUID


@dataclass(frozen=True)
class Bot:
    workspace_id: UUID
    bot_key: str
    name: str
    settings: dict[str, Any]
    allowed_origins: list[str]

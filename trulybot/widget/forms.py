"""What a caller may send about the widget."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trulybot.kit.proofs import Proof
from trulybot.kit.text import Line, one_line

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
ShortText = Annotated[str, StringConstraints(max_length=300), AfterValidator(one_line)]
# The names the widget knows; the widget has English words of its own for each.
TextName = Literal[
    "title", "subtitle", "greeting", "placeholder", "send", "open", "close", "back", "sources", "visit", "retry",
    "failed", "unanswered", "suggestions", "helped", "did_not_help", "typing", "conversation", "you", "powered_by",
]  # fmt: skip


class Colors(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accent: Color = "#2f6f4e"
    on_accent: Color = "#ffffff"


class WidgetChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"allowed_origins": ["https://shop.example"]}]}
    )

    texts: dict[TextName, ShortText] | None = None
    colors: Colors | None = None
    position: Literal["start", "end"] | None = None
    languages: (
        Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]], Field(max_length=50)] | None
    ) = None
    suggested_questions: Annotated[list[ShortText], Field(max_length=6)] | None = None
    allowed_origins: Annotated[list[Line], Field(max_length=50)] | None = None


class SessionRequest(BaseModel):
    """
    bot: the workspace's bot key, or its owner's user id. proof: only after an answer `proof_required`, whose first
    detail is the challenge: those fields and `number`, for which SHA-256 of "{salt}:{number}" begins with `difficulty`
    zero bits.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"bot": "tb_bot_k3vq7b2mzt5ncx6w"}]})

    bot: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    proof: Proof | None = None

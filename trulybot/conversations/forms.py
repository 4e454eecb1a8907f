"""What a caller may send."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trulybot.kit.text import Text, storable

MESSAGE_CHARACTERS = 8000
MOST_SAID = 50  # what is further back than a few turns is not read


class Question(BaseModel):
    """message_id: yours; sending it again answers the same, and asks nothing twice."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message": "How long do I have to return something?", "locale": "en"}]}
    )

    message: Annotated[Text, StringConstraints(max_length=MESSAGE_CHARACTERS)]
    conversation_id: UUID | None = None
    message_id: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)] | None = None
    locale: Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] | None = None


class Said(BaseModel):
    """Something that was said before, by whoever asks or by the bot."""

    role: Literal["user", "assistant"]
    text: Annotated[Text, StringConstraints(max_length=MESSAGE_CHARACTERS)]


class Lookup(BaseModel):
    """
    A question that goes on with a conversation is understood from it: one of the bot's own (conversation_id), or what
    you kept of another (history, oldest first), which comes after it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"query": "return policy", "limit": 5},
                {
                    "query": "and for students?",
                    "history": [
                        {"role": "user", "text": "What does a museum ticket cost?"},
                        {"role": "assistant", "text": "Adults pay 12 euros."},
                    ],
                },
            ]
        }
    )

    query: Annotated[Text, StringConstraints(max_length=MESSAGE_CHARACTERS)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    conversation_id: UUID | None = None
    history: Annotated[list[Said], Field(max_length=MOST_SAID)] = []

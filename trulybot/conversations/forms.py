"""What a caller may send."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trulybot.kit.text import Text, storable

MESSAGE_CHARACTERS = 8000


class Question(BaseModel):
    """message_id: yours; sending it again answers the same, and asks nothing twice."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message": "How long do I have to return something?", "locale": "en"}]}
    )

    message: Annotated[Text, StringConstraints(max_length=MESSAGE_CHARACTERS)]
    conversation_id: UUID | None = None
    message_id: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)] | None = None
    locale: Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] | None = None


class Lookup(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "return policy", "limit": 5}]})

    query: Annotated[Text, StringConstraints(max_length=MESSAGE_CHARACTERS)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10

"""What a caller may send."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from trulybot.kit.text import Line, Text

QUESTIONS_AT_ONCE = 500
_QUESTION: dict[str, JsonValue] = {"question": "How long may I send a sofa back?", "answers": ["30 days"]}
_ID = "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09"

Wording = Annotated[Text, StringConstraints(min_length=1, max_length=8000)]


class NewSet(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "What customers really ask"}]})

    name: Annotated[Line, StringConstraints(min_length=1, max_length=200)]


class Said(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "user", "text": "Can I return a chair?"}]})

    role: Literal["user", "assistant"]
    text: Wording


class Expected(BaseModel):
    """What the right answer is: words in it, documents that it rests on, or a refusal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answers": ["30 days"]}]})

    answers: Annotated[list[Wording], Field(max_length=20)] = []
    document_ids: Annotated[list[UUID], Field(max_length=50)] = []
    must_refuse: bool = False

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Expected":
        if self.must_refuse and (self.answers or self.document_ids):
            raise ValueError("a question that must be refused has no answers and no documents")
        return self


class NewQuestion(Expected):
    model_config = ConfigDict(json_schema_extra={"examples": [_QUESTION]})

    question: Wording
    history: Annotated[list[Said], Field(max_length=20)] = []
    language: Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] | None = None


class Promoted(BaseModel):
    """A question that was really asked. Without `expected`, its answer and documents were right as they were."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message_id": _ID}]})

    message_id: UUID
    expected: Expected | None = None


class NewQuestions(BaseModel):
    """questions: written down. messages: asked by somebody. file: of lines of JSON, or CSV with a head, as its text."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"questions": [_QUESTION]}]})

    questions: Annotated[list[NewQuestion], Field(max_length=QUESTIONS_AT_ONCE)] = []
    messages: Annotated[list[Promoted], Field(max_length=QUESTIONS_AT_ONCE)] = []
    file: Annotated[str, StringConstraints(max_length=1_000_000)] | None = None

"""What a caller may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trulybot.kit.text import Line, Text

QUESTION_CHARACTERS = 1000
ANSWER_CHARACTERS = 8000
ALTERNATIVES = 100  # of one answer: a hundred ways to ask say what it is about, and a thousand no better

Question = Annotated[Line, Field(min_length=1, max_length=QUESTION_CHARACTERS)]
Wording = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=ANSWER_CHARACTERS)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]


class NewAnswer(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question": "How long do I have to return something?",
                    "alternatives": ["Can I send it back?", "What is your returns policy?"],
                    "answer": "You may return anything within 30 days, unused and in its box.",
                    "enabled": True,
                }
            ]
        }
    )

    question: Question
    answer: Wording
    alternatives: Annotated[list[Question], Field(max_length=ALTERNATIVES)] = []
    enabled: bool = True
    language: Language | None = None


class AnswerChange(BaseModel):
    """What is not sent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    question: Question | None = None
    answer: Wording | None = None
    alternatives: Annotated[list[Question], Field(max_length=ALTERNATIVES)] | None = None
    enabled: bool | None = None
    language: Language | None = None

"""What a caller may send."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, TypeAdapter

from trulybot.kit.text import Line, Text, one_line

CHARACTERS = 5_000_000  # some 2,000 pages
DOCUMENTS = 500  # of one request

_HTTP = TypeAdapter(HttpUrl)


def _web_address(value: str) -> str:
    """The address as sent, once it is one: the checker's own spelling of it may differ."""
    _HTTP.validate_python(value)
    return value


Url = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(_web_address)]
ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(one_line), Field(min_length=1)
]


class TextDocument(BaseModel):
    """external_id: your own name for it; sending it again replaces the document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Returns",
                    "text": "You may return anything within 30 days, unused and in its box.",
                    "external_id": "page-12",
                    "url": "https://shop.example/returns",
                    "language": "en",
                }
            ]
        }
    )

    text: Annotated[Text, StringConstraints(max_length=CHARACTERS)]
    title: Annotated[Line, Field(max_length=500)] | None = None
    external_id: ExternalId | None = None
    url: Url | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None


class TextDocuments(BaseModel):
    """Many at once, in one transaction."""

    documents: Annotated[list[TextDocument], Field(min_length=1, max_length=DOCUMENTS)]

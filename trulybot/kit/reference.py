"""The API's reference for people at `/docs`, made from the same description that programs read at `/openapi.json`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from trulybot.kit.openapi import FRAMEWORKS_OWN, operations, resolved
from trulybot.kit.pages import render

AGAIN = "/api/auth/"  # the accounts' other address; saying it once is enough for a reader

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Field:
    """Something that is sent. place: of a parameter, or empty in a body."""

    name: str
    place: str
    type: str
    required: bool
    description: Markup


@dataclass(frozen=True)
class Example:
    """label: a media type or an error's code."""

    label: str
    text: str


@dataclass(frozen=True)
class Answer:
    status: str
    phrase: str
    description: Markup
    examples: list[Example]


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: Markup
    callers: list[str]
    fields: list[Field]
    body: Markup
    bodies: list[Example]
    answers: list[Answer]


@dataclass(frozen=True)
class Group:
    name: str
    description: Markup
    operations: list[Operation]


@router.get("/docs")
async def reference(request: Request) -> Response:
    return render(request, "reference.html", **_contents(request.app))


@lru_cache(maxsize=1)
def _contents(app: FastAPI) -> dict[str, Any]:
    """The same for every reader, and a tenth of a second of work."""
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    return {
        "about": _prose(document["info"]["description"]),
        "callers": {name: scheme["description"] for name, scheme in schemes.items()},
        "groups": groups(document),
    }


def groups(document: Mapping[str, Any]) -> list[Group]:
    """Every operation under its first tag, in the tags' order."""
    found = [
        Group(
            tag["name"],
            _prose(tag["description"]),
            [
                _operation(document, method, path, operation)
                for method, path, operation in operations(document)
                if operation["tags"][0] == tag["name"] and not path.startswith(AGAIN)
            ],
        )
        for tag in document["tags"]
    ]
    return [group for group in found if group.operations]


def _operation(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=_prose(operation["description"]),
        callers=[name for requirement in operation.get("security", []) for name in requirement],
        fields=[*_parameters(operation), *_body_fields(document, content)],
        body=_prose(operation.get("requestBody", {}).get("description", "")),
        bodies=[example for kind, media in content.items() for example in _examples(kind, media)],
        answers=[_answer(status, answer) for status, answer in operation["responses"].items()],
    )


def _parameters(operation: Mapping[str, Any]) -> Iterator[Field]:
    for sent in operation.get("parameters", []):
        about = _prose(sent.get("description", ""))
        yield Field(sent["name"], sent["in"], type_of(sent["schema"]), sent.get("required", False), about)


def _body_fields(document: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[Field]:
    """The fields of each form that a body may take."""
    for media in content.values():
        for choice in media["schema"].get("anyOf", [media["schema"]]):
            form = resolved(document, choice)
            for name, schema in form.get("properties", {}).items():
                about = _prose(schema.get("description", ""))
                yield Field(name, "", type_of(schema), name in form.get("required", ()), about)


def type_of(schema: Mapping[str, Any]) -> str:
    """A schema's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " | ".join(type_of(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "any")


def _answer(status: str, answer: Mapping[str, Any]) -> Answer:
    phrase = HTTPStatus(int(status)).phrase if status.isdigit() else ""
    examples = [example for kind, media in answer.get("content", {}).items() for example in _examples(kind, media)]
    about = "" if answer["description"] == FRAMEWORKS_OWN else answer["description"]
    return Answer(status, phrase, _prose(about), examples)


def _examples(kind: str, media: Mapping[str, Any]) -> Iterator[Example]:
    if "examples" in media:
        for code, given in media["examples"].items():
            yield Example(code, _text(given["value"]))
    elif "example" in media:
        yield Example(kind, _text(media["example"]))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _prose(text: str) -> Markup:
    return Markup(_markdown().render(text))  # noqa: S704  (html is off: what is no Markdown is escaped)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})

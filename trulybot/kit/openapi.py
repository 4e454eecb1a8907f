"""
The description of the API at `/openapi.json`: what the routes say, completed by what is true of all of them.

A route says what it takes and gives, who may call it, and which errors are its own, by `responses=errors(…)`.
The rest follows from that: who must sign in may be refused, what is sent may be wrong or too large.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getdoc
from typing import Any, NotRequired, TypeVar, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from trulybot.kit.errors import (
    AppError,
    BodyTooLarge,
    Forbidden,
    InternalError,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
    UnsupportedType,
)
from trulybot.kit.limiting import TooManyStreams
from trulybot.kit.limits import LimitReached

Json = dict[str, Any]
Responses = dict[int | str, Json]
T = TypeVar("T")

MODELS = "#/components/schemas/{model}"
ERROR = MODELS.format(model="ErrorAnswer")
METHODS = ("get", "put", "post", "delete", "patch")
REQUEST_ID = "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11"
FRAMEWORKS_OWN = "Successful Response"
FIELD = {"field": "email", "message": "Field required", "type": "missing"}


LIMIT_HEADERS: Json = {
    name: {"description": about, "schema": {"type": kind}, "example": given}
    for name, about, kind, given in (
        ("Retry-After", "Seconds until it is worth trying again", "integer", 31),
        ("RateLimit", "What is left: r requests for the next t seconds", "string", '"chat";r=0;t=31'),
        ("RateLimit-Policy", "The limits: q requests in w seconds", "string", '"chat";q=20;w=60'),
    )
}


class Problem(TypedDict):
    """code: stable, for programs. message: for people. details: which field is wrong, and why."""

    code: str
    message: str
    request_id: str
    details: NotRequired[list[dict[str, Any]]]


class ErrorAnswer(TypedDict):
    error: Problem


def example(value: Mapping[str, Any]) -> Callable[[type[T]], type[T]]:
    """Say what a dataclass or a TypedDict looks like, as the decorator of it."""
    return with_config(ConfigDict(json_schema_extra={"examples": [dict(value)]}))


def errors(*kinds: type[AppError]) -> Responses:
    """What `/api` answers when these go wrong, for a route's `responses=`."""
    return described(kinds, ErrorAnswer, _answer)


def described(
    kinds: Iterable[type[AppError]], model: Any, example: Callable[[type[AppError]], Mapping[str, Any]]
) -> Responses:
    """The same in another part's shape. example: the body of its answer to a kind of error."""
    answers: Responses = {}
    for kind in kinds:
        answer = answers.setdefault(kind.status, {"model": model, "description": "", "content": _no_examples()})
        answer["description"] = f"{answer['description']} {sentence(kind)}".strip()
        answer["content"]["application/json"]["examples"][kind.code] = {"value": example(kind)}
    return answers


def sentence(kind: type[AppError]) -> str:
    """What people read when this goes wrong, with an ellipsis for what is only known then."""
    return re.sub(r"\{\w+\}", "…", getdoc(kind) or "")


def json_body(form: Any) -> Json:
    """A JSON body for the `openapi_extra` of a route that reads its request itself."""
    return {"schema": TypeAdapter(form).json_schema(ref_template=MODELS)}


def describe(app: FastAPI, *, about: str, tags: Mapping[str, str], own_errors: tuple[str, ...]) -> None:
    """
    Have the app describe itself by this module's rules. own_errors: beginnings of paths that name every error
    themselves, because theirs have another shape.
    """

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, summary=app.summary, description=about, routes=app.routes
            )
            document["tags"] = [{"name": name, "description": text} for name, text in tags.items()]
            _complete(document, own_errors)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    """Every operation with its method and path, in the order of the document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema itself, where only its name is given."""
    if "$ref" not in schema:
        return schema
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]  # type: ignore[no-any-return]


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """What a value of a schema looks like: its own example, or one made of its parts' examples."""
    schema = resolved(document, schema)
    for given in (schema.get("examples") or [], schema.get("enum") or []):
        if given:
            return _in_order(document, schema, given[0])
    for name in ("example", "const", "default"):
        if name in schema:
            return schema[name]
    for choice in schema.get("anyOf") or schema.get("oneOf") or ():
        return example_of(document, choice)
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: example_of(document, part) for name, part in schema["properties"].items()}
        case "object":
            return {}
        case "array":
            return [example_of(document, schema["items"])]
        case _:
            return None


def _in_order(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> Any:
    """A given example as it was written: pydantic sorts its fields by name, and FastAPI drops those that are null."""
    schema = resolved(document, schema)
    if isinstance(value, dict) and "anyOf" in schema:  # it may also be null
        schema = next((one for one in (resolved(document, one) for one in schema["anyOf"]) if "properties" in one), {})
    parts = schema.get("properties", {})
    if isinstance(value, dict) and set(value) <= set(parts):
        names = [name for name in parts if name in value or name in schema.get("required", ())]
        return {name: _in_order(document, parts[name], value.get(name)) for name in names}
    if isinstance(value, list) and "items" in schema:
        return [_in_order(document, schema["items"], item) for item in value]
    return value


def _complete(document: Json, own_errors: tuple[str, ...]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for method, path, operation in operations(document):
        operation["operationId"] = re.sub(r"\W+", "_", f"{method}{path}").strip("_")
        operation["summary"], operation["description"] = _in_words(operation)
        content = operation.get("requestBody", {}).get("content", {})
        for body in content.values():
            schemas.update(body["schema"].pop("$defs", {}))
        _drop_the_frameworks_own(operation)
        if not path.startswith(own_errors):
            _add_errors(path, operation)
        if "429" in operation["responses"]:
            operation["responses"]["429"]["headers"] = LIMIT_HEADERS
        operation["responses"] = dict(sorted(operation["responses"].items()))
    error = TypeAdapter(ErrorAnswer).json_schema(ref_template=MODELS)
    schemas |= {**error.pop("$defs"), "ErrorAnswer": error}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for _, _, operation in operations(document):
        _add_examples(document, operation)


def _in_words(operation: Mapping[str, Any]) -> tuple[str, str]:
    """The first sentence of a route's docstring as its summary, and the whole as its description."""
    text: str = operation.get("description", "")
    first = re.split(r"(?<=[.:])\s", text, maxsplit=1)[0]
    return first.rstrip(".:"), text


def _drop_the_frameworks_own(operation: Json) -> None:
    schema = operation["responses"].get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith("/HTTPValidationError"):
        del operation["responses"]["422"]


def _add_errors(path: str, operation: Json) -> None:
    """What can go wrong with any request of this kind; a route's own error of the same status stays beside it."""
    kinds: list[type[AppError]] = []
    if "requestBody" in operation or any(sent["in"] != "header" for sent in operation.get("parameters", ())):
        kinds.append(InvalidInput)
    if "security" in operation:
        kinds += [Unauthenticated, Forbidden]
    if "{" in path:
        kinds.append(NotFound)
    if "requestBody" in operation:
        kinds += [BodyTooLarge, UnsupportedType]
    kinds.append(LimitReached)
    if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
        kinds.append(TooManyStreams)
    for status, answer in errors(*kinds).items():
        own = operation["responses"].setdefault(str(status), {"description": "", "content": _no_examples()})
        own["description"] = f"{answer['description']} {own['description']}".strip()
        own["content"]["application/json"]["examples"] |= answer["content"]["application/json"]["examples"]
        own["content"]["application/json"]["schema"] = {"$ref": ERROR}
    ours = {kind.code: {"value": _answer(kind)} for kind in (InternalError, Unavailable)}
    operation["responses"].setdefault(
        "5XX",
        {
            "description": "Our fault, or the server is busy; never the caller's mistake.",
            "content": {"application/json": {"schema": {"$ref": ERROR}, "examples": ours}},
        },
    )


def _add_examples(document: Json, operation: Json) -> None:
    """Write each body's example and meaning out, so that no reader has to put them together."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for media in body.get("content", {}).values():
            about = resolved(document, media.get("schema", {})).get("description")
            if body.get("description", FRAMEWORKS_OWN) == FRAMEWORKS_OWN and about is not None:
                body["description"] = about
            if "examples" not in media and "example" not in media and "schema" in media:
                media["example"] = example_of(document, media["schema"])


def _answer(kind: type[AppError]) -> ErrorAnswer:
    problem: Problem = {"code": kind.code, "message": sentence(kind), "request_id": REQUEST_ID}
    if kind is InvalidInput:
        problem["details"] = [FIELD]
    return {"error": problem}


def _no_examples() -> Json:
    return {"application/json": cast("Json", {"examples": {}})}

"""What every request passes, and how every error is answered."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit import security
from trulybot.kit.db import Database
from trulybot.kit.errors import (
    AppError,
    InternalError,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    UnsupportedType,
)
from trulybot.kit.ids import uuid7
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import REQUEST_SECONDS

log = get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")  # ids of other systems are kept; anything else could forge a log line

Renderer = Callable[[Request, AppError], Response]


async def database(request: Request) -> Database:
    return request.app.state.db  # type: ignore[no-any-return]


Db = Annotated[Database, Depends(database)]


def request_id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


class RequestContext:
    """Gives each request an id, times it, and logs it by ids alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        own_id = sent if REQUEST_ID.fullmatch(sent) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = own_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=own_id)
        began = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = own_id
            await send(message)

        client = scope.get("client")
        came_from = security.Origin(client[0] if client else None, own_id, sink=_sink(scope))
        try:
            with security.coming_from(came_from):
                await self.app(scope, receive, send_with_id)
                if status == NotFound.status and came_from.workspace_id is not None:
                    security.not_found(_ids(scope))
        finally:
            seconds = time.perf_counter() - began
            # The route's pattern, not the path: ids in paths would make a new time series each.
            route = getattr(scope.get("route"), "path", "unmatched")
            REQUEST_SECONDS.labels(scope["method"], route, f"{status // 100}xx").observe(seconds)
            log.info(
                "request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1)
            )


def _sink(scope: Scope) -> security.Sink | None:
    """Who keeps what is noted in this application."""
    return getattr(getattr(scope.get("app"), "state", None), "security", None)


def _ids(scope: Scope) -> Iterator[UUID]:
    """Those in the address."""
    for value in scope.get("path_params", {}).values():
        with suppress(ValueError):
            yield UUID(str(value))


class Errors:
    """Answers what goes wrong inside of it, in the shape of its part of the product; a bug as our fault, and noted."""

    def __init__(self, app: ASGIApp, *, answer: Renderer) -> None:
        self.app, self.answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_and_see(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        except Exception as error:
            if has_begun:
                raise
            response = self.answer(Request(scope, receive), _known(error))
            await response(scope, receive, send)


def as_json(request: Request, error: AppError) -> Response:
    """The error shape of `/api`."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "request_id": request_id(request.scope)}
    if error.details:
        body["details"] = error.details
    return JSONResponse({"error": body}, status_code=error.status, headers=dict(error.headers))


def answer_errors(app: FastAPI, *, by_prefix: Mapping[str, Renderer]) -> Renderer:
    """Answer every error in the shape of its part of the product; `/api`'s shape where no prefix matches."""

    def render(request: Request, error: AppError) -> Response:
        for prefix, renderer in by_prefix.items():
            if request.url.path.startswith(prefix):
                return renderer(request, error)
        return as_json(request, error)

    def on(kind: type[Exception], translate: Callable[[Any], AppError]) -> None:
        async def handle(request: Request, error: Exception) -> Response:
            return render(request, translate(error))

        app.add_exception_handler(kind, handle)

    on(AppError, lambda error: error)
    on(RequestValidationError, _invalid)
    on(HTTPException, _framework)
    return render


def _known(error: Exception) -> AppError:
    if isinstance(error, AppError):
        return error
    log.error("request.failed", exc_info=error)
    return InternalError()


def _invalid(error: RequestValidationError) -> AppError:
    """Name each field and what is wrong with it, and repeat nothing that was sent."""
    if isinstance(error.body, bytes) and error.body:
        return UnsupportedType()  # FastAPI leaves a body as it came when it was not sent as JSON
    details = []
    for problem in error.errors():
        place = [str(part) for part in problem["loc"]]
        if place and place[0] in ("body", "query", "path", "header", "form"):
            place = place[1:]
        details.append({"field": ".".join(place), "message": str(problem["msg"]), "type": str(problem["type"])})
    return InvalidInput(details=details)


def _framework(error: HTTPException) -> AppError:
    known: dict[int, type[AppError]] = {404: NotFound, 405: MethodNotAllowed, 415: UnsupportedType}
    return known.get(error.status_code, InvalidInput)()

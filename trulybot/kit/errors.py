"""What can go wrong in a way that a caller should read."""

from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any, ClassVar


class AppError(Exception):
    """Something went wrong."""

    # The docstring of each kind is what people read; `code` is what programs match and never changes.
    status: ClassVar[int]
    code: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, details: Sequence[Mapping[str, Any]] = (), **values: object) -> None:
        self.message = (getdoc(type(self)) or "").format_map(values)
        self.details = list(details)
        super().__init__(self.message)


class InvalidInput(AppError):
    """Some of what was sent is not valid."""

    status, code = 400, "validation_failed"


class Unauthenticated(AppError):
    """Sign in, or send a valid token."""

    status, code = 401, "unauthenticated"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(AppError):
    """You may not do this."""

    status, code = 403, "forbidden"


class NotFound(AppError):
    """There is nothing here."""

    status, code = 404, "not_found"


class MethodNotAllowed(AppError):
    """This address does not take that method."""

    status, code = 405, "method_not_allowed"


class Conflict(AppError):
    """This collides with something that already exists."""

    status, code = 409, "conflict"


class BodyTooLarge(AppError):
    """A request may hold up to {limit_megabytes} MB."""

    status, code = 413, "body_too_large"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}  # the rest of it is not read


class UnsupportedType(AppError):
    """Send JSON or a form."""

    status, code = 415, "unsupported_media_type"


class Unavailable(AppError):
    """The server is busy. Try again in a moment."""

    status, code = 503, "unavailable"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class InternalError(AppError):
    """Something went wrong on our side. It has been noted under this request id."""

    status, code = 500, "internal_error"

"""A page of a list, and the cursor to the next."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from trulybot.kit.errors import InvalidInput

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most")]
CursorText = Annotated[
    str | None, Query(alias="cursor", max_length=200, description="`next_cursor` of the page before")
]


class Listed(BaseModel, Generic[T]):
    """next_cursor: for the next page; null on the last."""

    items: Sequence[T]
    next_cursor: str | None = None


def cursor(at: datetime, id: UUID) -> str:
    """The place after a row, in lists that go from new to old."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(id)]).encode()).decode().rstrip("=")


def paged(found: Sequence[T], limit: int) -> Listed[T]:
    """A page of `limit` rows and the way to the next. found: one row more than that, if there is one."""
    last: Any = found[limit - 1] if len(found) > limit else None
    return Listed(items=found[:limit], next_cursor=cursor(last.created_at, last.id) if last is not None else None)


def place(text: str | None) -> tuple[datetime | None, UUID | None]:
    """
    What a cursor says; nothing for the first page.

    Raises:
        InvalidInput: It is none of ours.
    """
    if text is None:
        return None, None
    try:
        at, id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(at), UUID(id)
    except (ValueError, TypeError, binascii.Error, AttributeError) as error:
        raise InvalidInput(details=[{"field": "cursor", "message": "is not a cursor of this list"}]) from error

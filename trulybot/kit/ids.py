"""Identifiers."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new id that sorts by the time it was made. Source: RFC 9562."""
    return uuid_utils.compat.uuid7()

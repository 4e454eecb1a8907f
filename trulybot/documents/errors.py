"""Why a document is not taken."""

from trulybot.kit.errors import AppError, Conflict


class EmptyText(AppError):
    """There is no text in this document."""

    status, code = 400, "empty_text"


class FileRefused(AppError):
    """{reason}"""

    # The code and status are those of the reading's reason, so that an upload and a later failure say the same.
    status, code = 400, "file_refused"

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason=reason)
        self.code = code  # type: ignore[misc]
        self.status = {"unsupported_type": 415, "not_text": 415, "too_large": 413}.get(code, 400)  # type: ignore[misc]


class NothingToRead(Conflict):
    """This document has not failed, or its file was refused and not kept: upload it again."""

    status, code = 409, "nothing_to_read"


class StorageFull(AppError):
    """The server cannot keep the file: {reason}."""

    status, code = 507, "storage_full"

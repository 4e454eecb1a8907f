"""Why a source is not taken."""

from trulybot.kit.errors import AppError, Conflict


class AddressRefused(AppError):
    """{reason}"""

    # The code is that of the reason, so that a refusal at once and a later failure say the same.
    status, code = 400, "address_refused"

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason=reason)
        self.code = code  # type: ignore[misc]


class SourceExists(Conflict):
    """This address is a source already."""

    status, code = 409, "source_exists"


class TooManySources(Conflict):
    """A workspace has up to {most} sources. A sitemap or a crawl takes many pages in as one."""

    status, code = 409, "too_many_sources"

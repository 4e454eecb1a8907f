"""What a caller may send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trulybot.sources.fetching.urls import CHARACTERS
from trulybot.sources.models import Kind, Refresh

MOST_PAGES = 2000  # of one source
USUAL_PAGES = 100

Pages = Annotated[int, Field(ge=1, le=MOST_PAGES)]


class NewSource(BaseModel):
    """
    url: of the page, the sitemap, or where a crawl begins.

    max_pages: how many are taken in at most; a single page is one. refresh: how often we come by to see what changed.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://shop.example/help/", "kind": "crawl", "max_pages": 200, "refresh": "daily"}]
        }
    )

    url: Annotated[str, StringConstraints(min_length=1, max_length=CHARACTERS, strip_whitespace=True)]
    kind: Kind
    max_pages: Pages = USUAL_PAGES
    refresh: Refresh = "never"


class SourceChange(BaseModel):
    """What is left out stays. A source that was paused goes on at the next visit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh": "weekly", "max_pages": 500}]})

    max_pages: Pages | None = None
    refresh: Refresh | None = None

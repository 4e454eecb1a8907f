"""One visit to one page: fetch it if it changed, read it, say what is to be kept of it."""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from trulybot.documents.files import Files
from trulybot.documents.models import Failure, NewDocument
from trulybot.kit.db import Identity
from trulybot.kit.ids import uuid7
from trulybot.kit.text import one_line
from trulybot.sources.fetching import links, urls
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.sources.fetching.models import Fetched, FetchError
from trulybot.sources.fetching.reading import TITLE_CHARACTERS, read_page
from trulybot.sources.fetching.robots import Rules
from trulybot.sources.models import KnownPage, Run, Visit

HTML = ("text/html", "application/xhtml+xml")
EXTERNAL_ID_CHARACTERS = 200


@dataclass
class Outcome:
    """
    document: to be taken in. gone: what is known from the page is to be taken out. links: pages that it leads to.
    fetches, fetched_bytes: what the visit has cost.
    """

    visit: Visit
    document: NewDocument | None = None
    gone: bool = False
    links: Sequence[str] = field(default_factory=list)
    fetches: int = 1
    fetched_bytes: int = 0

    @property
    def file_keys(self) -> list[str | None]:
        return [self.document.file_key] if self.document is not None else []


async def visit(fetcher: Fetcher, files: Files, run: Run, page: KnownPage, rules: Rules, job: Identity) -> Outcome:
    if page.content_hash is not None and page.document_id is None:
        # The owner took its document out. It still leads to others.
        return Outcome(Visit("removed"), links=page.links, fetches=0)
    try:
        if not rules.allows(page.url):
            raise FetchError("robots_refused")
        fetched = await fetcher.get(
            page.url,
            etag=page.etag if page.document_id else None,
            last_modified=page.last_modified if page.document_id else None,
        )
        outcome = await _of(fetched, files, run, page, job)
    except FetchError as error:
        failed = Visit("failed", error=Failure(error.code, error.message))
        return Outcome(failed, gone=error.code == "page_gone", fetches=0 if error.code == "robots_refused" else 1)
    outcome.fetched_bytes = len(fetched.content)
    return outcome


def crashed() -> Outcome:
    """Of a page at which we stumble ourselves: what is known of it stays."""
    said = FetchError("reader_crashed")
    return Outcome(Visit("failed", error=Failure(said.code, said.message)))


async def _of(fetched: Fetched, files: Files, run: Run, page: KnownPage, job: Identity) -> Outcome:
    """Raises: FetchError."""
    if fetched.unchanged:
        return Outcome(Visit("unchanged"), links=page.links)
    moved = run.kind != "page" and fetched.url != page.url
    if moved:
        return _elsewhere(run, fetched.url)
    if fetched.media_type not in HTML:
        return await _taken(files, page, fetched, fetched.content, _name(fetched.url), [], job)
    read = await read_page(fetched)
    found = [] if read.nofollow or run.kind != "crawl" else await asyncio.to_thread(links.of_page, read, fetched.url)
    if read.noindex:
        said = FetchError("noindex")
        return Outcome(Visit("skipped", error=Failure(said.code, said.message)), gone=True, links=found)
    canonical = links.canonical_of(read, fetched.url)
    if run.kind != "page" and canonical != page.url:
        return Outcome(Visit("skipped"), gone=True, links=[canonical, *found])
    if not read.sections:
        if run.kind == "crawl" and found:
            return Outcome(Visit("skipped"), links=found)  # a way to others, as the start of a site may be
        raise FetchError("no_text")
    return await _taken(files, page, fetched, read.written(), read.title or _name(fetched.url), found, job)


def _elsewhere(run: Run, url: str) -> Outcome:
    """A page that forwards to another: that one is visited under its own name."""
    if not urls.same_site(url, run.url):
        said = FetchError("other_site")
        return Outcome(Visit("skipped", error=Failure(said.code, said.message)), gone=True)
    return Outcome(Visit("skipped"), gone=True, links=[url])


async def _taken(
    files: Files, page: KnownPage, fetched: Fetched, content: bytes, title: str, found: Sequence[str], job: Identity
) -> Outcome:
    assert job.workspace_id is not None  # noqa: S101  (a sync is of a workspace)
    digest = hashlib.sha256(content).digest()
    kept = Visit(
        "unchanged" if digest == page.content_hash else "taken",
        content_hash=digest,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        links=found,
    )
    id = uuid7()
    document = NewDocument(
        id=id,
        external_id=external_id(fetched.url),
        title=one_line(title)[:TITLE_CHARACTERS] or "Untitled",
        url=fetched.url,
        language=None,
        source="web",
        content=None,
        content_hash=digest,
        media_type=fetched.media_type,
        bytes=len(content),
        file_key=await asyncio.to_thread(files.keep, io.BytesIO(content), job.workspace_id, id),
    )
    return Outcome(kept, document=document, links=found)


def external_id(url: str) -> str:
    """What a page's document is called: by its address, so that the page stays the same document."""
    plain = f"web:{url}"
    return plain if len(plain) <= EXTERNAL_ID_CHARACTERS else f"web:{hashlib.sha256(url.encode()).hexdigest()}"


def _name(url: str) -> str:
    """A title for what has none: the end of its address."""
    return unquote(url.partition("?")[0].rstrip("/").rpartition("/")[2]) or urls.host(url)

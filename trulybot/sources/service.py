"""Add a source, show it, have it synced, take it out with what it brought."""

from datetime import datetime
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.documents import service as documents
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.sources import queries
from trulybot.sources.errors import AddressRefused, SourceExists, TooManySources
from trulybot.sources.fetching import urls
from trulybot.sources.fetching.addresses import Reach
from trulybot.sources.fetching.models import FetchError
from trulybot.sources.forms import NewSource, SourceChange
from trulybot.sources.models import Source

MOST_SOURCES = 200  # of a workspace; their daily visits still fit into a day


async def add(tx: Tx, form: NewSource, reach: Reach, *, created_by: UUID | None, by: Who) -> Source:
    """
    Keep a source and have it synced.

    Raises:
        AddressRefused: It is no address of the web, or plainly one that we do not go to.
        SourceExists: It is there already.
        TooManySources: There are as many as a workspace may have.
    """
    try:
        url = urls.normal(form.url)
        reach.check_at_sight(url)
    except FetchError as error:
        raise AddressRefused(error.code, error.message) from error
    if await queries.count(tx) >= MOST_SOURCES:
        raise TooManySources(most=MOST_SOURCES)
    max_pages = 1 if form.kind == "page" else form.max_pages
    id = await queries.add(
        tx, url=url, kind=form.kind, max_pages=max_pages, refresh=form.refresh, created_by=created_by
    )
    if id is None:
        raise SourceExists
    await _sync_soon(tx)
    await audit.record(tx, Action.SOURCE_ADDED, by=by, subject=id, kind=form.kind)
    return await queries.get(tx, id)


async def get(tx: Tx, source_id: UUID) -> Source:
    return await queries.get(tx, source_id)


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Source]:
    return await queries.page(tx, before=before, limit=limit)


async def change(tx: Tx, source_id: UUID, form: SourceChange, *, by: Who) -> Source:
    """
    Raises:
        NotFound: There is none with this id in the workspace.
    """
    before = await queries.get(tx, source_id)
    max_pages = form.max_pages if form.max_pages is not None and before.kind != "page" else before.max_pages
    await queries.change(tx, source_id, max_pages=max_pages, refresh=form.refresh or before.refresh)
    await tx.publish("source", source_id)
    await audit.record(tx, Action.SOURCE_CHANGED, by=by, subject=source_id)
    return await queries.get(tx, source_id)


async def sync(tx: Tx, source_id: UUID, *, by: Who) -> Source:
    """
    Have a source synced as soon as a worker is free; one that waits or is under way already just goes on.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if await queries.wait(tx, source_id):
        await _sync_soon(tx)
        await tx.publish("source", source_id)
        await audit.record(tx, Action.SOURCE_SYNC_ASKED, by=by, subject=source_id)
    return await queries.get(tx, source_id)


async def remove(tx: Tx, source_id: UUID, *, by: Who) -> None:
    """
    Take a source out with the documents that no other source has brought too.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if not await queries.hold(tx, source_id):
        raise NotFound
    removed = await documents.take_out(tx, await queries.documents_of(tx, source_id))
    await queries.remove(tx, source_id)
    await tx.publish("source", source_id)
    await audit.record(tx, Action.SOURCE_REMOVED, by=by, subject=source_id, count=removed)


async def _sync_soon(tx: Tx) -> None:
    # One job at a time in a workspace: it works through whatever waits.
    await tx.enqueue("sources.sync", queue="crawl", lock=f"sync:{tx.workspace_id}")

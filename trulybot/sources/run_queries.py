"""The SQL of a run: which source is due, which page is next, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from trulybot.documents.models import Failure
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.sources.models import KnownPage, Refresh, Run, Visit

EVERY = {"never": None, "daily": "1 day", "weekly": "7 days"}


async def take_up(tx: Tx) -> Run | None:
    """A run that was stopped in the middle, or a new one of the source that waits longest."""
    return await tx.maybe(
        Run,
        """
        with next as (
            select id, state = 'waiting' as fresh
              from sources
             where workspace_id = %(workspace_id)s
               and state in ('syncing', 'waiting')
             order by state = 'waiting', updated_at, id
             limit 1
               for update skip locked
        )
        update sources s
           set state = 'syncing', updated_at = now(),
               run = s.run + fresh::int,
               began_at = case when fresh then now() else s.began_at end,
               fetches = case when fresh then 0 else s.fetches end,
               fetched_bytes = case when fresh then 0 else s.fetched_bytes end,
               removed = case when fresh then 0 else s.removed end,
               sitemaps = case when not fresh then s.sitemaps when s.kind = 'sitemap' then array[s.url] else '{}' end
          from next
         where s.workspace_id = %(workspace_id)s
           and s.id = next.id
        returning s.id, url, kind, max_pages, refresh, run as number, began_at, fetches, fetched_bytes, failures,
                  sitemaps
        """,
        workspace_id=tx.workspace_id,
    )


async def hold(tx: Tx, run: Run, *, fetches: int = 0, fetched_bytes: int = 0) -> bool:
    """
    Lock the source for what came of a visit, and count what the visit has cost.

    False when the run is over: the source was taken out, or somebody else goes on with it.
    """
    return bool(
        await tx.run(
            """
            update sources
               set fetches = fetches + %(fetches)s, fetched_bytes = fetched_bytes + %(fetched_bytes)s,
                   updated_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(id)s
               and run = %(number)s
               and state = 'syncing'
            """,
            workspace_id=tx.workspace_id,
            id=run.id,
            number=run.number,
            fetches=fetches,
            fetched_bytes=fetched_bytes,
        )
    )


async def leave_sitemaps(tx: Tx, run: Run, urls: Sequence[str]) -> None:
    """Note which sitemaps are still to be read."""
    await tx.run(
        "update sources set sitemaps = %(urls)s where workspace_id = %(workspace_id)s and id = %(id)s",
        workspace_id=tx.workspace_id,
        id=run.id,
        urls=list(urls),
    )


async def see(tx: Tx, run: Run, urls: Sequence[str], *, depth: int, most: int) -> None:
    """Note pages that were found, as long as the run has seen fewer than `most`."""
    await tx.run(
        """
        insert into source_pages as p (id, source_id, url, depth, seen)
        select n.id, %(source_id)s, n.url, %(depth)s, %(number)s
          from unnest(%(ids)s::uuid[], %(urls)s::text[]) with ordinality as n (id, url, place)
         order by n.place
         limit greatest(0, %(most)s - (select count(*)
                                         from source_pages
                                        where workspace_id = %(workspace_id)s
                                          and source_id = %(source_id)s
                                          and seen = %(number)s))
            on conflict (workspace_id, source_id, url)
            do update set seen = excluded.seen, depth = excluded.depth
                    where p.seen < excluded.seen
        """,
        workspace_id=tx.workspace_id,
        source_id=run.id,
        number=run.number,
        depth=depth,
        most=most,
        ids=[uuid7() for _ in urls],
        urls=list(urls),
    )


async def next_page(tx: Tx, run: Run) -> KnownPage | None:
    """What has been seen and not yet visited, the nearest to the beginning first."""
    return await tx.maybe(
        KnownPage,
        """
        select p.id, p.url, p.depth, p.state, d.document_id, p.content_hash, p.etag, p.last_modified, p.links
          from source_pages p
          left join source_documents d on d.workspace_id = p.workspace_id and d.page_id = p.id
         where p.workspace_id = %(workspace_id)s
           and p.source_id = %(source_id)s
           and p.seen = %(number)s
           and p.visited < %(number)s
         order by p.depth, p.id
         limit 1
        """,
        workspace_id=tx.workspace_id,
        source_id=run.id,
        number=run.number,
    )


@dataclass(frozen=True)
class Progress:
    """Of a run: pages that it has seen, and that are taken in or as they were."""

    seen: int
    good: int


async def progress(tx: Tx, run: Run) -> Progress:
    return await tx.one(
        Progress,
        """
        select count(*) filter (where p.seen = %(number)s) as seen,
               count(d.document_id) filter (where p.visited = %(number)s) as good
          from source_pages p
          left join source_documents d on d.workspace_id = p.workspace_id and d.page_id = p.id
         where p.workspace_id = %(workspace_id)s
           and p.source_id = %(source_id)s
        """,
        workspace_id=tx.workspace_id,
        source_id=run.id,
        number=run.number,
    )


async def keep(tx: Tx, run: Run, page_id: UUID, visit: Visit, document_id: UUID) -> None:
    """What was taken in from a page; what it held before as another document is unlinked already."""
    await tx.run(
        """
        update source_pages
           set visited = %(number)s, state = %(state)s, error_code = null, error_message = null,
               content_hash = %(content_hash)s, etag = %(etag)s, last_modified = %(last_modified)s,
               links = %(links)s, checked_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(id)s
        """,
        workspace_id=tx.workspace_id,
        id=page_id,
        number=run.number,
        state=visit.state,
        content_hash=visit.content_hash,
        etag=visit.etag,
        last_modified=visit.last_modified,
        links=list(visit.links),
    )
    await tx.run(
        """
        insert into source_documents (page_id, document_id)
        values (%(page_id)s, %(document_id)s)
            on conflict do nothing
        """,
        page_id=page_id,
        document_id=document_id,
    )


async def mark(tx: Tx, run: Run, page_id: UUID, visit: Visit) -> None:
    """What came of a visit that took nothing in: what we have of the page stays."""
    await tx.run(
        """
        update source_pages
           set visited = %(number)s, state = %(state)s, error_code = %(code)s, error_message = %(message)s,
               checked_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(id)s
        """,
        workspace_id=tx.workspace_id,
        id=page_id,
        number=run.number,
        state=visit.state,
        code=visit.error.code if visit.error else None,
        message=visit.error.message if visit.error else None,
    )


@dataclass(frozen=True)
class Held:
    """A page with a document. shared: another source has it too."""

    id: UUID
    document_id: UUID
    shared: bool


async def of_page(tx: Tx, page_id: UUID) -> list[Held]:
    return await _held(tx, page_id=page_id)


async def vanished(tx: Tx, run: Run) -> list[Held]:
    """Pages whose documents are still there although the run, which is complete, did not come by them."""
    return await _held(tx, run=run)


async def _held(tx: Tx, *, page_id: UUID | None = None, run: Run | None = None) -> list[Held]:
    return await tx.all(
        Held,
        """
        select p.id, d.document_id,
               exists (select from source_documents other
                        where other.workspace_id = d.workspace_id
                          and other.document_id = d.document_id
                          and other.page_id <> d.page_id) as shared
          from source_pages p
          join source_documents d on d.workspace_id = p.workspace_id and d.page_id = p.id
         where p.workspace_id = %(workspace_id)s
           and (p.id = %(page_id)s or (p.source_id = %(source_id)s and p.visited < %(number)s))
         order by d.document_id
        """,
        workspace_id=tx.workspace_id,
        page_id=page_id,
        source_id=run.id if run else None,
        number=run.number if run else None,
    )


async def unlink(tx: Tx, page_ids: Sequence[UUID]) -> None:
    """Forget what was taken in from pages, so that they are read anew should they come back."""
    await tx.run(
        "delete from source_documents where workspace_id = %(workspace_id)s and page_id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=list(page_ids),
    )
    await tx.run(
        """
        update source_pages
           set content_hash = null, etag = null, last_modified = null, links = '{}'
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
        """,
        workspace_id=tx.workspace_id,
        ids=list(page_ids),
    )


async def count_removed(tx: Tx, run: Run, removed: int) -> None:
    await tx.run(
        "update sources set removed = removed + %(removed)s where workspace_id = %(workspace_id)s and id = %(id)s",
        workspace_id=tx.workspace_id,
        id=run.id,
        removed=removed,
    )


async def forget_unseen(tx: Tx, run: Run) -> None:
    """Pages that a complete run did not see. One that its owner took out stays known, so that it stays out."""
    await tx.run(
        """
        delete from source_pages
         where workspace_id = %(workspace_id)s
           and source_id = %(source_id)s
           and seen < %(number)s
           and state <> 'removed'
        """,
        workspace_id=tx.workspace_id,
        source_id=run.id,
        number=run.number,
    )


async def knows_anything(tx: Tx, run: Run) -> bool:
    """Whether a document comes from the source, or came and was taken out by the owner."""
    return bool(
        await tx.value(
            """
            select exists (select from source_pages p
                            where p.workspace_id = %(workspace_id)s
                              and p.source_id = %(source_id)s
                              and (p.state = 'removed'
                                   or exists (select from source_documents d
                                               where d.workspace_id = p.workspace_id and d.page_id = p.id)))
            """,
            workspace_id=tx.workspace_id,
            source_id=run.id,
        )
    )


async def commonest_failure(tx: Tx, run: Run) -> Failure | None:
    return await tx.maybe(
        Failure,
        """
        select error_code as code, min(error_message) as message
          from source_pages
         where workspace_id = %(workspace_id)s
           and source_id = %(source_id)s
           and visited = %(number)s
           and error_code is not null
         group by error_code
         order by count(*) desc, error_code
         limit 1
        """,
        workspace_id=tx.workspace_id,
        source_id=run.id,
        number=run.number,
    )


async def end(
    tx: Tx, run: Run, *, state: str, error: Failure | None, failures: int, again_in: str | None, succeeded: bool
) -> None:
    """
    End a run.

    again_in: an interval, or None for never. It is stretched or shortened by up to a tenth, so that sources that were
    added together do not come due together for ever.
    """
    await tx.run(
        """
        update sources
           set state = %(state)s, error_code = %(code)s, error_message = %(message)s, failures = %(failures)s,
               synced_at = case when %(succeeded)s then now() else synced_at end,
               next_sync_at = now() + %(again_in)s::interval * (0.9 + random() * 0.2), updated_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(id)s
        """,
        workspace_id=tx.workspace_id,
        id=run.id,
        state=state,
        code=error.code if error else None,
        message=error.message if error else None,
        failures=failures,
        again_in=again_in,
        succeeded=succeeded,
    )


def every(refresh: Refresh) -> str | None:
    """How long until the next visit."""
    return EVERY[refresh]

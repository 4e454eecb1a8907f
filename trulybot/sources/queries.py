"""The sources' SQL, as people ask it. What a run asks is in `run_queries.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.documents.models import Failure
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.ids import uuid7
from trulybot.sources.models import Counts, FailingPage, Kind, Refresh, Source, State


async def is_syncing(tx: Tx) -> bool:
    """Whether pages of the workspace are being visited."""
    return bool(
        await tx.value(
            "select exists (select from sources where workspace_id = %(workspace_id)s and state = 'syncing')",
            workspace_id=tx.workspace_id,
        )
    )


@dataclass(frozen=True)
class _Row:
    id: UUID
    url: str
    kind: Kind
    max_pages: int
    refresh: Refresh
    state: State
    error_code: str | None
    error_message: str | None
    synced_at: datetime | None
    next_sync_at: datetime | None
    created_at: datetime
    updated_at: datetime
    found: int
    taken_in: int
    unchanged: int
    skipped: int
    failed: int
    removed: int
    documents: int
    failing: Sequence[Mapping[str, str | None]]

    def source(self) -> Source:
        return Source(
            id=self.id,
            url=self.url,
            kind=self.kind,
            max_pages=self.max_pages,
            refresh=self.refresh,
            state=self.state,
            error=_failure(self.error_code, self.error_message),
            pages=Counts(
                found=self.found,
                taken_in=self.taken_in,
                unchanged=self.unchanged,
                skipped=self.skipped,
                failed=self.failed,
                removed=self.removed,
                documents=self.documents,
            ),
            failing=[_failing(page) for page in self.failing],
            last_sync_at=self.synced_at,
            next_sync_at=self.next_sync_at,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


async def page(
    tx: Tx,
    *,
    before: tuple[datetime | None, UUID | None] = (None, None),
    limit: int = 1,
    source_id: UUID | None = None,
) -> list[Source]:
    """From new to old; or the one that is asked for."""
    rows = await tx.all(
        _Row,
        """
        select s.id, s.url, s.kind, s.max_pages, s.refresh, s.state, s.error_code, s.error_message, s.synced_at,
               s.next_sync_at, s.created_at, s.updated_at, s.removed, counted.*, failing.*
          from sources s
         cross join lateral (
               select count(*) filter (where p.seen = s.run) as found,
                      count(*) filter (where p.visited = s.run and p.state = 'taken') as taken_in,
                      count(*) filter (where p.visited = s.run and p.state = 'unchanged') as unchanged,
                      count(*) filter (where p.visited = s.run and p.state in ('skipped', 'removed')) as skipped,
                      count(*) filter (where p.visited = s.run and p.state = 'failed') as failed,
                      count(d.document_id) as documents
                 from source_pages p
                 left join source_documents d on d.workspace_id = p.workspace_id and d.page_id = p.id
                where p.workspace_id = s.workspace_id
                  and p.source_id = s.id) counted
         cross join lateral (
               select coalesce(jsonb_agg(to_jsonb(f)), '[]') as failing
                 from (select p.url, p.error_code as code, p.error_message as message, d.document_id
                         from source_pages p
                         left join source_documents d on d.workspace_id = p.workspace_id and d.page_id = p.id
                        where p.workspace_id = s.workspace_id
                          and p.source_id = s.id
                          and p.state = 'failed'
                        order by p.depth, p.id
                        limit 20) f) failing
         where s.workspace_id = %(workspace_id)s
           and (%(source_id)s::uuid is null or s.id = %(source_id)s)
           and (%(at)s::timestamptz is null or (s.created_at, s.id) < (%(at)s, %(id)s::uuid))
         order by s.created_at desc, s.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        source_id=source_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )
    return [row.source() for row in rows]


async def get(tx: Tx, source_id: UUID) -> Source:
    """Raises: NotFound."""
    found = await page(tx, source_id=source_id)
    if not found:
        raise NotFound
    return found[0]


async def count(tx: Tx) -> int:
    return int(await tx.value("select count(*) from sources where workspace_id = %(id)s", id=tx.workspace_id))


async def add(
    tx: Tx, *, url: str, kind: Kind, max_pages: int, refresh: Refresh, created_by: UUID | None
) -> UUID | None:
    """The new source's id; None when there is one like it."""
    id: UUID | None = await tx.value(
        """
        insert into sources (id, url, kind, max_pages, refresh, created_by)
        values (%(id)s, %(url)s, %(kind)s, %(max_pages)s, %(refresh)s, %(created_by)s)
            on conflict (workspace_id, url, kind) do nothing
        returning id
        """,
        id=uuid7(),
        url=url,
        kind=kind,
        max_pages=max_pages,
        refresh=refresh,
        created_by=created_by,
    )
    return id


async def change(tx: Tx, source_id: UUID, *, max_pages: int, refresh: Refresh) -> None:
    """The next visit follows what is wanted now, unless one is due earlier."""
    await tx.run(
        """
        update sources
           set max_pages = %(max_pages)s, refresh = %(refresh)s, updated_at = now(),
               next_sync_at = case when state <> 'ready' then next_sync_at
                                   when %(refresh)s = 'daily' then now() + interval '1 day'
                                   when %(refresh)s = 'weekly' then now() + interval '7 days' end
         where workspace_id = %(workspace_id)s
           and id = %(source_id)s
        """,
        workspace_id=tx.workspace_id,
        source_id=source_id,
        max_pages=max_pages,
        refresh=refresh,
    )


async def wait(tx: Tx, source_id: UUID) -> bool:
    """Have a source wait for a worker, with its failures forgotten. False when it does already, or is being synced."""
    return bool(
        await tx.run(
            """
            update sources
               set state = 'waiting', failures = 0, next_sync_at = null, updated_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(source_id)s
               and state not in ('waiting', 'syncing')
            """,
            workspace_id=tx.workspace_id,
            source_id=source_id,
        )
    )


async def hold(tx: Tx, source_id: UUID) -> bool:
    """Lock a source, so that no run adds to it until this transaction ends."""
    held = await tx.value(
        "select id from sources where workspace_id = %(workspace_id)s and id = %(source_id)s for update",
        workspace_id=tx.workspace_id,
        source_id=source_id,
    )
    return held is not None


async def documents_of(tx: Tx, source_id: UUID) -> list[UUID]:
    """What came from this source and from no other."""
    rows = await tx.all(
        _Id,
        """
        select d.document_id as id
          from source_documents d
          join source_pages p on p.workspace_id = d.workspace_id and p.id = d.page_id
         where d.workspace_id = %(workspace_id)s
         group by d.document_id
        having bool_and(p.source_id = %(source_id)s)
         order by 1
        """,
        workspace_id=tx.workspace_id,
        source_id=source_id,
    )
    return [row.id for row in rows]


async def remove(tx: Tx, source_id: UUID) -> None:
    await tx.run(
        "delete from sources where workspace_id = %(workspace_id)s and id = %(source_id)s",
        workspace_id=tx.workspace_id,
        source_id=source_id,
    )


@dataclass(frozen=True)
class _Id:
    id: UUID


def _failure(code: str | None, message: str | None) -> Failure | None:
    return Failure(code, message or "") if code else None


def _failing(page: Mapping[str, str | None]) -> FailingPage:
    document_id = page["document_id"]
    error = Failure(page["code"] or "", page["message"] or "")
    return FailingPage(page["url"] or "", error, UUID(document_id) if document_id else None)

-- Knowledge from the web: sources, which an owner names, and the pages that were found at them.

-- A document that was taken from a page. The old check goes as the new one comes; every row that there is passes it.
-- squawk-ignore ban-drop-constraint
alter table public.documents drop constraint documents_source_check;
alter table public.documents
    add constraint documents_source_check check (source in ('text', 'file', 'web')) not valid;

create table public.sources (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    url text not null check (length(url) between 1 and 2000),
    kind text not null check (kind in ('page', 'sitemap', 'crawl')),
    max_pages integer not null check (max_pages between 1 and 2000),
    refresh text not null default 'never' check (refresh in ('never', 'daily', 'weekly')),
    -- waiting: to be synced as soon as a worker is free. paused: it failed so often that nobody comes by themselves.
    state text not null default 'waiting' check (state in ('waiting', 'syncing', 'ready', 'failed', 'paused')),
    error_code text,
    error_message text,
    -- Of the run that is under way, or was the last: its number, which its pages carry, and what it has cost.
    run integer not null default 0,
    began_at timestamptz,
    fetches integer not null default 0,
    fetched_bytes bigint not null default 0,
    removed integer not null default 0,
    -- How many runs in a row have failed.
    failures integer not null default 0,
    synced_at timestamptz,
    next_sync_at timestamptz,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create unique index on public.sources (workspace_id, url, kind);
create index on public.sources (workspace_id, created_at desc, id desc);
create index on public.sources (next_sync_at) where next_sync_at is not null;

-- A page as it was last seen. What is still to be visited in a run are the rows that the run has seen and not visited,
-- so that whoever takes the run up goes on where another was stopped.
create table public.source_pages (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    source_id uuid not null,
    url text not null check (length(url) between 1 and 2000),
    depth integer not null default 0,
    -- The numbers of the runs that last found it, and that last visited it.
    seen integer not null,
    visited integer not null default 0,
    -- removed: the owner took its document out, and it stays out.
    state text not null default 'found'
        check (state in ('found', 'taken', 'unchanged', 'skipped', 'failed', 'removed')),
    error_code text,
    error_message text,
    -- Of what was last taken in. Where that is no more, although nobody but the owner could have taken it out, this stays.
    content_hash bytea,
    etag text check (length(etag) <= 500),
    last_modified text check (length(last_modified) <= 500),
    -- What it links to, for the visits at which it says that it has not changed.
    links text[] not null default '{}',
    checked_at timestamptz,
    primary key (workspace_id, id),
    foreign key (workspace_id, source_id) references public.sources (workspace_id, id) on delete cascade
);
create unique index on public.source_pages (workspace_id, source_id, url);

-- Which document holds what a page says. Two sources that have the same page have the same document.
create table public.source_documents (
    workspace_id uuid not null default private.claimed_workspace_id(),
    page_id uuid not null,
    document_id uuid not null,
    primary key (workspace_id, page_id),
    foreign key (workspace_id, page_id) references public.source_pages (workspace_id, id) on delete cascade,
    foreign key (workspace_id, document_id) references public.documents (workspace_id, id) on delete cascade
);
create index on public.source_documents (workspace_id, document_id);

alter table public.sources enable row level security;
alter table public.sources force row level security;
alter table public.source_pages enable row level security;
alter table public.source_pages force row level security;
alter table public.source_documents enable row level security;
alter table public.source_documents force row level security;

grant select, insert, delete on public.sources, public.source_pages, public.source_documents to authenticated, worker;
grant update (max_pages, refresh, state, error_code, error_message, run, began_at, fetches, fetched_bytes, removed,
              failures, synced_at, next_sync_at, updated_at)
      on public.sources to authenticated, worker;
grant update (depth, seen, visited, state, error_code, error_message, content_hash, etag, last_modified, links,
              checked_at)
      on public.source_pages to authenticated, worker;

create policy read on public.sources for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.sources for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.sources for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.sources for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.source_pages for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.source_pages for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.source_pages for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.source_pages for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.source_documents for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.source_documents for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.source_documents for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- What the clock does: sources whose time has come wait for a worker, one job a workspace.
grant select, update (state, next_sync_at, updated_at) on public.sources to trulybot_definer;
create policy definer_all on public.sources for all to trulybot_definer using (true) with check (true);

create function private.queue_due_sources() returns bigint
    language plpgsql security definer set search_path = queue
as $$
declare
    queued bigint;
begin
    with due as (
        update public.sources
           set state = 'waiting', next_sync_at = null, updated_at = now()
         where next_sync_at <= now()
           and state in ('ready', 'failed')
        returning workspace_id
    )
    insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
    select distinct 'crawl', 'sources.sync', 'sync:' || workspace_id, jsonb_build_object('workspace_id', workspace_id)
      from due;
    get diagnostics queued = row_count;
    delete from private.host_visits where next_at < now() - interval '1 day';
    return queued;
end
$$;

-- When a host may be visited next, over all workspaces and workers. Whoever asks takes the next turn.
create table private.host_visits (
    host text primary key check (length(host) <= 300),
    next_at timestamptz not null
);
alter table private.host_visits enable row level security;
alter table private.host_visits force row level security;
grant select, insert, update, delete on private.host_visits to trulybot_definer;
create policy definer_all on private.host_visits for all to trulybot_definer using (true) with check (true);

create function private.seconds_until_visit(host text, delay_seconds double precision) returns double precision
    language sql security definer set search_path = ''
as $$
    insert into private.host_visits as v (host, next_at)
    values (seconds_until_visit.host, clock_timestamp() + make_interval(secs => delay_seconds))
        on conflict on constraint host_visits_pkey
        do update set next_at = greatest(v.next_at, clock_timestamp()) + make_interval(secs => delay_seconds)
    returning greatest(0, extract(epoch from v.next_at - clock_timestamp()) - delay_seconds)
$$;

alter function private.queue_due_sources() owner to trulybot_definer;
alter function private.seconds_until_visit(text, double precision) owner to trulybot_definer;
revoke all on function private.queue_due_sources(), private.seconds_until_visit(text, double precision) from public;
grant execute on function private.queue_due_sources(), private.seconds_until_visit(text, double precision)
      to trulybot_worker;

-- What the knowledge says twice and differently, and what it says of a day that is over.

-- When a passage was looked through for facts; null until then. A document that changes has new passages.
alter table public.passages add column compared_at timestamptz;
create index on public.passages (workspace_id) where compared_at is null;
grant update (compared_at) on public.passages to worker;

create table public.conflicts (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    -- The kind of fact that two sentences disagree on; or stale, of one sentence alone.
    kind text not null,
    -- It goes when either passage goes, so that nobody reads of what has been mended.
    passage_id uuid not null,
    sentence text not null,
    fact text not null,
    other_passage uuid,
    other_sentence text,
    other_fact text,
    -- The last day on which a stale sentence holds. It is shown from the next day on.
    over_on date,
    -- SHA-256 of kind and sentences: a dismissal stands when the same sentences are read anew.
    fingerprint bytea not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, passage_id) references public.passages (workspace_id, id) on delete cascade,
    foreign key (workspace_id, other_passage) references public.passages (workspace_id, id) on delete cascade,
    check ((kind = 'stale') = (other_passage is null)),
    check ((kind = 'stale') = (over_on is not null))
);
create unique index on public.conflicts (workspace_id, fingerprint);
create index on public.conflicts (workspace_id, passage_id);
create index on public.conflicts (workspace_id, other_passage);
create index on public.conflicts (workspace_id, created_at desc, id desc);

create table public.conflict_dismissals (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    fingerprint bytea not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, fingerprint)
);

alter table public.conflicts enable row level security;
alter table public.conflicts force row level security;
alter table public.conflict_dismissals enable row level security;
alter table public.conflict_dismissals force row level security;

grant select on public.conflicts to authenticated;
grant select, insert on public.conflicts to worker;
create policy read on public.conflicts for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.conflicts for insert to worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert on public.conflict_dismissals to authenticated;
create policy read on public.conflict_dismissals for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.conflict_dismissals for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));

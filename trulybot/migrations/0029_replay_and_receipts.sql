-- What an answer was made from, so that it can be replayed; and the proof that what was deleted is gone.

-- The passages that an answer read, with the figures of the ranking, best first.
create table public.turn_snapshots (
    workspace_id uuid not null default private.claimed_workspace_id(),
    turn_id uuid not null,
    knowledge_version bigint not null,
    bot_version bigint not null,
    passages uuid[] not null,
    scores real[] not null,
    -- A cosine; null where the passage or the question had no vector.
    meanings real[] not null,
    -- The share of the question's information that the passage holds.
    words real[] not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, turn_id),
    foreign key (workspace_id, turn_id) references public.turns (workspace_id, id) on delete cascade
);
create index on public.turn_snapshots (workspace_id, created_at desc);

-- The text of each passage that any answer read: once, however many read it. It stays when the document is replaced,
-- and goes when the document is deleted.
create table public.passages_read (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    -- The passage's id, and its document's; both may be gone.
    id uuid not null,
    document uuid not null,
    external_id text,
    title text not null,
    url text,
    heading text not null,
    text text not null,
    read_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index on public.passages_read (workspace_id, document);
create index on public.passages_read (read_at);

create table public.deletion_receipts (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    state text not null default 'pending' check (state in ('pending', 'clean', 'left')),
    -- Ids of what was deleted: documents, their passages, their files. Never a title or a text.
    documents uuid[] not null,
    passages uuid[] not null,
    file_keys text[] not null,
    -- What was found once it was looked for, and the SHA-256 of its canonical form, which the audit log repeats.
    receipt jsonb,
    digest text,
    -- What past questions were answered when they were asked again, by turn: the receipt has the SHA-256 of each, so that
    -- a text can go when what it says is deleted in its turn, and the receipt still stands.
    said jsonb not null default '{}',
    created_at timestamptz not null default now(),
    proved_at timestamptz,
    primary key (workspace_id, id)
);
create index on public.deletion_receipts (workspace_id, created_at desc, id desc);

alter table public.turn_snapshots enable row level security;
alter table public.turn_snapshots force row level security;
alter table public.passages_read enable row level security;
alter table public.passages_read force row level security;
alter table public.deletion_receipts enable row level security;
alter table public.deletion_receipts force row level security;

grant select, insert on public.turn_snapshots to authenticated;
grant select on public.turn_snapshots to worker;
grant insert (workspace_id, turn_id, knowledge_version, bot_version, passages, scores, meanings, words)
      on public.turn_snapshots to visitor;
create policy read on public.turn_snapshots for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.turn_snapshots for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
-- The subquery is under the visitor's own policy on turns, so it holds only theirs.
create policy add_own on public.turn_snapshots for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and turn_id = any (array(select t.id from public.turns t)));

grant select, insert, delete on public.passages_read to authenticated, worker;
grant insert (workspace_id, id, document, external_id, title, url, heading, text) on public.passages_read to visitor;
create policy read on public.passages_read for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.passages_read for insert to authenticated, visitor, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.passages_read for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert on public.deletion_receipts to authenticated, worker;
grant update (state, receipt, digest, said, proved_at) on public.deletion_receipts to worker;
create policy read on public.deletion_receipts for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.deletion_receipts for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy prove on public.deletion_receipts for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- Whoever proves a deletion looks for what is left in answers that were given, and blanks the sources in them.
grant select, update (answer) on public.turns to worker;
create policy read_of_job on public.turns for select to worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy blank on public.turns for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- Passages that no answer of a season has read are forgotten, and with them the answers' snapshots.
create function private.sweep_snapshots(kept interval) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.turn_snapshots s where s.created_at < now() - kept;
    delete from public.passages_read p
     where p.read_at < now() - kept
       and not exists (select from public.turn_snapshots s
                        where s.workspace_id = p.workspace_id and p.id = any (s.passages));
end
$$;
alter function private.sweep_snapshots(interval) owner to trulybot_definer;
revoke all on function private.sweep_snapshots(interval) from public;
grant execute on function private.sweep_snapshots(interval) to trulybot_worker;
grant select, delete on public.turn_snapshots, public.passages_read to trulybot_definer;
create policy definer_all on public.turn_snapshots for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.passages_read for all to trulybot_definer using (true) with check (true);

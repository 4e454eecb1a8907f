-- The publish gate: documents that are held back until a golden set has been asked of them.

create table public.publish_gates (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    set_id uuid not null,
    -- The share of the set that must be answered rightly.
    minimum real not null check (minimum between 0 and 1),
    created_at timestamptz not null default now(),
    foreign key (workspace_id, set_id) references public.golden_sets (workspace_id, id)
);
create index on public.publish_gates (workspace_id, set_id);

alter table public.publish_gates enable row level security;
alter table public.publish_gates force row level security;
grant select, insert, delete on public.publish_gates to authenticated;
grant select on public.publish_gates to worker;
create policy read on public.publish_gates for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.publish_gates for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.publish_gates for delete to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- The run of what is held names the one beside it, of what answered at that time.
alter table public.golden_runs add column beside uuid;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.golden_runs add foreign key (workspace_id, beside)
    references public.golden_runs (workspace_id, id) on delete set null (beside);
create index on public.golden_runs (workspace_id, beside);
grant insert (beside) on public.golden_runs to authenticated, worker;

-- A held document is a row of its own beside the one that it would replace, whose place it takes once it is published.
alter table public.documents add column held boolean not null default false;
grant update (held) on public.documents to authenticated, worker;
create index on public.documents (workspace_id, id) where held;
-- squawk-ignore require-concurrent-index-deletion
drop index public.documents_workspace_id_external_id_idx;
-- squawk-ignore require-concurrent-index-deletion
drop index public.documents_workspace_id_content_hash_idx;
create unique index on public.documents (workspace_id, external_id, held) where external_id is not null;
create unique index on public.documents (workspace_id, content_hash, held) where external_id is null;
grant select (held) on public.documents to visitor;

-- Give passages of held documents to the live ones whose place those take. What a passage belongs to is nobody's to
-- rewrite otherwise.
create function private.take_place(held_ids uuid[], live_ids uuid[]) returns void
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    update public.passages p
       set held = false, document_id = pair.live
      from unnest(take_place.held_ids, take_place.live_ids) as pair (held, live)
      join public.documents h on h.workspace_id = workspace and h.id = pair.held and h.held
      join public.documents d on d.workspace_id = workspace and d.id = pair.live and d.external_id = h.external_id
     where p.workspace_id = workspace
       and p.document_id = pair.held;
end
$$;
alter function private.take_place(uuid[], uuid[]) owner to trulybot_definer;
revoke all on function private.take_place(uuid[], uuid[]) from public;
grant execute on function private.take_place(uuid[], uuid[]) to member, worker;
grant select, update (held, document_id) on public.passages to trulybot_definer;
create policy definer_publishes on public.passages for update to trulybot_definer using (true) with check (true);
create policy definer_reads on public.passages for select to trulybot_definer using (true);

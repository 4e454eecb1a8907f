-- One run of a view at a time in a workspace, and runs that say how far they are, so that a lost one is noticed.

-- What is under way is asked by jobs of the form before, and may be more than one; it can be begun again.
alter table public.golden_runs no force row level security;
update public.golden_runs set status = 'failed', ended_at = now() where ended_at is null;
alter table public.golden_runs force row level security;
-- squawk-ignore require-concurrent-index-creation
create unique index on public.golden_runs (workspace_id, view) where ended_at is null;

-- trying, tries: the question that is being asked, and how often so. heard_at: when a worker last had to do with the run.
alter table public.golden_runs
    add column trying uuid,
    add column tries integer not null default 0,
    add column heard_at timestamptz not null default now();
grant update (trying, tries, heard_at) on public.golden_runs to worker;

-- Whoever begins a run ends one of which nobody has heard for long.
grant update (status, ended_at) on public.golden_runs to authenticated;
create policy give_up on public.golden_runs for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

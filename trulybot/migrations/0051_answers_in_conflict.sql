-- Curated answers are compared too. The phrasing at place -1, of question and answer together, stands for an answer as it
-- is: one that is changed has another, so that what was found goes with it, as it goes with a passage.

alter table public.curated_phrasings add column compared_at timestamptz;
-- squawk-ignore require-concurrent-index-creation
create index on public.curated_phrasings (workspace_id) where place < 0 and compared_at is null;
grant update (compared_at) on public.curated_phrasings to worker;

alter table public.conflicts
    -- squawk-ignore ban-drop-not-null
    alter column passage_id drop not null,
    add column phrasing_id uuid,
    add column other_phrasing uuid;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.conflicts add foreign key (workspace_id)
    references public.workspaces (id) on delete cascade;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.conflicts add foreign key (workspace_id, phrasing_id)
    references public.curated_phrasings (workspace_id, id) on delete cascade;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.conflicts add foreign key (workspace_id, other_phrasing)
    references public.curated_phrasings (workspace_id, id) on delete cascade;
-- squawk-ignore require-concurrent-index-creation
create index on public.conflicts (workspace_id, phrasing_id);
-- squawk-ignore require-concurrent-index-creation
create index on public.conflicts (workspace_id, other_phrasing);
-- squawk-ignore ban-drop-constraint
alter table public.conflicts drop constraint conflicts_check;
-- squawk-ignore constraint-missing-not-valid
alter table public.conflicts add check (num_nonnulls(passage_id, phrasing_id) = 1);
-- squawk-ignore constraint-missing-not-valid
alter table public.conflicts add check (num_nonnulls(other_passage, other_phrasing) = (kind <> 'stale')::int);

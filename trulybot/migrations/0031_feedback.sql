-- What whoever asked thought of an answer: one row a turn, which they may change.
create table public.feedback (
    workspace_id uuid not null default private.claimed_workspace_id(),
    turn_id uuid not null,
    rating text not null check (rating in ('up', 'down')),
    comment text check (length(comment) <= 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, turn_id),
    foreign key (workspace_id, turn_id) references public.turns (workspace_id, id) on delete cascade
);
create index on public.feedback (workspace_id, rating, updated_at desc);

alter table public.feedback enable row level security;
alter table public.feedback force row level security;

grant select, insert, update (rating, comment, updated_at) on public.feedback to authenticated;
grant select, insert (workspace_id, turn_id, rating, comment), update (rating, comment, updated_at)
      on public.feedback to visitor;
create policy read on public.feedback for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.feedback for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.feedback for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
-- The subquery is under the visitor's own policy on turns, so it holds only what they asked themselves.
create policy read_own on public.feedback for select to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and turn_id = any (array(select t.id from public.turns t)));
create policy add_own on public.feedback for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and turn_id = any (array(select t.id from public.turns t)));
create policy change_own on public.feedback for update to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and turn_id = any (array(select t.id from public.turns t)))
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and turn_id = any (array(select t.id from public.turns t)));

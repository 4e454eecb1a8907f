-- What visitors asked and what they were told.

create table public.conversations (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- A visitor's, or a person's who tries the bot, or a program's with an API key.
    visitor_id uuid,
    user_id uuid,
    key_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, visitor_id) references public.visitors (workspace_id, id) on delete cascade
);
create index on public.conversations (workspace_id, visitor_id);
create index on public.conversations (workspace_id, updated_at desc);

-- One row a turn: the question under the id that the client gave it, and the answer once it is there.
create table public.turns (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    conversation_id uuid not null,
    question text not null,
    -- The whole answer as it was sent, citations included, so that a retry gets the same.
    answer jsonb,
    answered_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, conversation_id)
        references public.conversations (workspace_id, id) on delete cascade
);
create index on public.turns (workspace_id, conversation_id, created_at);

alter table public.conversations enable row level security;
alter table public.conversations force row level security;
alter table public.turns enable row level security;
alter table public.turns force row level security;

grant select, insert, update (updated_at) on public.conversations to authenticated, visitor;
create policy read on public.conversations for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.conversations for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())) and visitor_id is null);
create policy change on public.conversations for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy read_own on public.conversations for select to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and visitor_id = private.claimed_visitor_id());
create policy add_own on public.conversations for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and visitor_id = private.claimed_visitor_id() and user_id is null and key_id is null);
create policy change_own on public.conversations for update to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and visitor_id = private.claimed_visitor_id())
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and visitor_id = private.claimed_visitor_id());

grant select, insert, update (answer, answered_at) on public.turns to authenticated, visitor;
create policy read on public.turns for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.turns for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.turns for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
-- The subquery is under the visitor's own policy on conversations, so it holds only theirs.
create policy read_own on public.turns for select to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and conversation_id = any (array(select c.id
                                              from public.conversations c
                                             where c.visitor_id = private.claimed_visitor_id())));
create policy add_own on public.turns for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and conversation_id = any (array(select c.id
                                                   from public.conversations c
                                                  where c.visitor_id = private.claimed_visitor_id())));
create policy change_own on public.turns for update to visitor
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and conversation_id = any (array(select c.id
                                              from public.conversations c
                                             where c.visitor_id = private.claimed_visitor_id())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- A change of how a bot behaves that waits at the publish gate, beside the row of `bots` that answers.

create table public.held_bots (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    -- Another with every change, so that only what was tried is published by its test.
    revision uuid not null,
    -- All that decides what is answered; what it may cost is never held. The checks are those of `bots`.
    tone text not null check (tone in ('friendly', 'formal', 'brief')),
    caution text not null check (caution in ('eager', 'balanced', 'careful', 'strict')),
    instructions text not null check (length(instructions) <= 2000),
    model text check (length(model) between 1 and 200),
    base_url text check (length(base_url) <= 500),
    -- Sealed as it is in `bots`, for the same purpose, so that it can move there as it stands.
    api_key bytea,
    api_key_hint text,
    context_tokens integer check (context_tokens between 2048 and 2000000),
    updated_at timestamptz not null
);

alter table public.held_bots enable row level security;
alter table public.held_bots force row level security;

-- Nobody answers a visitor by it, so `visitor` does not see it; nor does whoever comes by another API.
grant select, delete on public.held_bots to member, worker;
grant insert,
      update (revision, tone, caution, instructions, model, base_url, api_key, api_key_hint, context_tokens, updated_at)
      on public.held_bots to member;
create policy read on public.held_bots for select to member, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.held_bots for delete to member, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.held_bots for insert to member
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.held_bots for update to member
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- The worker publishes what passed, and may change nothing else of a bot.
grant update (tone, caution, instructions, model, base_url, api_key, api_key_hint, context_tokens)
      on public.bots to worker;
create policy publish on public.bots for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- The rotation of keys seals these anew too.
grant select, update (api_key) on public.held_bots to trulybot_definer;
create policy definer_all on public.held_bots for all to trulybot_definer using (true) with check (true);

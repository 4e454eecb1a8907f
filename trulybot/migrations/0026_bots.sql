-- How a workspace's bot speaks, with which language model, and what that may cost.

create table public.bots (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    tone text not null default 'friendly' check (tone in ('friendly', 'formal', 'brief')),
    -- The owner's own words to the model. They come after the rules and lift none of them.
    instructions text not null default '' check (length(instructions) <= 2000),
    -- A model of the workspace's own; null for the operator's. The key is sealed, purpose "model key {workspace_id}".
    model text check (length(model) between 1 and 200),
    base_url text check (length(base_url) <= 500),
    api_key bytea,
    api_key_hint text,
    -- US dollars for a million tokens, for a model whose price nobody told us.
    prompt_price_usd numeric(12, 4) check (prompt_price_usd >= 0),
    completion_price_usd numeric(12, 4) check (completion_price_usd >= 0),
    -- How many tokens the model reads at once; null for the operator's setting.
    context_tokens integer check (context_tokens between 2048 and 2000000),
    -- What the model may cost in a month, in US dollars; null for as much as the operator allows.
    monthly_budget_usd numeric(12, 2) check (monthly_budget_usd >= 0),
    -- Rises with every change, so that whatever was answered by an older one can be told apart.
    version bigint not null default 1,
    updated_at timestamptz not null default now()
);

create function private.raise_bot_version() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    -- The same key, sealed anew, changes nothing of what the bot says.
    if to_jsonb(new) - 'api_key' is distinct from to_jsonb(old) - 'api_key' then
        new.version = old.version + 1;
        new.updated_at = now();
    end if;
    return new;
end
$$;
revoke all on function private.raise_bot_version() from public;
create trigger raise_version before update on public.bots
    for each row execute function private.raise_bot_version();

alter table public.bots enable row level security;
alter table public.bots force row level security;

-- Who answers a visitor needs all of it. `authenticated`, who may come by another API, sees nothing of it.
grant select on public.bots to member, visitor, worker;
create policy read on public.bots for select to member, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
grant insert (workspace_id),
      update (tone, instructions, model, base_url, api_key, api_key_hint, prompt_price_usd, completion_price_usd,
              context_tokens, monthly_budget_usd)
      on public.bots to member;
create policy add on public.bots for insert to member
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.bots for update to member
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- The rotation of keys seals every workspace's key anew.
grant select, update (api_key) on public.bots to trulybot_definer;
create policy definer_all on public.bots for all to trulybot_definer using (true) with check (true);

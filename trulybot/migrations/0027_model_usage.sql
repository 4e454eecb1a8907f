-- What language models were asked, what that cost, and whether there is money and room for one more call.

-- One row for each message that a model was asked about, however often it was.
create table public.model_usage (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    message_id uuid not null,
    model text not null,
    calls integer not null default 1,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    -- The worst case while a call runs, and for good when its end was never learned.
    cost_usd numeric(14, 6) not null default 0,
    created_at timestamptz not null default now(),
    primary key (workspace_id, message_id)
);
create index on public.model_usage (workspace_id, created_at);

create table public.model_months (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    -- The first day of the month, in UTC.
    month date not null,
    spent_usd numeric(14, 6) not null default 0,
    calls bigint not null default 0,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    told_near_at timestamptz,
    told_over_at timestamptz,
    told_down_at timestamptz,
    primary key (workspace_id, month)
);

-- Servers and keys, each by a hash: how many requests and tokens are left of this minute's.
create table trulybot_auth.model_providers (
    provider text primary key,
    requests double precision not null,
    tokens double precision not null,
    filled_at timestamptz not null,
    paused_until timestamptz
);

alter table public.model_usage enable row level security;
alter table public.model_usage force row level security;
alter table public.model_months enable row level security;
alter table public.model_months force row level security;
alter table trulybot_auth.model_providers enable row level security;
alter table trulybot_auth.model_providers force row level security;

grant select on public.model_usage, public.model_months to member, worker;
create policy read on public.model_usage for select to member, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.model_months for select to member, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
grant select, insert, update on public.model_usage, public.model_months, trulybot_auth.model_providers
      to trulybot_definer;
create policy definer_all on public.model_usage for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.model_months for all to trulybot_definer using (true) with check (true);
create policy definer_all on trulybot_auth.model_providers for all to trulybot_definer using (true) with check (true);

-- Ask for a turn. 'go': it was taken, and its worst case counts from now on. 'budget': that would be too much for this
-- month. 'wait': the provider has no room for so many seconds. tell: what its owner should hear now, if anything.
create function private.take_model_turn(
    message_id uuid, model text, provider text, worst_usd numeric, budget_usd numeric, tokens integer,
    requests_per_minute integer, tokens_per_minute integer
) returns table (verdict text, seconds double precision, tell text)
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
    this_month date := date_trunc('month', now() at time zone 'utc')::date;
    spent public.model_months;
    room trulybot_auth.model_providers;
    need double precision := least(take_model_turn.tokens, take_model_turn.tokens_per_minute);
    elapsed double precision;
    heard text;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    insert into public.model_months (workspace_id, month) values (workspace, this_month) on conflict do nothing;
    select m.* into spent from public.model_months m where m.workspace_id = workspace and m.month = this_month for update;
    if spent.spent_usd + worst_usd > budget_usd then
        update public.model_months m set told_over_at = now()
         where m.workspace_id = workspace and m.month = this_month and m.told_over_at is null;
        return query select 'budget', 0::double precision, case when found then 'over' end;
        return;
    end if;

    insert into trulybot_auth.model_providers as p (provider, requests, tokens, filled_at)
    values (take_model_turn.provider, requests_per_minute, tokens_per_minute, clock_timestamp()) on conflict do nothing;
    select p.* into room from trulybot_auth.model_providers p where p.provider = take_model_turn.provider for update;
    if room.paused_until > clock_timestamp() then
        return query select 'wait', extract(epoch from room.paused_until - clock_timestamp())::double precision, null::text;
        return;
    end if;
    elapsed := extract(epoch from clock_timestamp() - room.filled_at);
    room.requests := least(requests_per_minute, room.requests + elapsed * requests_per_minute / 60.0);
    room.tokens := least(tokens_per_minute, room.tokens + elapsed * tokens_per_minute / 60.0);
    if room.requests < 1 or room.tokens < need then
        return query select 'wait', greatest((1 - room.requests) * 60.0 / requests_per_minute,
                                             (need - room.tokens) * 60.0 / tokens_per_minute), null::text;
        return;
    end if;
    update trulybot_auth.model_providers p
       set requests = room.requests - 1, tokens = room.tokens - need, filled_at = clock_timestamp()
     where p.provider = take_model_turn.provider;

    if spent.spent_usd + worst_usd >= 0.8 * budget_usd and spent.told_near_at is null then
        heard := 'near';
    end if;
    update public.model_months m
       set spent_usd = m.spent_usd + worst_usd, calls = m.calls + 1,
           told_near_at = case when heard is not null then now() else m.told_near_at end
     where m.workspace_id = workspace and m.month = this_month;
    insert into public.model_usage as u (workspace_id, message_id, model, cost_usd)
    values (workspace, take_model_turn.message_id, take_model_turn.model, worst_usd)
    on conflict on constraint model_usage_pkey
    do update set calls = u.calls + 1, cost_usd = u.cost_usd + excluded.cost_usd;
    return query select 'go', 0::double precision, heard;
end
$$;

-- What a call came to, in place of its worst case; and, when the provider said so, for how long nobody may ask it.
-- True: the owner should hear that the model failed, which is said once a day.
create function private.end_model_turn(
    message_id uuid, provider text, worst_usd numeric, cost_usd numeric, prompt_tokens integer,
    completion_tokens integer, pause_seconds double precision, failed boolean
) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
    taken_in date;
    heard boolean := false;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    update public.model_usage u
       set prompt_tokens = u.prompt_tokens + greatest(end_model_turn.prompt_tokens, 0),
           completion_tokens = u.completion_tokens + greatest(end_model_turn.completion_tokens, 0),
           cost_usd = greatest(u.cost_usd - worst_usd, 0) + greatest(end_model_turn.cost_usd, 0)
     where u.workspace_id = workspace and u.message_id = end_model_turn.message_id
    returning date_trunc('month', u.created_at at time zone 'utc')::date into taken_in;
    update public.model_months m
       set spent_usd = greatest(m.spent_usd - worst_usd, 0) + greatest(end_model_turn.cost_usd, 0),
           prompt_tokens = m.prompt_tokens + greatest(end_model_turn.prompt_tokens, 0),
           completion_tokens = m.completion_tokens + greatest(end_model_turn.completion_tokens, 0)
     where m.workspace_id = workspace and m.month = taken_in;
    if failed then
        update public.model_months m set told_down_at = now()
         where m.workspace_id = workspace and m.month = taken_in
           and coalesce(m.told_down_at < now() - interval '1 day', true);
        heard := found;
    end if;
    if pause_seconds > 0 then
        update trulybot_auth.model_providers p
           set paused_until = greatest(p.paused_until, clock_timestamp() + make_interval(secs => least(pause_seconds, 120)))
         where p.provider = end_model_turn.provider;
    end if;
    return heard;
end
$$;

-- Whom to tell, for the job that tells them.
create function private.owners_to_tell() returns table (email text)
    language sql stable security definer set search_path = ''
as $$
    select p.email
      from public.memberships m
      join public.profiles p on p.id = m.user_id
     where current_setting('role') = 'worker'
       and m.role = 'owner'
       and m.workspace_id = any (array(select private.my_workspace_ids()))
$$;

alter function private.take_model_turn(uuid, text, text, numeric, numeric, integer, integer, integer)
    owner to trulybot_definer;
alter function private.end_model_turn(uuid, text, numeric, numeric, integer, integer, double precision, boolean)
    owner to trulybot_definer;
alter function private.owners_to_tell() owner to trulybot_definer;
revoke all on function private.take_model_turn(uuid, text, text, numeric, numeric, integer, integer, integer),
    private.end_model_turn(uuid, text, numeric, numeric, integer, integer, double precision, boolean),
    private.owners_to_tell() from public;
grant execute on function private.take_model_turn(uuid, text, text, numeric, numeric, integer, integer, integer),
    private.end_model_turn(uuid, text, numeric, numeric, integer, integer, double precision, boolean)
      to member, visitor, worker;
grant execute on function private.owners_to_tell() to worker;

-- Leads, usage and subscriptions.

create table public.leads (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    email text,
    name text,
    phone text,
    conversation_id uuid,
    status text not null default 'new' check (status in ('new', 'contacted', 'qualified', 'won', 'lost')),
    created_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, conversation_id) references public.conversations (workspace_id, id)
        on delete set null (conversation_id)
);
create index on public.leads (workspace_id, created_at);
create unique index on public.leads (workspace_id, conversation_id, email);
create index on public.leads (email) where email is not null;

create table public.usage_counters (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    -- Whose quota it is: null counts for the workspace as a whole.
    user_id uuid,
    -- The first day of the month, in UTC.
    month date not null,
    monthly_conversations integer not null default 0 check (monthly_conversations >= 0),
    monthly_uploads integer not null default 0 check (monthly_uploads >= 0),
    primary key (workspace_id, id)
);
create unique index on public.usage_counters (workspace_id, month) where user_id is null;
create index on public.usage_counters (workspace_id, month);

create table public.subscriptions (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    plan_id text not null,
    status text not null default 'active',
    billing_period text not null default 'monthly' check (billing_period in ('monthly', 'yearly')),
    -- In the currency's smallest unit.
    amount_paid bigint not null default 0 check (amount_paid >= 0),
    razorpay_payment_id text,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index on public.subscriptions (workspace_id, created_at);

alter table public.leads enable row level security;
alter table public.leads force row level security;
alter table public.usage_counters enable row level security;
alter table public.usage_counters force row level security;
alter table public.subscriptions enable row level security;
alter table public.subscriptions force row level security;

grant select, insert, update, delete on public.leads to authenticated;
create policy read on public.leads for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.leads for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.leads for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.leads for delete to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- A visitor leaves an address, in a conversation of their own, and reads none.
grant insert (workspace_id, id, email, phone, conversation_id) on public.leads to visitor;
create policy leave on public.leads for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and conversation_id = any (array(select c.id
                                                   from public.conversations c
                                                  where c.visitor_id = private.claimed_visitor_id())));

grant select on public.usage_counters to authenticated;
create policy read on public.usage_counters for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select on public.subscriptions to authenticated;
create policy read on public.subscriptions for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- Counting is not the caller's to forge: it only ever adds, in the caller's own workspace.
create function private.count_usage(conversations integer, uploads integer) returns void
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    insert into public.usage_counters as counters (workspace_id, month, monthly_conversations, monthly_uploads)
    values (workspace, date_trunc('month', now() at time zone 'utc')::date,
            greatest(count_usage.conversations, 0), greatest(count_usage.uploads, 0))
    on conflict (workspace_id, month) where user_id is null
    do update set monthly_conversations = counters.monthly_conversations + excluded.monthly_conversations,
                  monthly_uploads = counters.monthly_uploads + excluded.monthly_uploads;
end
$$;
alter function private.count_usage(integer, integer) owner to trulybot_definer;
revoke all on function private.count_usage(integer, integer) from public;
grant execute on function private.count_usage(integer, integer) to authenticated, visitor;
grant select, insert, update on public.usage_counters to trulybot_definer;
create policy definer_all on public.usage_counters for all to trulybot_definer using (true) with check (true);

-- Who may see what: claims, workspaces, members, and the one function that every policy asks.

revoke create on schema public from public;
grant usage on schema public to anon, authenticated, visitor, worker, trulybot_system, trulybot_definer;

-- On Supabase these exist and belong to its auth server; elsewhere we make the same ones.
do $do$
begin
    if to_regprocedure('auth.uid()') is null then
        create schema if not exists auth;

        create function auth.jwt() returns jsonb language sql stable set search_path = '' as $$
            select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                            nullif(current_setting('request.jwt.claims', true), ''))::jsonb
        $$;

        create function auth.uid() returns uuid language sql stable set search_path = '' as $$
            select nullif(coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                                   nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'),
                          '')::uuid
        $$;

        revoke all on function auth.jwt(), auth.uid() from public;
        grant execute on function auth.jwt(), auth.uid()
              to anon, authenticated, service_role, visitor, worker, trulybot_definer;
        grant usage on schema auth to anon, authenticated, service_role, visitor, worker, trulybot_definer;
    else
        grant usage on schema auth to visitor, worker, trulybot_definer;
        grant execute on function auth.jwt(), auth.uid() to visitor, worker, trulybot_definer;
    end if;
end
$do$;

-- Not reachable through any API.
create schema if not exists private;
grant usage on schema private to authenticated, visitor, worker, trulybot_system;
grant usage, create on schema private to trulybot_definer;
alter default privileges in schema private revoke execute on functions from public;

-- The queue's tables are procrastinate's. Only the worker reads them; the rest may add a job by private.enqueue().
grant usage on schema queue to trulybot_worker, trulybot_definer;
grant all on all tables in schema queue to trulybot_worker;
grant all on all sequences in schema queue to trulybot_worker;
alter default privileges in schema queue grant all on tables to trulybot_worker;
alter default privileges in schema queue grant all on sequences to trulybot_worker;
grant select, insert on queue.procrastinate_jobs to trulybot_definer;
grant insert on queue.procrastinate_events to trulybot_definer;
grant select on queue.procrastinate_workers, queue.procrastinate_events to trulybot_definer;
grant usage on all sequences in schema queue to trulybot_definer;

create function private.claim(name text) returns text language sql stable set search_path = '' as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name
$$;

-- What a new row's workspace_id becomes. The policies check it like any other value.
create function private.claimed_workspace_id() returns uuid language sql stable set search_path = '' as $$
    select nullif(private.claim('workspace_id'), '')::uuid
$$;

create function private.claimed_visitor_id() returns uuid language sql stable set search_path = '' as $$
    select nullif(private.claim('visitor_id'), '')::uuid
$$;

revoke all on function private.claim(text), private.claimed_workspace_id(), private.claimed_visitor_id() from public;
grant execute on function private.claim(text), private.claimed_workspace_id(), private.claimed_visitor_id()
      to authenticated, visitor, worker, trulybot_definer;

create table public.workspaces (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(name) between 1 and 200),
    slug text not null unique check (length(slug) between 1 and 80),
    -- Public: it stands in the script tag. It opens a visitor's session from an allowed origin and nothing else.
    bot_key text not null unique,
    created_at timestamptz not null default now()
);

create table public.profiles (
    -- The user's id in the accounts.
    id uuid primary key,
    -- The home workspace; memberships in further ones are in `memberships`.
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    email text not null,
    name text,
    locale text,
    role text not null default 'owner' check (role in ('owner', 'admin', 'agent', 'viewer')),
    subscription_tier text not null default 'ultra',
    subscription_status text not null default 'trial',
    created_at timestamptz not null default now()
);
create index on public.profiles (workspace_id);
create index on public.profiles (subscription_status, subscription_tier);

create table public.memberships (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    user_id uuid not null,
    role text not null check (role in ('owner', 'admin', 'agent', 'viewer')),
    last_used_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    primary key (workspace_id, user_id)
);
create index on public.memberships (user_id);

create table public.api_keys (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    name text not null check (length(name) between 1 and 100),
    -- SHA-256 of the key, which has 256 random bits of its own: a slow hash would add nothing.
    hash bytea not null unique,
    hint text not null,
    scopes text[] not null,
    created_by uuid,
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id)
);

create table public.widgets (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    allowed_origins text[] not null default '{}',
    settings jsonb not null default '{}',
    updated_at timestamptz not null default now()
);

create table public.visitors (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    id uuid not null,
    origin text not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id)
);

alter table public.workspaces enable row level security;
alter table public.workspaces force row level security;
alter table public.profiles enable row level security;
alter table public.profiles force row level security;
alter table public.memberships enable row level security;
alter table public.memberships force row level security;
alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
alter table public.widgets enable row level security;
alter table public.widgets force row level security;
alter table public.visitors enable row level security;
alter table public.visitors force row level security;

-- The job of the claims, while it runs.
create function private.running_job() returns table (workspace_id uuid)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    if private.claim('job_id') is not null then
        return query
            select (q.args ->> 'workspace_id')::uuid
              from queue.procrastinate_jobs q
             where q.id = private.claim('job_id')::bigint
               and q.status = 'doing';
    end if;
end
$$;

-- The workspaces that whoever acts may enter, by what the database knows of them: a person's membership, a key that
-- still exists, a visitor who was admitted, a job that is running. When a workspace is open, only that one.
-- Policies ask it as `= any (array(select private.my_workspace_ids()))`, which PostgreSQL evaluates once a query.
create function private.my_workspace_ids() returns setof uuid
    language sql stable security definer set search_path = ''
as $$
    select m.workspace_id
      from public.memberships m
     where current_setting('role') = 'authenticated'
       and m.user_id = (select auth.uid())
       and (private.claimed_workspace_id() is null or m.workspace_id = private.claimed_workspace_id())
    union all
    select k.workspace_id
      from public.api_keys k
     where current_setting('role') = 'authenticated'
       and k.workspace_id = private.claimed_workspace_id()
       and k.id = nullif(private.claim('key_id'), '')::uuid
    union all
    select v.workspace_id
      from public.visitors v
     where current_setting('role') = 'visitor'
       and v.workspace_id = private.claimed_workspace_id()
       and v.id = private.claimed_visitor_id()
    union all
    select j.workspace_id
      from private.running_job() j
     where current_setting('role') = 'worker'
       and j.workspace_id = private.claimed_workspace_id()
$$;

-- Queue a job of the open workspace, in the transaction of the act that causes it. The search_path is the queue's,
-- because the triggers of procrastinate's tables name its other tables without their schema.
create function private.enqueue(task text, queue text, lock text, ids jsonb) returns bigint
    language plpgsql security definer set search_path = queue
as $$
declare
    workspace uuid;
    job bigint;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
    values (enqueue.queue, enqueue.task, enqueue.lock,
            enqueue.ids || jsonb_build_object('workspace_id', workspace))
    returning id into job;
    return job;
end
$$;

-- A new person's first workspace.
create function private.found_workspace(user_id uuid, email text, name text, slug text, bot_key text) returns uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    insert into public.workspaces (name, slug, bot_key)
    values (found_workspace.name, found_workspace.slug, found_workspace.bot_key)
    returning id into workspace;
    insert into public.memberships (workspace_id, user_id, role)
    values (workspace, found_workspace.user_id, 'owner');
    insert into public.profiles (id, workspace_id, email)
    values (found_workspace.user_id, workspace, found_workspace.email)
    on conflict (id) do nothing;
    insert into public.widgets (workspace_id) values (workspace);
    insert into public.knowledge (workspace_id) values (workspace);
    return workspace;
end
$$;

-- A person's email changed.
create function private.readdress(user_id uuid, email text) returns void
    language sql security definer set search_path = ''
as $$
    update public.profiles p set email = readdress.email where p.id = readdress.user_id
$$;

-- The workspaces of a person who has just proved who they are, the last used first.
create function private.memberships_of(user_id uuid) returns table (workspace_id uuid, role text)
    language sql stable security definer set search_path = ''
as $$
    select m.workspace_id, m.role
      from public.memberships m
     where m.user_id = memberships_of.user_id
     order by m.last_used_at desc, m.created_at
$$;

-- The key with this hash.
create function private.key_by_hash(hash bytea) returns table (workspace_id uuid, id uuid, scopes text[])
    language sql volatile security definer set search_path = ''
as $$
    -- Once a minute is exact enough for "last used", and spares every request a write.
    with used as (
        update public.api_keys k
           set last_used_at = now()
         where k.hash = key_by_hash.hash
           and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute')
    )
    select k.workspace_id, k.id, k.scopes
      from public.api_keys k
     where k.hash = key_by_hash.hash
$$;

-- What the widget may know of a bot, found by its key or its owner's user id.
create function private.bot_by_name(bot text)
    returns table (workspace_id uuid, bot_key text, name text, settings jsonb, allowed_origins text[])
    language sql stable security definer set search_path = ''
as $$
    select w.id, w.bot_key, w.name, g.settings, g.allowed_origins
      from public.workspaces w
      join public.widgets g on g.workspace_id = w.id
     where w.bot_key = bot_by_name.bot
        or w.id = (select p.workspace_id
                     from public.profiles p
                    where p.id = case when bot_by_name.bot ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                      then bot_by_name.bot::uuid end
                      and p.role = 'owner')
     limit 1
$$;

-- A visitor's session begins, from an origin that the workspace allows. No row: it does not, or there is no such bot.
create function private.admit_visitor(bot text, origin text, visitor_id uuid) returns uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select b.workspace_id into workspace
      from private.bot_by_name(admit_visitor.bot) b
     where admit_visitor.origin = any (b.allowed_origins);
    if workspace is not null then
        insert into public.visitors (workspace_id, id, origin)
        values (workspace, admit_visitor.visitor_id, admit_visitor.origin);
    end if;
    return workspace;
end
$$;

-- Whether any worker has shown a sign of life in the last half minute.
create function private.worker_is_alive() returns boolean
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return exists (select from queue.procrastinate_workers w where w.last_heartbeat > now() - interval '30 seconds');
end
$$;

-- What waits in the queue and what runs, for whoever watches over it.
create function private.queue_state()
    returns table (queue text, waiting bigint, running bigint, oldest_seconds double precision)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select q.queue_name::text,
               count(*) filter (where q.status = 'todo'),
               count(*) filter (where q.status = 'doing'),
               -- Since it was queued, however often it has been tried.
               coalesce(extract(epoch from now() - min(e.at)), 0)::double precision
          from queue.procrastinate_jobs q
          left join queue.procrastinate_events e on e.job_id = q.id and e.type = 'deferred'
         where q.status in ('todo', 'doing')
         group by q.queue_name;
end
$$;

-- Back into the queue go the jobs of workers that have shown no sign of life for so long. One worker at a time looks,
-- and looks anew once it is its turn, so that no job is taken from a worker that has just taken it up.
create function private.take_up_lost_jobs(dead_after interval) returns table (id bigint, task_name text)
    language plpgsql set search_path = queue
as $$
begin
    perform pg_advisory_xact_lock(hashtext('take_up_lost_jobs'));
    return query
        with lost as (
            select j.id, j.task_name
              from procrastinate_jobs j
             where j.status = 'doing'
               and not exists (select
                                 from procrastinate_workers w
                                where w.id = j.worker_id
                                  and w.last_heartbeat > now() - take_up_lost_jobs.dead_after)
        )
        select lost.id, lost.task_name::text
          from lost
         cross join lateral procrastinate_retry_job_v2(lost.id, now(), null, null, null);
end
$$;

alter function private.queue_state() owner to trulybot_definer;
alter function private.readdress(uuid, text) owner to trulybot_definer;
alter function private.worker_is_alive() owner to trulybot_definer;
alter function private.my_workspace_ids() owner to trulybot_definer;
alter function private.running_job() owner to trulybot_definer;
alter function private.enqueue(text, text, text, jsonb) owner to trulybot_definer;
alter function private.found_workspace(uuid, text, text, text, text) owner to trulybot_definer;
alter function private.memberships_of(uuid) owner to trulybot_definer;
alter function private.key_by_hash(bytea) owner to trulybot_definer;
alter function private.bot_by_name(text) owner to trulybot_definer;
alter function private.admit_visitor(text, text, uuid) owner to trulybot_definer;

revoke all on function private.readdress(uuid, text), private.worker_is_alive(), private.queue_state(),
    private.take_up_lost_jobs(interval), private.my_workspace_ids(), private.running_job(),
    private.enqueue(text, text, text, jsonb),
    private.found_workspace(uuid, text, text, text, text), private.memberships_of(uuid), private.key_by_hash(bytea),
    private.bot_by_name(text), private.admit_visitor(text, text, uuid) from public;
grant execute on function private.my_workspace_ids(), private.enqueue(text, text, text, jsonb)
      to authenticated, visitor, worker;
grant select on private.migrations to trulybot_system;
grant usage on schema private to trulybot_worker;
grant execute on function private.take_up_lost_jobs(interval) to trulybot_worker;
grant execute on function private.readdress(uuid, text), private.worker_is_alive(), private.queue_state(),
    private.found_workspace(uuid, text, text, text, text), private.memberships_of(uuid),
    private.key_by_hash(bytea), private.bot_by_name(text), private.admit_visitor(text, text, uuid)
      to trulybot_system;

-- The definer role is under row security like everyone: these policies and grants are all that its functions can do.
grant select, insert on public.workspaces, public.profiles, public.memberships, public.widgets, public.visitors
      to trulybot_definer;
grant update (email) on public.profiles to trulybot_definer;
grant select, update (last_used_at) on public.api_keys to trulybot_definer;
create policy definer_all on public.workspaces for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.profiles for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.memberships for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.widgets for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.visitors for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.api_keys for all to trulybot_definer using (true) with check (true);

grant select, update (name) on public.workspaces to authenticated;
create policy read on public.workspaces for select to authenticated
    using (id = any (array(select private.my_workspace_ids())));
create policy change on public.workspaces for update to authenticated
    using (id = any (array(select private.my_workspace_ids())))
    with check (id = any (array(select private.my_workspace_ids())));

grant select, update (name, locale) on public.profiles to authenticated;
create policy read on public.profiles for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())) or id = (select auth.uid()));
create policy change on public.profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));

grant select, update (last_used_at) on public.memberships to authenticated;
create policy read on public.memberships for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.memberships for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

grant select, insert, delete on public.api_keys to authenticated;
create policy read on public.api_keys for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.api_keys for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.api_keys for delete to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, update (allowed_origins, settings, updated_at) on public.widgets to authenticated;
create policy read on public.widgets for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.widgets for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

grant select on public.visitors to authenticated, visitor;
create policy read on public.visitors for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read_own on public.visitors for select to visitor
    using (workspace_id = any (array(select private.my_workspace_ids())) and id = private.claimed_visitor_id());

-- What the gateway must know: whose websites may speak to us at all, and what a repeated request was answered.

create index on public.widgets using gin (allowed_origins);

-- Whether any workspace lets this website embed its bot. Which one does is asked when it is known whose bot is meant.
create function private.origin_is_allowed(origin text) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from public.widgets w where w.allowed_origins @> array[origin_is_allowed.origin])
$$;
alter function private.origin_is_allowed(text) owner to trulybot_definer;
revoke all on function private.origin_is_allowed(text) from public;
grant execute on function private.origin_is_allowed(text) to trulybot_system;

-- A request that came with an Idempotency-Key. It is kept before the work begins, so that of two at once one works.
create table public.repeatable_requests (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    -- SHA-256 of who asked, for what, and their key.
    key_hash bytea not null check (length(key_hash) = 32),
    body_hash bytea not null check (length(body_hash) = 32),
    -- Null while the work is under way.
    status smallint,
    -- Sealed with a key that follows from the caller's own, which is kept nowhere: an answer may hold a secret.
    answer bytea,
    created_at timestamptz not null default now(),
    primary key (workspace_id, key_hash)
);
create index on public.repeatable_requests (workspace_id, created_at);

alter table public.repeatable_requests enable row level security;
alter table public.repeatable_requests force row level security;
grant select, insert, update (status, answer), delete on public.repeatable_requests to member;
create policy own on public.repeatable_requests for all to member
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

-- Second factors, and the codes for who loses them.

create table trulybot_auth.factors (
    id uuid primary key,
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    friendly_name text not null check (length(friendly_name) <= 100),
    factor_type text not null default 'totp' check (factor_type = 'totp'),
    -- verified once a code of it has been shown; until then it guards nothing.
    status text not null default 'unverified' check (status in ('unverified', 'verified')),
    -- The seed, sealed by the key ring.
    seed bytea not null,
    -- Which 30 seconds since 1970 the last code belonged to that was taken: it and all before it are used up.
    last_used_step bigint not null default 0,
    last_challenged_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index on trulybot_auth.factors (user_id);
create unique index on trulybot_auth.factors (user_id, friendly_name) where friendly_name <> '';

create table trulybot_auth.challenges (
    id uuid primary key,
    factor_id uuid not null references trulybot_auth.factors (id) on delete cascade,
    -- Where it was asked for; only there it can be answered.
    address text not null check (length(address) <= 64),
    -- How many codes were tried.
    attempts smallint not null default 0,
    created_at timestamptz not null default now()
);
create index on trulybot_auth.challenges (factor_id);

create table trulybot_auth.recovery_codes (
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    -- HMAC of the code under a key of the server.
    hash bytea not null,
    used_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (user_id, hash)
);

-- Which factor a session was raised to aal2 by: it falls back to aal1 when that one is removed.
alter table trulybot_auth.sessions
    add column factor_id uuid references trulybot_auth.factors (id) on delete set null;
create index on trulybot_auth.sessions (factor_id);

alter table trulybot_auth.factors enable row level security;
alter table trulybot_auth.factors force row level security;
alter table trulybot_auth.challenges enable row level security;
alter table trulybot_auth.challenges force row level security;
alter table trulybot_auth.recovery_codes enable row level security;
alter table trulybot_auth.recovery_codes force row level security;

grant select, insert, update, delete
      on trulybot_auth.factors, trulybot_auth.challenges, trulybot_auth.recovery_codes
      to trulybot_system;
create policy system_all on trulybot_auth.factors for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.challenges for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.recovery_codes for all to trulybot_system using (true) with check (true);

-- What is over: sessions that idled or lived too long, as LIFETIME and IDLE of session_queries.py have it, and
-- challenges that nobody can answer any more.
create function private.sweep_sessions() returns void
    language sql security definer set search_path = ''
as $$
    delete from trulybot_auth.sessions s
     where s.created_at < now() - interval '30 days'
        or s.used_at < now() - interval '7 days';
    delete from trulybot_auth.challenges c
     where c.created_at < now() - interval '1 day';
$$;

grant usage on schema trulybot_auth to trulybot_definer;
grant select (created_at, used_at), delete on trulybot_auth.sessions to trulybot_definer;
grant select (created_at), delete on trulybot_auth.challenges to trulybot_definer;
create policy definer_sweep on trulybot_auth.sessions for all to trulybot_definer using (true) with check (true);
create policy definer_sweep on trulybot_auth.challenges for all to trulybot_definer using (true) with check (true);
alter function private.sweep_sessions() owner to trulybot_definer;
revoke all on function private.sweep_sessions() from public;
grant execute on function private.sweep_sessions() to trulybot_worker;

-- What lets a person in once: codes and links by mail or phone, and the authorization codes of PKCE. None is kept as it
-- was sent, only its HMAC under a key of the server: whoever reads a dump cannot use one.

alter table trulybot_auth.users
    -- What an operator's own policies may read of the token; never one that the product itself uses.
    add column role text not null default 'authenticated'
        check (role ~ '^[a-z][a-z0-9_]{0,62}$'
               and role not in ('anon', 'service_role', 'supabase_admin', 'visitor', 'worker')),
    add column invited_at timestamptz,
    add column recovery_sent_at timestamptz,
    add column reauthentication_sent_at timestamptz,
    -- The address that is to replace the present one, and how many of the two still have to confirm.
    add column new_email text check (length(new_email) between 3 and 255),
    add column email_change_awaits smallint not null default 0 check (email_change_awaits between 0 and 2),
    add column email_change_sent_at timestamptz,
    add column new_phone text check (length(new_phone) between 2 and 15),
    add column phone_change_sent_at timestamptz;
create index on trulybot_auth.users (new_email) where new_email is not null;
create index on trulybot_auth.users (new_phone) where new_phone is not null;
-- Pages of people, the latest first.
create index on trulybot_auth.users (created_at desc, id desc);

-- A sign-in that began where it will end: the client holds the verifier of the challenge.
create table trulybot_auth.flow_states (
    id uuid primary key,
    -- Null until somebody has proved who they are.
    user_id uuid references trulybot_auth.users (id) on delete cascade,
    challenge text not null check (length(challenge) between 43 and 128),
    method text not null check (method in ('s256', 'plain')),
    -- How the person proves who they are, in the words of the tokens' amr.
    authentication_method text not null,
    -- The authorization code, from when it was issued on.
    code_hash bytea unique,
    code_issued_at timestamptz,
    created_at timestamptz not null default now()
);
create index on trulybot_auth.flow_states (user_id);
create index on trulybot_auth.flow_states (created_at);

-- One of each kind for a person: a new one replaces the one before.
create table trulybot_auth.one_time_tokens (
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    kind text not null check (kind in (
        'confirmation', 'recovery', 'magic_link', 'email_change_current', 'email_change_new',
        'phone_confirmation', 'phone_change', 'reauthentication')),
    -- The address or number that it was sent to, which it therefore proves.
    address text not null,
    code_hash bytea not null,
    -- Null for what is typed and never clicked.
    link_hash bytea unique,
    -- How often the code was tried. Trying it too often spends the code; the link, which nobody can guess, stays good.
    tries smallint not null default 0,
    flow_id uuid references trulybot_auth.flow_states (id) on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (user_id, kind)
);
create index on trulybot_auth.one_time_tokens (flow_id);

alter table trulybot_auth.flow_states enable row level security;
alter table trulybot_auth.flow_states force row level security;
alter table trulybot_auth.one_time_tokens enable row level security;
alter table trulybot_auth.one_time_tokens force row level security;

grant select, insert, update, delete on trulybot_auth.flow_states, trulybot_auth.one_time_tokens to trulybot_system;
create policy system_all on trulybot_auth.flow_states for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.one_time_tokens for all to trulybot_system using (true) with check (true);

-- People and their sessions. Only the acts that have no workspace yet (role trulybot_system) come in here: no person,
-- visitor, worker or API sees this schema, and row security repeats it should a grant ever slip.

create schema trulybot_auth;

create table trulybot_auth.users (
    id uuid primary key,
    -- Lower case. Null for a person without one, whom a later way of signing in may make.
    email text check (length(email) between 3 and 255),
    phone text,
    -- Argon2id, with its parameters and salt in the text.
    password_hash text,
    email_confirmed_at timestamptz,
    phone_confirmed_at timestamptz,
    confirmation_sent_at timestamptz,
    -- What we say of the person, and what they say of themselves.
    app_metadata jsonb not null default '{}',
    user_metadata jsonb not null default '{}',
    is_anonymous boolean not null default false,
    banned_until timestamptz,
    deleted_at timestamptz,
    last_sign_in_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index on trulybot_auth.users (lower(email));
create unique index on trulybot_auth.users (phone);

-- How a person is known to whoever vouches for them: their email to us, later their id at Google and the like.
create table trulybot_auth.identities (
    id uuid primary key,
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    provider text not null,
    -- The person's id at the provider; our own user id where the provider is `email`.
    provider_id text not null,
    identity_data jsonb not null,
    last_sign_in_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (provider, provider_id)
);
create index on trulybot_auth.identities (user_id);

create table trulybot_auth.sessions (
    id uuid primary key,
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    -- HMAC of the browser's cookie under a key of the server; null for a session that lives by refresh tokens.
    cookie_hash bytea unique,
    -- Which of the session's refresh tokens is the one in force.
    refresh_counter bigint not null default 0,
    created_at timestamptz not null default now(),
    used_at timestamptz not null default now()
);
create index on trulybot_auth.sessions (user_id);

-- Every refresh token a session ever had, so that a stolen old one is known when it comes back.
create table trulybot_auth.refresh_tokens (
    session_id uuid not null references trulybot_auth.sessions (id) on delete cascade,
    counter bigint not null,
    -- HMAC of the token under a key of the server.
    hash bytea not null unique,
    -- When its successor was made.
    used_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (session_id, counter)
);

alter table trulybot_auth.users enable row level security;
alter table trulybot_auth.users force row level security;
alter table trulybot_auth.identities enable row level security;
alter table trulybot_auth.identities force row level security;
alter table trulybot_auth.sessions enable row level security;
alter table trulybot_auth.sessions force row level security;
alter table trulybot_auth.refresh_tokens enable row level security;
alter table trulybot_auth.refresh_tokens force row level security;

grant usage on schema trulybot_auth to trulybot_system;
grant select, insert, update, delete
      on trulybot_auth.users, trulybot_auth.identities, trulybot_auth.sessions, trulybot_auth.refresh_tokens
      to trulybot_system;
create policy system_all on trulybot_auth.users for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.identities for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.sessions for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.refresh_tokens for all to trulybot_system using (true) with check (true);

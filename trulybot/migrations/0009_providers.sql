-- People whom others vouch for: providers to sign in with, and a Supabase project that signs people in for us.

alter table trulybot_auth.users
    -- The address counts as confirmed, but nobody has shown that they read mail there. Such an address joins no
    -- provider's account to the person: who typed it first may not be its owner.
    add column email_autoconfirmed boolean not null default false;

-- Until now nothing else could confirm an address.
update trulybot_auth.users set email_autoconfirmed = true where email_confirmed_at is not null;

-- A sign-in under way at a provider.
create table trulybot_auth.provider_flows (
    -- HMAC of the state under a key of the server. The nonce and the PKCE verifier follow from the state too.
    state_hash bytea primary key,
    provider text not null,
    -- HMAC of the cookie that the browser was given; null where the caller's own PKCE binds the answer to the caller.
    browser_hash bytea,
    -- Who asked for the identity to be added to their account; null for a sign-in.
    user_id uuid references trulybot_auth.users (id) on delete cascade,
    -- Where the answer goes; a path of ours where it is a page's sign-in, which ends in a cookie.
    redirect_to text not null,
    is_page boolean not null,
    -- The caller's PKCE.
    flow_id uuid references trulybot_auth.flow_states (id) on delete cascade,
    created_at timestamptz not null default now()
);
create index on trulybot_auth.provider_flows (user_id);
create index on trulybot_auth.provider_flows (flow_id);
create index on trulybot_auth.provider_flows (created_at);

-- What a provider gave for its own API, until the caller of the PKCE flow fetches it. We keep it no longer.
create table trulybot_auth.provider_tokens (
    -- HMAC of the code that the caller fetches its session with.
    code_hash bytea primary key,
    -- JSON, sealed by the key ring.
    sealed bytea not null,
    created_at timestamptz not null default now()
);
create index on trulybot_auth.provider_tokens (created_at);

-- Whom a Supabase project's tokens speak of. Its row outlives the person: somebody deleted here stays deleted, though
-- the project still signs them in.
create table trulybot_auth.supabase_people (
    issuer text not null,
    subject uuid not null,
    user_id uuid references trulybot_auth.users (id) on delete set null,
    -- When the token was made whose email the person has, so that an older one does not bring an old address back.
    told_at timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index on trulybot_auth.supabase_people (user_id);

-- The project's sessions that we have seen. One that is here and not among our sessions was ended here, for good.
create table trulybot_auth.supabase_sessions (
    -- As it is among our sessions.
    session_id uuid primary key,
    user_id uuid not null references trulybot_auth.users (id) on delete cascade,
    created_at timestamptz not null default now()
);
create index on trulybot_auth.supabase_sessions (user_id);

alter table trulybot_auth.provider_flows enable row level security;
alter table trulybot_auth.provider_flows force row level security;
alter table trulybot_auth.provider_tokens enable row level security;
alter table trulybot_auth.provider_tokens force row level security;
alter table trulybot_auth.supabase_people enable row level security;
alter table trulybot_auth.supabase_people force row level security;
alter table trulybot_auth.supabase_sessions enable row level security;
alter table trulybot_auth.supabase_sessions force row level security;

grant select, insert, update, delete
      on trulybot_auth.provider_flows, trulybot_auth.provider_tokens, trulybot_auth.supabase_people,
         trulybot_auth.supabase_sessions
      to trulybot_system;
create policy system_all on trulybot_auth.provider_flows for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.provider_tokens for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.supabase_people for all to trulybot_system using (true) with check (true);
create policy system_all on trulybot_auth.supabase_sessions for all to trulybot_system using (true) with check (true);

-- What a session was opened with, and from where: people see it in their list of sessions, and their tokens say it.

alter table trulybot_auth.sessions
    -- aal2 once the person has shown a second factor in this session.
    add column aal text not null default 'aal1' check (aal in ('aal1', 'aal2')),
    -- [{"method", "timestamp"}], the newest first; seconds since 1970.
    add column amr jsonb not null default '[]' check (jsonb_typeof(amr) = 'array'),
    add column user_agent text not null default '' check (length(user_agent) <= 400),
    add column address text not null default '' check (length(address) <= 64);

update trulybot_auth.sessions
   set amr = jsonb_build_array(
           jsonb_build_object('method', 'password', 'timestamp', extract(epoch from created_at)::bigint));

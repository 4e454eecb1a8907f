-- Roles and extensions. Run before the migrations by a login that may create roles
-- (a superuser, or `postgres` on Supabase). May be run again at any time.
--
-- Supabase has anon, authenticated and service_role already; on any other PostgreSQL we make them alike.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
          from (values
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit'),
            -- A person or a program at our own door; inherits what `authenticated` may.
            ('member', 'nologin inherit'),
            ('visitor', 'nologin noinherit'),
            ('worker', 'nologin noinherit'),
            -- Sign-in and the other acts that have no workspace yet.
            ('trulybot_system', 'nologin noinherit'),
            -- Owns the `security definer` functions; may read what they read and nothing else.
            ('trulybot_definer', 'nologin noinherit'),
            ('trulybot_app', 'login noinherit'),
            ('trulybot_worker', 'login noinherit')
          ) as roles (name, attributes)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            execute format('create role %I %s', wanted.name, wanted.attributes);
        end if;
    end loop;
end
$$;

grant authenticated to member;
grant authenticated, member, visitor, trulybot_system to trulybot_app;
grant worker to trulybot_worker;

-- A query that takes longer than this is a bug, and must not hold a connection.
alter role trulybot_app set statement_timeout = '8s';
alter role trulybot_app set idle_in_transaction_session_timeout = '15s';
alter role trulybot_app set search_path = public, extensions;
alter role trulybot_worker set statement_timeout = '120s';
alter role trulybot_worker set idle_in_transaction_session_timeout = '60s';
alter role trulybot_worker set search_path = public, extensions;

-- A table of one session could stand in another's name for a table of ours, and nothing of ours needs one.
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end
$$;

create schema if not exists extensions;
create extension if not exists vector with schema extensions;
grant usage on schema extensions to public;

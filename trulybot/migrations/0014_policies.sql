-- Narrower: what a token alone opens, what a statement may rewrite, and what a linter for such schemas would say.

-- `authenticated` is what Supabase makes of anybody's access token, at an API that we do not serve. Our own requests
-- come as `member`, who has all that `authenticated` has and may besides call the functions that act with more rights.
grant usage on schema public, private, auth to member;

-- The workspaces that whoever acts may enter, as before; but read through a view, because a view cannot be called with
-- arguments and needs nobody to be allowed to execute a function with another's rights. The barrier keeps a caller's
-- own conditions from seeing a row before ours have.
create view private.my_workspaces with (security_barrier = true) as
    select m.workspace_id
      from public.memberships m
     where current_setting('role') in ('authenticated', 'member')
       and m.user_id = (select auth.uid())
       and (private.claimed_workspace_id() is null or m.workspace_id = private.claimed_workspace_id())
    union all
    select k.workspace_id
      from public.api_keys k
     where current_setting('role') in ('authenticated', 'member')
       and k.workspace_id = private.claimed_workspace_id()
       and k.id = nullif(private.claim('key_id'), '')::uuid
    union all
    select v.workspace_id
      from public.visitors v
     where current_setting('role') = 'visitor'
       and v.workspace_id = private.claimed_workspace_id()
       and v.id = private.claimed_visitor_id()
    union all
    select (j.args ->> 'workspace_id')::uuid
      from queue.procrastinate_jobs j
     where current_setting('role') = 'worker'
       and j.id = nullif(private.claim('job_id'), '')::bigint
       and j.status = 'doing'
       and (j.args ->> 'workspace_id')::uuid = private.claimed_workspace_id();
alter view private.my_workspaces owner to trulybot_definer;
revoke all on private.my_workspaces from public;
grant select on private.my_workspaces to authenticated, visitor, worker;

create or replace function private.my_workspace_ids() returns setof uuid
    language sql stable security invoker set search_path = ''
as $$
    select w.workspace_id from private.my_workspaces w
$$;

do $do$
declare
    one regprocedure;
begin
    for one in
        select p.oid
          from pg_proc p
         where p.pronamespace = 'private'::regnamespace
           and p.prosecdef
           and has_function_privilege('authenticated', p.oid, 'execute')
    loop
        execute format('grant execute on function %s to member', one);
        execute format('revoke execute on function %s from authenticated', one);
    end loop;
    -- procrastinate's functions name its tables without their schema, and so depend on who calls.
    for one in
        select p.oid
          from pg_proc p
         where p.pronamespace = 'queue'::regnamespace
           and not coalesce(p.proconfig::text like '%search_path=%', false)
    loop
        execute format('alter routine %s set search_path = queue', one);
    end loop;
end
$do$;

-- A trigger of the queue's looks there when a job is removed, as a workspace's are with it.
grant select, update (job_id) on queue.procrastinate_periodic_defers to trulybot_definer;

-- Whose a row is, what it is called and when it began stays as it was written: no statement of a tenant changes it, so
-- that a policy's check is the second wall and not the only one.
revoke update on public.documents, public.passages, public.passage_terms, public.knowledge from authenticated, worker;
grant update (title, url, language, source, content, content_hash, file_key, media_type, bytes, status, error_code,
              error_message, passages, terms, indexed, attempts, unembedded, updated_at)
      on public.documents to authenticated, worker;
grant update (ordinal, length, embedding_model, embedding, page, heading, text, sentences)
      on public.passages to authenticated, worker;
grant update (frequency, length) on public.passage_terms to authenticated, worker;
grant update (version, passages, terms) on public.knowledge to authenticated, worker;
revoke update on public.leads from authenticated;
grant update (email, name, phone, status) on public.leads to authenticated;

-- A visitor writes the columns that a question has, and none that a later version may add.
revoke insert on public.conversations, public.turns from visitor;
grant insert (workspace_id, id, visitor_id, user_id, key_id) on public.conversations to visitor;
grant insert (workspace_id, id, conversation_id, question) on public.turns to visitor;

-- Claims are read once a statement, not once a row; and an answer stays in the visitor's own conversation.
alter policy read_own on public.visitors
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and id = (select private.claimed_visitor_id()));
alter policy read_own on public.conversations
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and visitor_id = (select private.claimed_visitor_id()));
alter policy add_own on public.conversations
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and visitor_id = (select private.claimed_visitor_id()) and user_id is null and key_id is null);
alter policy change_own on public.conversations
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and visitor_id = (select private.claimed_visitor_id()))
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and visitor_id = (select private.claimed_visitor_id()));
alter policy read_own on public.turns
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and conversation_id = any (array(select c.id
                                              from public.conversations c
                                             where c.visitor_id = (select private.claimed_visitor_id()))));
alter policy add_own on public.turns
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and conversation_id = any (array(select c.id
                                                   from public.conversations c
                                                  where c.visitor_id = (select private.claimed_visitor_id()))));
alter policy change_own on public.turns
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and conversation_id = any (array(select c.id
                                              from public.conversations c
                                             where c.visitor_id = (select private.claimed_visitor_id()))))
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and conversation_id = any (array(select c.id
                                                   from public.conversations c
                                                  where c.visitor_id = (select private.claimed_visitor_id()))));
alter policy leave on public.leads
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and conversation_id = any (array(select c.id
                                                   from public.conversations c
                                                  where c.visitor_id = (select private.claimed_visitor_id()))));

-- Who changes their own profile or membership cannot take it to a workspace that is not theirs. A profile may be at home
-- elsewhere than in the open workspace, hence all of the person's.
create view private.my_homes with (security_barrier = true) as
    select m.workspace_id from public.memberships m where m.user_id = (select auth.uid());
alter view private.my_homes owner to trulybot_definer;
revoke all on private.my_homes from public;
grant select on private.my_homes to authenticated;
alter policy change on public.profiles
    with check (id = (select auth.uid())
                and workspace_id = any (array(select h.workspace_id from private.my_homes h)));
alter policy change on public.memberships
    with check (user_id = (select auth.uid()) and workspace_id = any (array(select private.my_workspace_ids())));

-- Each time `trulybot doctor --isolation` looked for what one workspace may see of another.
create table trulybot_auth.isolation_checks (
    id uuid primary key,
    -- The people it made up, each with a workspace, until it has removed them.
    user_ids uuid[] not null,
    began_at timestamptz not null default now(),
    -- Null: it runs, or it was ended before it could finish.
    ended_at timestamptz,
    -- How many answers it searched, and where a marker showed: [{"place", "marker"}].
    answers integer not null default 0,
    leaks jsonb not null default '[]' check (jsonb_typeof(leaks) = 'array')
);
create index on trulybot_auth.isolation_checks (began_at desc);
alter table trulybot_auth.isolation_checks enable row level security;
alter table trulybot_auth.isolation_checks force row level security;
grant select, insert, update, delete on trulybot_auth.isolation_checks to trulybot_system;
create policy system_all on trulybot_auth.isolation_checks for all to trulybot_system using (true) with check (true);
grant usage on schema trulybot_auth to trulybot_definer;
grant select on trulybot_auth.isolation_checks to trulybot_definer;
create policy definer_read on trulybot_auth.isolation_checks for select to trulybot_definer using (true);

-- The workspaces of the people whom a check made up go, with all that is in them; nobody else's can.
create function private.forget_canaries(check_id uuid) returns void
    language sql security definer set search_path = ''
as $$
    delete from public.workspaces w
     using trulybot_auth.isolation_checks c, public.profiles p
     where c.id = forget_canaries.check_id
       and p.id = any (c.user_ids)
       and w.id = p.workspace_id
       and not exists (select from public.memberships m where m.workspace_id = w.id and m.user_id <> all (c.user_ids))
$$;
alter function private.forget_canaries(uuid) owner to trulybot_definer;
revoke all on function private.forget_canaries(uuid) from public;
grant execute on function private.forget_canaries(uuid) to trulybot_system;
grant delete on public.workspaces to trulybot_definer;

-- Whose these ids are, for those that anybody may name in an address. Asked after the answer and never for it: whether an
-- id exists elsewhere is nobody's to learn, not even by the time that an answer takes. A check of isolation names another
-- tenant's ids on purpose, and must not wake the operator for that: its own tenants are nobody.
create function private.tenants_of(ids uuid[]) returns table (id uuid, workspace_id uuid)
    language sql stable security definer set search_path = ''
as $$
    with found as (
        select w.id, w.id as workspace_id from public.workspaces w where w.id = any (tenants_of.ids)
        union all
        select d.id, d.workspace_id from public.documents d where d.id = any (tenants_of.ids)
        union all
        select c.id, c.workspace_id from public.conversations c where c.id = any (tenants_of.ids)
        union all
        select l.id, l.workspace_id from public.leads l where l.id = any (tenants_of.ids)
        union all
        select k.id, k.workspace_id from public.api_keys k where k.id = any (tenants_of.ids)
    )
    select f.id, f.workspace_id
      from found f
     where not exists (select from trulybot_auth.isolation_checks c
                         join public.profiles p on p.id = any (c.user_ids)
                        where c.ended_at is null and p.workspace_id = f.workspace_id)
$$;
alter function private.tenants_of(uuid[]) owner to trulybot_definer;
revoke all on function private.tenants_of(uuid[]) from public;
grant execute on function private.tenants_of(uuid[]) to trulybot_app, trulybot_worker;

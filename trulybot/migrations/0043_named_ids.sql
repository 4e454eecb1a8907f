-- Whose the ids are that the new addresses name, so that trying another tenant's is noted; and one way to read, not two.

create index on public.curated_answers (id);
create index on public.unanswered_groups (id);
create index on public.golden_sets (id);
create index on public.golden_questions (id);
create index on public.golden_runs (id);
create index on public.sources (id);
create index on public.deletion_receipts (id);
create index on public.conflicts (id);

grant select (id, workspace_id)
      on public.curated_answers, public.golden_sets, public.golden_questions, public.golden_runs, public.sources,
         public.deletion_receipts, public.conflicts
      to trulybot_definer;
do $do$
declare
    named text;
begin
    foreach named in array array['curated_answers', 'golden_sets', 'golden_questions', 'golden_runs', 'sources',
                                 'deletion_receipts', 'conflicts'] loop
        -- Some of them are its own to sweep already, and one policy is enough.
        if not exists (select
                         from pg_policies p
                        where p.schemaname = 'public'
                          and p.tablename = named
                          and 'trulybot_definer' = any (p.roles)
                          and p.cmd in ('ALL', 'SELECT')) then
            execute format('create policy definer_read on public.%I for select to trulybot_definer using (true)', named);
        end if;
    end loop;
end
$do$;

create or replace function private.tenants_of(ids uuid[]) returns table (id uuid, workspace_id uuid)
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
        union all
        select a.id, a.workspace_id from public.curated_answers a where a.id = any (tenants_of.ids)
        union all
        select g.id, g.workspace_id from public.unanswered_groups g where g.id = any (tenants_of.ids)
        union all
        select s.id, s.workspace_id from public.golden_sets s where s.id = any (tenants_of.ids)
        union all
        select q.id, q.workspace_id from public.golden_questions q where q.id = any (tenants_of.ids)
        union all
        select r.id, r.workspace_id from public.golden_runs r where r.id = any (tenants_of.ids)
        union all
        select s.id, s.workspace_id from public.sources s where s.id = any (tenants_of.ids)
        union all
        select r.id, r.workspace_id from public.deletion_receipts r where r.id = any (tenants_of.ids)
        union all
        select f.id, f.workspace_id from public.conflicts f where f.id = any (tenants_of.ids)
    )
    select f.id, f.workspace_id
      from found f
     where not exists (select from trulybot_auth.isolation_checks c
                         join public.profiles p on p.id = any (c.user_ids)
                        where c.ended_at is null and p.workspace_id = f.workspace_id)
$$;

-- Each of these is part of a wider one for the same role.
drop policy definer_read on public.documents;
drop policy read_unanswered on public.turns;

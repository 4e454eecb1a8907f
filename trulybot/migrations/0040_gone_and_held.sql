-- What is held answers nobody, also in the owner's words; and what is deleted is not written down again by an answer
-- that was on its way.

-- As in passages: of a file that is held back until it has passed its test.
alter table public.curated_answers add column held boolean not null default false;
update public.curated_answers a
   set held = true
  from public.documents d
 where d.workspace_id = a.workspace_id and d.id = a.document_id and d.held;
grant update (held) on public.curated_answers to authenticated, worker;
grant select (held) on public.curated_answers to visitor;

-- Which of these documents are still there; they stay until the caller's transaction ends. A visitor may not lock what
-- they may not change, so that this does it for them. Whoever indexes a document need not wait for it.
create function private.documents_that_stay(ids uuid[]) returns setof uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    return query
        select d.id
          from public.documents d
         where d.workspace_id = workspace and d.id = any (documents_that_stay.ids)
         order by d.id
           for key share;
end
$$;
alter function private.documents_that_stay(uuid[]) owner to trulybot_definer;
revoke all on function private.documents_that_stay(uuid[]) from public;
grant execute on function private.documents_that_stay(uuid[]) to member, visitor, worker;

-- Whether the knowledge is still at this version; it stays there until the caller's transaction ends.
create function private.knowledge_stays(version bigint) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    perform from public.knowledge k
      where k.workspace_id = workspace and k.version = knowledge_stays.version
        for share;
    return found;
end
$$;
alter function private.knowledge_stays(bigint) owner to trulybot_definer;
revoke all on function private.knowledge_stays(bigint) from public;
grant execute on function private.knowledge_stays(bigint) to member, visitor, worker;

-- Whoever proves a deletion takes it out of the golden questions, and blanks what they were answered.
grant update (document_ids) on public.golden_questions to worker;
grant update (outcome) on public.golden_results to worker;
create policy forget on public.golden_questions for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy forget on public.golden_results for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

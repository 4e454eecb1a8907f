-- Curated answers obey the publish gate as documents do: what is changed waits as a row beside the one that answers.

alter table public.curated_answers
    -- The answer whose place a held one takes once it is published; null for one that is new.
    add column replaces uuid,
    -- What is held is that the other goes.
    add column removes boolean not null default false;
-- squawk-ignore constraint-missing-not-valid
alter table public.curated_answers add check (replaces is null or held);
-- squawk-ignore constraint-missing-not-valid
alter table public.curated_answers add check (not removes or (replaces is not null and not enabled));
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.curated_answers add foreign key (workspace_id, replaces)
    references public.curated_answers (workspace_id, id) on delete cascade;
-- squawk-ignore require-concurrent-index-creation
create unique index on public.curated_answers (workspace_id, replaces);
-- squawk-ignore require-concurrent-index-creation
create index on public.curated_answers (workspace_id, id) where held;

-- Give the answers of held files to the live ones whose place those take, which lose theirs. Whose an answer is, is
-- nobody's to rewrite otherwise.
create function private.take_place_of_answers(held_ids uuid[], live_ids uuid[]) returns void
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    delete from public.curated_answers a
     where a.workspace_id = workspace and a.document_id = any (take_place_of_answers.live_ids);
    update public.curated_answers a
       set held = false, document_id = pair.live
      from unnest(take_place_of_answers.held_ids, take_place_of_answers.live_ids) as pair (held, live)
      join public.documents h on h.workspace_id = workspace and h.id = pair.held and h.held
      join public.documents d on d.workspace_id = workspace and d.id = pair.live and d.external_id = h.external_id
     where a.workspace_id = workspace
       and a.document_id = pair.held;
end
$$;
alter function private.take_place_of_answers(uuid[], uuid[]) owner to trulybot_definer;
revoke all on function private.take_place_of_answers(uuid[], uuid[]) from public;
grant execute on function private.take_place_of_answers(uuid[], uuid[]) to member, worker;
grant select, delete, update (held, document_id) on public.curated_answers to trulybot_definer;
create policy definer_publishes on public.curated_answers for update to trulybot_definer using (true) with check (true);
create policy definer_replaces on public.curated_answers for delete to trulybot_definer using (true);

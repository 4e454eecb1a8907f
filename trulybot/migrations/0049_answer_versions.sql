-- The history of curated answers, as of documents: what they said before, and which of them an answer told.

alter table public.curated_answers
    -- The versions of the knowledge that brought the answer, and its content. Null within an act that has not been written
    -- down yet, and while it is held.
    add column added_version bigint default 0,
    add column content_version bigint default 0;
update public.curated_answers set added_version = null, content_version = null where held;
-- What was there before there was a history belongs to its beginning; what comes is named by its act.
-- squawk-ignore ban-drop-default
alter table public.curated_answers alter column added_version drop default;
-- squawk-ignore ban-drop-default
alter table public.curated_answers alter column content_version drop default;
-- squawk-ignore require-concurrent-index-creation
create index on public.curated_answers (workspace_id) where content_version is null;

-- What an answer said before it was changed or taken out, so that it can come back.
create table public.curated_answer_versions (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    -- The answer's id. Not a foreign key: an answer that was taken out is nowhere but here.
    answer_id uuid not null,
    -- The file that it was read from, and with which this goes.
    document_id uuid,
    added_version bigint not null,
    -- It said this from one version on, and no more from the other on; null within the act that ends it.
    from_version bigint not null,
    until_version bigint,
    question text not null,
    alternatives text[] not null,
    answer text not null,
    language text,
    enabled boolean not null,
    kept_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, document_id) references public.documents (workspace_id, id) on delete cascade
);
create index on public.curated_answer_versions (workspace_id, answer_id, from_version);
create index on public.curated_answer_versions (workspace_id, document_id);
create index on public.curated_answer_versions (kept_at);

alter table public.curated_answer_versions enable row level security;
alter table public.curated_answer_versions force row level security;
grant select on public.curated_answer_versions to authenticated, worker;
create policy read on public.curated_answer_versions for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- As documents' history, it is written by these functions alone.
grant select, insert, update, delete on public.curated_answer_versions to trulybot_definer;
create policy definer_all on public.curated_answer_versions for all to trulybot_definer using (true) with check (true);
grant update (added_version, content_version) on public.curated_answers to trulybot_definer;
grant select on public.curated_phrasings to trulybot_definer;

-- As before, and of curated answers too.
create or replace function private.record_version(kind text, count integer, details jsonb) returns bigint
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
    number bigint;
    actor text;
    refused integer;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    actor := case when current_setting('role') = 'worker' then 'system'
                  when private.claim('key_id') is null then 'person'
                  else 'key' end;
    update public.knowledge k set version = k.version + 1 where k.workspace_id = workspace returning k.version into number;
    with named as (
        update public.documents d
           set content_version = number, added_version = coalesce(d.added_version, number)
         where d.workspace_id = workspace and d.content_version is null
        returning d.status
    )
    select count(*) filter (where n.status = 'failed') into refused from named n;
    update public.curated_answers a
       set content_version = number, added_version = coalesce(a.added_version, number)
     where a.workspace_id = workspace and a.content_version is null and not a.held;
    insert into public.knowledge_versions (workspace_id, version, kind, actor_kind, actor_id, count, failed, details)
    values (workspace, number, record_version.kind, actor,
            case actor when 'person' then private.claim('sub') when 'key' then private.claim('key_id') end,
            record_version.count, refused, record_version.details);
    update public.document_versions v
       set until_version = number
     where v.workspace_id = workspace and v.until_version is null;
    update public.curated_answer_versions v
       set until_version = number
     where v.workspace_id = workspace and v.until_version is null;
    return number;
end
$$;

-- However an answer is changed, what it said is kept. Its phrasings are changed after it, so they are still the old ones.
create function private.keep_answer_version() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.curated_answer_versions
           (workspace_id, answer_id, document_id, added_version, from_version, question, alternatives, answer,
            language, enabled)
    select old.workspace_id, old.id, old.document_id, old.added_version, old.content_version, old.question,
           coalesce((select array_agg(p.text order by p.place)
                       from public.curated_phrasings p
                      where p.workspace_id = old.workspace_id and p.answer_id = old.id and p.place > 0), '{}'),
           old.answer, old.language, old.enabled;
    new.content_version := null;
    return new;
end
$$;
alter function private.keep_answer_version() owner to trulybot_definer;
revoke all on function private.keep_answer_version() from public;
create trigger keep_version before update of question, answer, language, enabled on public.curated_answers
    for each row when (old.content_version is not null and not old.held)
    execute function private.keep_answer_version();

-- Take answers out so that they can come back.
create function private.take_out_answers(ids uuid[]) returns void
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    insert into public.curated_answer_versions
           (workspace_id, answer_id, document_id, added_version, from_version, question, alternatives, answer,
            language, enabled)
    select a.workspace_id, a.id, a.document_id, a.added_version, a.content_version, a.question,
           coalesce((select array_agg(p.text order by p.place)
                       from public.curated_phrasings p
                      where p.workspace_id = workspace and p.answer_id = a.id and p.place > 0), '{}'),
           a.answer, a.language, a.enabled
      from public.curated_answers a
     where a.workspace_id = workspace and a.id = any (take_out_answers.ids)
       and a.content_version is not null;
    delete from public.curated_answers a
     where a.workspace_id = workspace and a.id = any (take_out_answers.ids);
end
$$;
alter function private.take_out_answers(uuid[]) owner to trulybot_definer;
revoke all on function private.take_out_answers(uuid[]) from public;
grant execute on function private.take_out_answers(uuid[]) to member, worker;

-- What answers said that is too old, or too many of one answer.
create function private.sweep_answer_versions(kept interval, most integer) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    with ranked as (
        select v.workspace_id, v.id, row_number() over (partition by v.workspace_id, v.answer_id
                                                        order by v.from_version desc) as place
          from public.curated_answer_versions v
    )
    delete from public.curated_answer_versions v
     using ranked r
     where r.workspace_id = v.workspace_id and r.id = v.id
       and (v.kept_at < now() - kept or r.place > most);
end
$$;
alter function private.sweep_answer_versions(interval, integer) owner to trulybot_definer;
revoke all on function private.sweep_answer_versions(interval, integer) from public;
grant execute on function private.sweep_answer_versions(interval, integer) to trulybot_worker;

-- The curated answer that was told, of an answer that was one.
alter table public.turn_snapshots add column curated_answer uuid;
grant insert (curated_answer) on public.turn_snapshots to visitor;

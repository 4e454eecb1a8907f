-- The history of what a workspace knows: what changed, when and by whom; and what documents held before.

-- One row an act. `knowledge.version` rises with every step of indexing too; an act takes one of its numbers, and what
-- follows belongs to it until the next act.
create table public.knowledge_versions (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    version bigint not null,
    -- One of trulybot/knowledge/models.py.
    kind text not null check (length(kind) between 1 and 100),
    actor_kind text not null check (actor_kind in ('person', 'key', 'system')),
    actor_id text,
    -- How many things it changed, and how many of them could not be read afterwards.
    count integer not null check (count >= 0),
    failed integer not null default 0,
    -- Ids and numbers, never what people wrote: it outlives what was deleted.
    details jsonb not null default '{}',
    created_at timestamptz not null default now(),
    primary key (workspace_id, version)
);

alter table public.documents
    -- The versions of the knowledge that brought the document, and its content. Null within an act that has not been
    -- written down yet: private.record_version() names what its own transaction left without a name.
    add column added_version bigint default 0,
    add column content_version bigint default 0;
-- What was there before there was a history belongs to its beginning; what comes is named by its act.
-- squawk-ignore ban-drop-default
alter table public.documents alter column added_version drop default;
-- squawk-ignore ban-drop-default
alter table public.documents alter column content_version drop default;
create index on public.documents (workspace_id) where content_version is null;

-- What a document held before it was replaced or taken out, so that it can come back.
create table public.document_versions (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    -- The document's id. Not a foreign key: a document that was taken out is nowhere but here.
    document uuid not null,
    added_version bigint not null,
    -- It held this from one version on, and no more from the other on; null within the act that ends it.
    from_version bigint not null,
    until_version bigint,
    is_taken_out boolean not null,
    external_id text,
    title text not null,
    url text,
    language text,
    source text not null,
    content text,
    content_hash bytea not null,
    file_key text,
    media_type text not null,
    bytes bigint not null,
    created_by uuid,
    created_at timestamptz not null,
    kept_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index on public.document_versions (workspace_id, document, from_version);
create index on public.document_versions (kept_at);

alter table public.knowledge_versions enable row level security;
alter table public.knowledge_versions force row level security;
alter table public.document_versions enable row level security;
alter table public.document_versions force row level security;

grant select on public.knowledge_versions to authenticated, worker;
create policy read on public.knowledge_versions for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
grant select, delete on public.document_versions to authenticated, worker;
create policy read on public.document_versions for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.document_versions for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- History is written by these functions alone, so that nobody writes another's name, or a history that was not.
grant select, insert, update, delete on public.knowledge_versions, public.document_versions to trulybot_definer;
create policy definer_all on public.knowledge_versions for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.document_versions for all to trulybot_definer using (true) with check (true);
grant update on public.knowledge to trulybot_definer;
grant select, update (added_version, content_version) on public.documents to trulybot_definer;
create policy definer_all on public.documents for all to trulybot_definer using (true) with check (true);

-- Write an act down as the newest version, with whoever acts, and answer with its number. What the transaction changed
-- of documents becomes part of it.
create function private.record_version(kind text, count integer, details jsonb) returns bigint
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
    insert into public.knowledge_versions (workspace_id, version, kind, actor_kind, actor_id, count, failed, details)
    values (workspace, number, record_version.kind, actor,
            case actor when 'person' then private.claim('sub') when 'key' then private.claim('key_id') end,
            record_version.count, refused, record_version.details);
    update public.document_versions v
       set until_version = number
     where v.workspace_id = workspace and v.until_version is null;
    return number;
end
$$;
alter function private.record_version(text, integer, jsonb) owner to trulybot_definer;
revoke all on function private.record_version(text, integer, jsonb) from public;
grant execute on function private.record_version(text, integer, jsonb) to member, worker;

-- However a document's content is replaced, what it held is kept; except what could not be read, which never answered.
create function private.keep_document_version() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    if old.content_version is not null then
        if old.status <> 'failed' then
            insert into public.document_versions
                   (workspace_id, document, added_version, from_version, is_taken_out, external_id, title, url,
                    language, source, content, content_hash, file_key, media_type, bytes, created_by, created_at)
            values (old.workspace_id, old.id, old.added_version, old.content_version, false, old.external_id, old.title,
                    old.url, old.language, old.source, old.content, old.content_hash, old.file_key, old.media_type,
                    old.bytes, old.created_by, old.created_at);
        end if;
        new.content_version := null;
    end if;
    return new;
end
$$;
alter function private.keep_document_version() owner to trulybot_definer;
revoke all on function private.keep_document_version() from public;
create trigger keep_version before update of content_hash on public.documents
    for each row when (old.content_hash is distinct from new.content_hash)
    execute function private.keep_document_version();

-- Take documents out so that they can come back; what they hold is kept, their passages are not. Answers with which.
create function private.take_out(ids uuid[]) returns table (id uuid, passages integer, terms bigint)
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    perform d.id
       from public.documents d
      where d.workspace_id = workspace and d.id = any (take_out.ids)
      order by d.id
        for update;
    insert into public.document_versions
           (workspace_id, document, added_version, from_version, is_taken_out, external_id, title, url, language, source,
            content, content_hash, file_key, media_type, bytes, created_by, created_at)
    select d.workspace_id, d.id, d.added_version, d.content_version, true, d.external_id, d.title, d.url, d.language,
           d.source, d.content, d.content_hash, d.file_key, d.media_type, d.bytes, d.created_by, d.created_at
      from public.documents d
     where d.workspace_id = workspace and d.id = any (take_out.ids)
       and d.content_version is not null
       and d.status <> 'failed';
    return query
        delete from public.documents d
         where d.workspace_id = workspace and d.id = any (take_out.ids)
        returning d.id, d.passages, d.terms;
end
$$;
alter function private.take_out(uuid[]) owner to trulybot_definer;
revoke all on function private.take_out(uuid[]) from public;
grant execute on function private.take_out(uuid[]) to member, worker;
grant delete on public.documents to trulybot_definer;

-- A document of an act could not be read after all.
create function private.count_failed(version bigint) returns void
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    update public.knowledge_versions v
       set failed = v.failed + 1
     where v.workspace_id = workspace and v.version = count_failed.version;
end
$$;
alter function private.count_failed(bigint) owner to trulybot_definer;
revoke all on function private.count_failed(bigint) from public;
grant execute on function private.count_failed(bigint) to worker;

-- Earlier contents that are too old, or too many of one document. Answers with the files that nothing names any more.
create function private.sweep_document_versions(kept interval, most integer) returns table (file_key text)
    language plpgsql security definer set search_path = ''
as $$
begin
    return query
        with ranked as (
            select v.workspace_id, v.id, row_number() over (partition by v.workspace_id, v.document
                                                            order by v.from_version desc) as place
              from public.document_versions v
        ), swept as (
            delete from public.document_versions v
             using ranked r
             where r.workspace_id = v.workspace_id and r.id = v.id
               and (v.kept_at < now() - kept or r.place > most)
            returning v.workspace_id, v.id, v.file_key
        )
        select distinct s.file_key
          from swept s
         where s.file_key is not null
           and not exists (select from public.documents d
                            where d.workspace_id = s.workspace_id and d.file_key = s.file_key)
           and not exists (select from public.document_versions v
                            where v.workspace_id = s.workspace_id and v.file_key = s.file_key
                              and v.id not in (select w.id from swept w));
end
$$;
alter function private.sweep_document_versions(interval, integer) owner to trulybot_definer;
revoke all on function private.sweep_document_versions(interval, integer) from public;
grant execute on function private.sweep_document_versions(interval, integer) to trulybot_worker;

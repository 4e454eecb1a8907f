-- What makes a search fast where a workspace is large, and costs the small ones nothing.

-- Vectors of large workspaces stand in an index by nearness, one for each width that models have; the number of
-- dimensions says in which, and 0 that a vector is compared with the question by itself, which is exact.
alter table public.passage_vectors add column indexed smallint not null default 0;
create index passage_vectors_near_384 on public.passage_vectors
    using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops) where indexed = 384;
create index passage_vectors_near_768 on public.passage_vectors
    using hnsw ((embedding::extensions.halfvec(768)) extensions.halfvec_cosine_ops) where indexed = 768;
create index passage_vectors_near_1024 on public.passage_vectors
    using hnsw ((embedding::extensions.halfvec(1024)) extensions.halfvec_cosine_ops) where indexed = 1024;
create index passage_vectors_near_1536 on public.passage_vectors
    using hnsw ((embedding::extensions.halfvec(1536)) extensions.halfvec_cosine_ops) where indexed = 1536;

-- none: compared one by one. growing: new vectors go into the index and old ones follow, still compared one by one.
-- whole: all of the answering model's are in it, and it is asked.
alter table public.knowledge add column indexing text not null default 'none'
    check (indexing in ('none', 'growing', 'whole'));

-- By the passage alone, for what goes with it. Beside the workspace's id, the planner took it for as good a way to one
-- term of one passage as the primary key, and read all terms of the passage.
create index on public.passage_terms (passage_id);
-- squawk-ignore require-concurrent-index-deletion
drop index public.passage_terms_workspace_id_passage_id_idx;

-- In how many passages of a large workspace its commonest terms stand, as of when they were last counted. Counting
-- them for every question would read a great part of the inverted list. A term that is not here is counted as asked.
create table public.common_terms (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    term text not null,
    passages integer not null,
    primary key (workspace_id, term) include (passages)
);
-- How many passages there were when they were counted.
alter table public.knowledge add column counted bigint not null default 0;

alter table public.common_terms enable row level security;
alter table public.common_terms force row level security;
grant select on public.common_terms to authenticated, visitor, worker;
grant insert, delete, update (passages) on public.common_terms to worker;
create policy read on public.common_terms for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.common_terms for insert to worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.common_terms for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.common_terms for delete to worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant update (indexed) on public.passage_vectors to worker;
grant update (indexing, counted) on public.knowledge to worker;

-- Whether new documents wait or are being read: what can wait does, until they are through.
create function private.documents_wait() returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from queue.procrastinate_jobs q where q.queue_name = 'ingest' and q.status in ('todo', 'doing'))
$$;

-- Which models' vectors answer in any workspace.
create function private.answering_models() returns setof text
    language sql stable security definer set search_path = ''
as $$
    select distinct k.embedding_model from public.knowledge k where k.embedding_model is not null
$$;

-- Queue the tending of every workspace that has outgrown its indexes, or in which none of these models answers.
create function private.queue_tending(models text[], large bigint, small bigint) returns bigint
    language sql volatile security definer set search_path = queue
as $$
    with wanted as (
        select k.workspace_id, 'documents.tend' as task, 'tend' as queue, 'tend:' || k.workspace_id as lock
          from public.knowledge k
         where k.embedding_model <> all (queue_tending.models)
            or (k.passages >= queue_tending.large
                and (k.indexing <> 'whole' or abs(k.passages - k.counted) > 0.1 * k.passages))
            or (k.passages < queue_tending.small and (k.indexing <> 'none' or k.counted > 0))
    ), queued as (
        insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
        select w.queue, w.task, w.lock, jsonb_build_object('workspace_id', w.workspace_id)
          from wanted w
         where not exists (select
                             from queue.procrastinate_jobs q
                            where q.lock = w.lock
                              and q.status = 'todo')
        returning id
    )
    select count(*) from queued
$$;

alter function private.documents_wait() owner to trulybot_definer;
alter function private.answering_models() owner to trulybot_definer;
alter function private.queue_tending(text[], bigint, bigint) owner to trulybot_definer;
revoke all on function private.documents_wait(), private.answering_models(),
    private.queue_tending(text[], bigint, bigint) from public;
grant execute on function private.documents_wait(), private.queue_tending(text[], bigint, bigint) to trulybot_worker;
grant execute on function private.answering_models() to trulybot_worker, trulybot_system;

-- Vectors of a second model, which knows English alone and is better there at telling what asks the same: of each
-- passage's heading, or else its title, and of each way to ask for an answer. They are of the one such model that the
-- embedder process has, and only beside vectors of its other model; where another server embeds, there are none. When
-- that model changes, a migration empties the columns, and tending fills them again behind what answers.
alter table public.passage_vectors add column english extensions.halfvec;
alter table public.passage_vectors alter column english set storage external;
alter table public.curated_phrasings add column english extensions.halfvec;
alter table public.curated_phrasings alter column english set storage external;

-- What still waits for one; so few that looking for them costs nothing.
create index passage_vectors_without_english on public.passage_vectors (workspace_id, model, passage_id)
    where english is null;

grant update (english) on public.passage_vectors, public.curated_phrasings to authenticated, worker;
grant select (workspace_id, model, english) on public.passage_vectors to trulybot_definer;
create policy definer_read on public.passage_vectors for select to trulybot_definer using (true);
grant select (english) on public.curated_phrasings to trulybot_definer;

-- Queue the reading of every workspace's headings and phrasings that have a vector of this model and no English one.
create function private.queue_english(model text) returns bigint
    language sql volatile security definer set search_path = queue
as $$
    with recursive without as (
        -- From one workspace to the next, however many passages each has.
        (select v.workspace_id
           from public.passage_vectors v
          where v.english is null and v.model = queue_english.model
          order by v.workspace_id
          limit 1)
        union all
        select (select v.workspace_id
                  from public.passage_vectors v
                 where v.english is null
                   and v.model = queue_english.model
                   and v.workspace_id > without.workspace_id
                 order by v.workspace_id
                 limit 1)
          from without
         where without.workspace_id is not null
    ), wanted as (
        select w.workspace_id, 'documents.tend' as task, 'tend' as queue, 'tend:' || w.workspace_id as lock
          from without w
         where w.workspace_id is not null
        union all
        select distinct p.workspace_id, 'curated.embed', 'default', 'curated:' || p.workspace_id
          from public.curated_phrasings p
         where p.embedding_model = queue_english.model
           and p.english is null
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

alter function private.queue_english(text) owner to trulybot_definer;
revoke all on function private.queue_english(text) from public;
grant execute on function private.queue_english(text) to trulybot_worker;

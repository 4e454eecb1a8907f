-- Phrasings that name another embedding model wait for the one of the settings, also where there are no passages.

grant select (workspace_id, embedding_model) on public.curated_phrasings to trulybot_definer;
create policy definer_read on public.curated_phrasings for select to trulybot_definer using (true);

-- Queue the embedding of every workspace's phrasings without a vector of one of these models.
create function private.queue_phrasings(models text[]) returns bigint
    language sql volatile security definer set search_path = queue
as $$
    with wanted as (
        select distinct p.workspace_id, 'curated:' || p.workspace_id as lock
          from public.curated_phrasings p
         where (p.embedding_model = any (queue_phrasings.models)) is not true
    ), queued as (
        insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
        select 'default', 'curated.embed', w.lock, jsonb_build_object('workspace_id', w.workspace_id)
          from wanted w
         where not exists (select
                             from queue.procrastinate_jobs q
                            where q.lock = w.lock
                              and q.status = 'todo')
        returning id
    )
    select count(*) from queued
$$;

alter function private.queue_phrasings(text[]) owner to trulybot_definer;
revoke all on function private.queue_phrasings(text[]) from public;
grant execute on function private.queue_phrasings(text[]) to trulybot_worker;

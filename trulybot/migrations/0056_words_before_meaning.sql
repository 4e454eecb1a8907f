-- A workspace's words are counted in advance at another size than its vectors are indexed.

-- A worker of before asks in vain until it is started anew; the chore comes again.
-- squawk-ignore ban-drop-function
drop function private.queue_tending(text[], bigint, bigint);

-- Queue the tending of every workspace that has outgrown its counts or its index, or in which none of these models
-- answers. counted, indexed: from how many passages on, and below how many no more.
create function private.queue_tending(models text[], counted bigint[], indexed bigint[]) returns bigint
    language sql volatile security definer set search_path = queue
as $$
    with wanted as (
        select k.workspace_id, 'documents.tend' as task, 'tend' as queue, 'tend:' || k.workspace_id as lock
          from public.knowledge k
         where k.embedding_model <> all (queue_tending.models)
            or (k.passages >= queue_tending.counted[1] and abs(k.passages - k.counted) > 0.1 * k.passages)
            or (k.passages < queue_tending.counted[2] and k.counted > 0)
            or (k.passages >= queue_tending.indexed[1] and k.indexing <> 'whole')
            or (k.passages < queue_tending.indexed[2] and k.indexing <> 'none')
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

alter function private.queue_tending(text[], bigint[], bigint[]) owner to trulybot_definer;
revoke all on function private.queue_tending(text[], bigint[], bigint[]) from public;
grant execute on function private.queue_tending(text[], bigint[], bigint[]) to trulybot_worker;

-- Reading again after a pause, and how long what waits will take.

-- A file whose reader stopped is read once more, not before this.
alter table public.documents add column retry_at timestamptz;

-- How long the last passages took, smoothed; null until some were embedded.
alter table public.knowledge add column milliseconds_a_passage real;

-- Queue a job of the open workspace that is not to begin before so many seconds have passed.
create function private.enqueue_later(task text, queue text, ids jsonb, seconds integer) returns bigint
    language plpgsql security definer set search_path = queue
as $$
declare
    workspace uuid;
    job bigint;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    insert into queue.procrastinate_jobs (queue_name, task_name, args, scheduled_at)
    values (enqueue_later.queue, enqueue_later.task,
            enqueue_later.ids || jsonb_build_object('workspace_id', workspace),
            now() + make_interval(secs => enqueue_later.seconds))
    returning id into job;
    return job;
end
$$;

alter function private.enqueue_later(text, text, jsonb, integer) owner to trulybot_definer;
revoke all on function private.enqueue_later(text, text, jsonb, integer) from public;
grant execute on function private.enqueue_later(text, text, jsonb, integer) to worker;

grant update (milliseconds_a_passage) on public.knowledge to worker;
grant update (retry_at) on public.documents to authenticated, worker;

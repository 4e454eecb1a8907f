-- Mail: what waits to be sent, what was sent, and what an operator without a mail server reads in the mailbox.
--
-- A mail is kept in the transaction of the act that causes it, whoever acts, by private.keep_mail(); nobody but the
-- mailbox (role trulybot_system) reads the table. What it says, with its links and codes, is sealed by the key ring of
-- the app, which is not in the database: whoever smuggles in a statement can neither read a code nor write a mail, since
-- what does not open is not sent.
--
-- Its job belongs to no workspace. The worker cannot become trulybot_system; as role worker, with the number of a job
-- that is running, it sees the one mail of that job (mail_to_send) and says what became of it (note_mail).

create table trulybot_auth.mails (
    id uuid primary key,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    -- No space, no control character: it becomes a line of the dialogue with a mail server.
    recipient text not null check (length(recipient) between 3 and 320 and recipient !~ '[[:space:][:cntrl:]<>]'),
    locale text check (length(locale) <= 35),
    -- Gone once the mail was sent, or never will be.
    sealed bytea check (length(sealed) <= 100000),
    -- queued: waits for the worker. kept: there is no mail server, the mailbox shows it.
    state text not null default 'queued' check (state in ('queued', 'sent', 'failed', 'kept')),
    tries integer not null default 0,
    -- Why the last attempt failed: a name of ours and the server's number, never its words.
    reason text check (length(reason) <= 60),
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    check ((state in ('sent', 'failed')) = (sealed is null))
);
create index on trulybot_auth.mails (created_at);

alter table trulybot_auth.mails enable row level security;
alter table trulybot_auth.mails force row level security;
grant select on trulybot_auth.mails to trulybot_system;
create policy system_read on trulybot_auth.mails for select to trulybot_system using (true);
grant usage on schema trulybot_auth to trulybot_definer;
grant select, insert, update, delete on trulybot_auth.mails to trulybot_definer;
create policy definer_all on trulybot_auth.mails for all to trulybot_definer using (true) with check (true);

-- Queue a job that belongs to no workspace. One that names a workspace would act as that workspace's own, so it may not.
create function private.enqueue_system(task text, queue text, lock text, ids jsonb) returns bigint
    language plpgsql security definer set search_path = queue
as $$
declare
    job bigint;
begin
    if enqueue_system.ids ? 'workspace_id' then
        raise exception 'a job of a workspace is queued by private.enqueue' using errcode = 'insufficient_privilege';
    end if;
    insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
    values (enqueue_system.queue, enqueue_system.task, enqueue_system.lock, enqueue_system.ids)
    returning id into job;
    return job;
end
$$;

-- Keep a mail and queue its delivery. For sign-in, for a member or key of a workspace, for a job that runs; a visitor
-- causes mail by a job.
create function private.keep_mail(id uuid, kind text, recipient text, locale text, sealed bytea) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    if not (current_setting('role') = 'trulybot_system'
            or (current_setting('role') in ('authenticated', 'member') and exists (select from private.my_workspace_ids()))
            or (current_setting('role') = 'worker' and exists (select from private.running_job()))) then
        raise exception 'nobody who may send mail' using errcode = 'insufficient_privilege';
    end if;
    insert into trulybot_auth.mails (id, kind, recipient, locale, sealed)
    values (keep_mail.id, keep_mail.kind, keep_mail.recipient, keep_mail.locale, keep_mail.sealed);
    perform private.enqueue_system('mail.deliver', 'deliver', null, jsonb_build_object('mail_id', keep_mail.id));
end
$$;

-- The mail of the claims' job, while it runs.
create function private.running_mail() returns uuid
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return (select (q.args ->> 'mail_id')::uuid
              from queue.procrastinate_jobs q
             where current_setting('role') = 'worker'
               and q.id = nullif(private.claim('job_id'), '')::bigint
               and q.status = 'doing'
               and q.task_name = 'mail.deliver'
               and not q.args ? 'workspace_id');
end
$$;

create function private.mail_to_send()
    returns table (id uuid, kind text, recipient text, locale text, sealed bytea, created_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select m.id, m.kind, m.recipient, m.locale, m.sealed, m.created_at
      from trulybot_auth.mails m
     where m.id = private.running_mail()
       and m.state = 'queued'
$$;

-- What became of it: queued (it will be tried again), sent, failed, kept.
create function private.note_mail(state text, reason text) returns void
    language sql security definer set search_path = ''
as $$
    update trulybot_auth.mails m
       set state = note_mail.state,
           reason = note_mail.reason,
           tries = m.tries + 1,
           sealed = case when note_mail.state in ('sent', 'failed') then null else m.sealed end,
           sent_at = case when note_mail.state = 'sent' then now() end
     where m.id = private.running_mail()
       and m.state = 'queued'
$$;

-- A week is long enough to see what became of a mail, or to read it in the mailbox.
create function private.sweep_mails() returns void
    language sql security definer set search_path = ''
as $$
    delete from trulybot_auth.mails m where m.state <> 'queued' and m.created_at < now() - interval '7 days'
$$;

alter function private.enqueue_system(text, text, text, jsonb) owner to trulybot_definer;
alter function private.keep_mail(uuid, text, text, text, bytea) owner to trulybot_definer;
alter function private.running_mail() owner to trulybot_definer;
alter function private.mail_to_send() owner to trulybot_definer;
alter function private.note_mail(text, text) owner to trulybot_definer;
alter function private.sweep_mails() owner to trulybot_definer;
revoke all on function private.enqueue_system(text, text, text, jsonb),
    private.keep_mail(uuid, text, text, text, bytea), private.running_mail(), private.mail_to_send(),
    private.note_mail(text, text), private.sweep_mails() from public;
grant execute on function private.enqueue_system(text, text, text, jsonb) to trulybot_system;
grant execute on function private.keep_mail(uuid, text, text, text, bytea) to trulybot_system, authenticated, worker;
grant execute on function private.mail_to_send(), private.note_mail(text, text) to worker;
grant execute on function private.sweep_mails() to trulybot_worker;

-- Who did what, workspace by workspace, in an order that cannot be changed unseen.

-- One row an act, written in the act's own transaction. Each carries the hash of the one before it, so that a row
-- that is changed, removed, moved or slipped in breaks every hash from there on.
create table public.audit_log (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- 1, 2, 3 … in each workspace.
    seq bigint not null check (seq > 0),
    at timestamptz not null,
    actor_kind text not null check (actor_kind in ('person', 'key', 'visitor', 'system', 'operator')),
    -- The user's, key's or visitor's id, or the operator's command. No foreign key: it outlives whom it names.
    actor_id text,
    action text not null,
    -- What it was done to, by its id.
    subject text,
    -- Flat: texts, whole numbers, true and false, null.
    details jsonb not null,
    address text,
    request_id text,
    previous_hash bytea not null check (length(previous_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    primary key (workspace_id, id),
    unique (workspace_id, seq)
);
create index on public.audit_log (workspace_id, action, seq);
create index on public.audit_log (workspace_id, actor_id, seq);
create index on public.audit_log (workspace_id, at);

-- The end of each chain. Without it nobody would miss the last rows.
create table public.audit_heads (
    workspace_id uuid primary key references public.workspaces (id) on delete cascade,
    seq bigint not null,
    hash bytea not null
);

alter table public.audit_log enable row level security;
alter table public.audit_log force row level security;
alter table public.audit_heads enable row level security;
alter table public.audit_heads force row level security;

grant select on public.audit_log to authenticated;
create policy read on public.audit_log for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- The definer role adds and reads. Nobody at all is granted update or delete.
grant select, insert on public.audit_log to trulybot_definer;
create policy definer_read on public.audit_log for select to trulybot_definer using (true);
create policy definer_add on public.audit_log for insert to trulybot_definer with check (true);
grant select, insert, update (seq, hash) on public.audit_heads to trulybot_definer;
create policy definer_read on public.audit_heads for select to trulybot_definer using (true);
create policy definer_add on public.audit_heads for insert to trulybot_definer with check (true);
create policy definer_change on public.audit_heads for update to trulybot_definer using (true) with check (true);

-- Whoever gets past the grants meets this. A log goes with its workspace and in no other way.
create function private.refuse_to_change_the_audit_log() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    if tg_op = 'DELETE' and not exists (select from public.workspaces w where w.id = old.workspace_id) then
        return old;
    end if;
    raise insufficient_privilege using message = 'the audit log is append-only';
end
$$;
alter function private.refuse_to_change_the_audit_log() owner to trulybot_definer;
revoke all on function private.refuse_to_change_the_audit_log() from public;

create trigger append_only before update or delete on public.audit_log
    for each row execute function private.refuse_to_change_the_audit_log();
create trigger append_only_as_a_whole before truncate on public.audit_log
    for each statement execute function private.refuse_to_change_the_audit_log();

-- What is hashed: the UTF-8 text of this JSON array, as jsonb writes it and as Python's
-- json.dumps(…, ensure_ascii=False) does: ", " between values, ": " after keys, an object's keys ordered by their
-- length in bytes and then by their bytes, \" \\ \b \f \n \r \t and \u00xx escaped, nothing else.
--   [previous_hash in hexadecimal, workspace_id, seq, id, at as 2026-11-22T09:00:00.000000Z in UTC, actor_kind,
--    actor_id, action, subject, details, address, request_id]
-- The first row of a workspace has a previous_hash of 32 zero bytes.
create function private.audit_text(act public.audit_log) returns text language sql stable set search_path = '' as $$
    select jsonb_build_array(encode(act.previous_hash, 'hex'), act.workspace_id, act.seq, act.id,
                             to_char(act.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                             act.actor_kind, act.actor_id, act.action, act.subject, act.details, act.address,
                             act.request_id)::text
$$;
revoke all on function private.audit_text(public.audit_log) from public;
grant execute on function private.audit_text(public.audit_log) to trulybot_definer;

-- Add an act to a workspace's chain, and say its number. Within a workspace the actor is who the claims say: nothing
-- that runs there can write in another's name. An act of the system, or of the login itself, names its actor, and its workspace, or else it
-- is that of the actor's home; without any there is no log to write to, and no number.
-- The head is locked until the transaction ends, which puts the acts of a workspace in line.
create function private.record_act(id uuid, action text, actor_kind text, actor_id text, subject text, details jsonb,
                                   address text, request_id text, workspace uuid) returns bigint
    language plpgsql security definer set search_path = ''
as $$
declare
    act public.audit_log;
    head public.audit_heads;
begin
    if current_setting('role') in ('trulybot_system', 'none') then
        act.actor_kind := record_act.actor_kind;
        act.actor_id := record_act.actor_id;
        act.workspace_id := record_act.workspace;
        if act.workspace_id is null and act.actor_kind = 'person' then
            select p.workspace_id into act.workspace_id
              from public.profiles p
             where p.id = act.actor_id::uuid;
        end if;
        if act.workspace_id is null then
            return null;
        end if;
    else
        act.workspace_id := coalesce(record_act.workspace, private.claimed_workspace_id());
        if act.workspace_id is null
           or not act.workspace_id = any (array(select private.my_workspace_ids())) then
            raise insufficient_privilege using message = 'an act is recorded where it was done';
        end if;
        act.actor_kind := case current_setting('role')
                              when 'visitor' then 'visitor'
                              when 'worker' then 'system'
                              else case when private.claim('key_id') is null then 'person' else 'key' end
                          end;
        act.actor_id := case act.actor_kind
                            when 'visitor' then private.claim('visitor_id')
                            when 'key' then private.claim('key_id')
                            when 'person' then private.claim('sub')
                        end;
    end if;

    insert into public.audit_heads (workspace_id, seq, hash)
    values (act.workspace_id, 0, decode(repeat('00', 32), 'hex'))
        on conflict (workspace_id) do nothing;
    select h.* into strict head
      from public.audit_heads h
     where h.workspace_id = act.workspace_id
       for update;

    act.id := record_act.id;
    act.seq := head.seq + 1;
    act.at := clock_timestamp();  -- under the lock, so that the times go the way the numbers do
    act.action := record_act.action;
    act.subject := record_act.subject;
    act.details := record_act.details;
    act.address := record_act.address;
    act.request_id := record_act.request_id;
    act.previous_hash := head.hash;
    act.hash := sha256(convert_to(private.audit_text(act), 'UTF8'));
    insert into public.audit_log select act.*;
    update public.audit_heads h
       set seq = act.seq, hash = act.hash
     where h.workspace_id = act.workspace_id;
    return act.seq;
end
$$;
alter function private.record_act(uuid, text, text, text, text, jsonb, text, text, uuid) owner to trulybot_definer;
revoke all on function private.record_act(uuid, text, text, text, text, jsonb, text, text, uuid) from public;
grant execute on function private.record_act(uuid, text, text, text, text, jsonb, text, text, uuid)
      to authenticated, visitor, worker, trulybot_system, trulybot_app, trulybot_worker;
grant usage on schema private to trulybot_app;

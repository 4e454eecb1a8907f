-- Data keys, security events, alerts: the operator's, and no workspace's. The app comes in by the functions below
-- alone: it can note an event or raise an alert, and can neither read what was noted nor take it back.

-- What seals secrets at rest. Each key is itself sealed under one that follows from SECRET_KEY.
create table trulybot_auth.data_keys (
    id uuid primary key,
    wrapped bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    -- Since then nothing is sealed with it.
    retired_at timestamptz
);

-- One row for all the like that happened within a moment.
create table trulybot_auth.security_events (
    id uuid primary key,
    at timestamptz not null,
    event text not null,
    count integer not null check (count > 0),
    workspace_id uuid,
    user_id uuid,
    -- Of whoever caused it.
    address text,
    request_id text,
    details jsonb not null,
    -- Whether a workspace's audit log tells of it too.
    is_audited boolean not null default false
);
create index on trulybot_auth.security_events (event, at);
create index on trulybot_auth.security_events (at);

create table trulybot_auth.alerts (
    id uuid primary key,
    rule text not null,
    -- What the rule counts by: an address, a user's id, or nothing.
    subject text not null,
    raised_at timestamptz not null default clock_timestamp(),
    details jsonb not null,
    delivered_at timestamptz
);
create index on trulybot_auth.alerts (rule, subject, raised_at);
create index on trulybot_auth.alerts (raised_at);

alter table trulybot_auth.data_keys enable row level security;
alter table trulybot_auth.data_keys force row level security;
alter table trulybot_auth.security_events enable row level security;
alter table trulybot_auth.security_events force row level security;
alter table trulybot_auth.alerts enable row level security;
alter table trulybot_auth.alerts force row level security;

grant usage on schema trulybot_auth to trulybot_definer;
grant select, insert on trulybot_auth.data_keys to trulybot_definer;
grant select, insert, update (is_audited), delete on trulybot_auth.security_events to trulybot_definer;
grant select, insert, update (delivered_at), delete on trulybot_auth.alerts to trulybot_definer;
create policy definer_all on trulybot_auth.data_keys for all to trulybot_definer using (true) with check (true);
create policy definer_all on trulybot_auth.security_events for all to trulybot_definer using (true) with check (true);
create policy definer_all on trulybot_auth.alerts for all to trulybot_definer using (true) with check (true);

create function private.data_keys() returns table (id uuid, wrapped bytea, is_retired boolean)
    language sql stable security definer set search_path = ''
as $$
    select k.id, k.wrapped, k.retired_at is not null from trulybot_auth.data_keys k order by k.created_at
$$;

-- The first data key, unless another process was quicker.
create function private.add_first_data_key(id uuid, wrapped bytea) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtext('first_data_key'));
    insert into trulybot_auth.data_keys (id, wrapped)
    select add_first_data_key.id, add_first_data_key.wrapped
     where not exists (select from trulybot_auth.data_keys);
end
$$;

create function private.keep_security_event(id uuid, at timestamptz, event text, count integer, workspace_id uuid,
                                            user_id uuid, address text, request_id text, details jsonb) returns void
    language sql security definer set search_path = ''
as $$
    insert into trulybot_auth.security_events
           (id, at, event, count, workspace_id, user_id, address, request_id, details)
    values (keep_security_event.id, keep_security_event.at, keep_security_event.event, keep_security_event.count,
            keep_security_event.workspace_id, keep_security_event.user_id, keep_security_event.address,
            keep_security_event.request_id, keep_security_event.details)
$$;

-- The workspace whose audit log should tell of this event: the event's own, or else its person's home. Once a minute
-- for the like, so that a flood of attempts does not become a flood of rows in somebody's log.
create function private.audits_security_event(id uuid) returns uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    this trulybot_auth.security_events;
    workspace uuid;
begin
    select e.* into strict this from trulybot_auth.security_events e where e.id = audits_security_event.id;
    select w.id into workspace
      from public.workspaces w
     where w.id = coalesce(this.workspace_id,
                           (select p.workspace_id from public.profiles p where p.id = this.user_id));
    if workspace is null
       or exists (select
                    from trulybot_auth.security_events e
                   where e.event = this.event
                     and e.at > this.at - interval '1 minute'
                     and e.is_audited
                     and e.workspace_id is not distinct from this.workspace_id
                     and e.user_id is not distinct from this.user_id) then
        return null;
    end if;
    update trulybot_auth.security_events e set is_audited = true where e.id = this.id;
    return workspace;
end
$$;

-- Raise an alert when there were at least so many of an event within a time, by one address or person or in all, and
-- it was not raised for them within that time already. True when it is raised now; then the worker delivers it.
-- Twenty of a rule say enough: one more, without a subject, stands for all the rest. Whoever has 2^64 addresses would
-- fill the operator's mailbox otherwise.
create function private.raise_alert(id uuid, rule text, event text, counts_by text, subject text, threshold integer,
                                    within interval, details jsonb) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    happened bigint;
begin
    -- One at a time: two processes that see the fifth attempt at once raise one alert.
    perform pg_advisory_xact_lock(hashtextextended(raise_alert.rule || ' ' || raise_alert.subject, 0));
    if exists (select
                 from trulybot_auth.alerts a
                where a.rule = raise_alert.rule
                  and a.subject = raise_alert.subject
                  and a.raised_at > clock_timestamp() - raise_alert.within) then
        return false;
    end if;
    if raise_alert.event is not null then
        select coalesce(sum(e.count), 0) into happened
          from trulybot_auth.security_events e
         where e.event = raise_alert.event
           and e.at > clock_timestamp() - raise_alert.within
           and case raise_alert.counts_by
                   when 'address' then e.address = raise_alert.subject
                   when 'user' then e.user_id = raise_alert.subject::uuid
                   else true
               end;
        if happened < raise_alert.threshold then
            return false;
        end if;
    end if;
    if (select count(*)
          from trulybot_auth.alerts a
         where a.rule = raise_alert.rule
           and a.raised_at > clock_timestamp() - raise_alert.within) >= 20 then
        perform pg_advisory_xact_lock(hashtextextended(raise_alert.rule || ' ', 0));
        if exists (select
                     from trulybot_auth.alerts a
                    where a.rule = raise_alert.rule
                      and a.subject = ''
                      and a.raised_at > clock_timestamp() - raise_alert.within) then
            return false;
        end if;
        subject := '';
    end if;
    insert into trulybot_auth.alerts (id, rule, subject, details)
    values (raise_alert.id, raise_alert.rule, raise_alert.subject,
            raise_alert.details || case when happened is null then '{}'::jsonb
                                        else jsonb_build_object('count', happened) end);
    perform private.enqueue_system('alerts.post', 'deliver', null, jsonb_build_object('alert_id', raise_alert.id));
    perform private.enqueue_system('alerts.mail', 'deliver', null, jsonb_build_object('alert_id', raise_alert.id));
    return true;
end
$$;

-- An alert, for whoever delivers it. Bad news of yesterday is no news: it is not sent any more.
create function private.alert_to_send(alert_id uuid)
    returns table (id uuid, rule text, subject text, raised_at timestamptz, details jsonb, delivered_at timestamptz)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select a.id, a.rule, a.subject, a.raised_at, a.details, a.delivered_at
          from trulybot_auth.alerts a
         where a.id = alert_to_send.alert_id
           and a.raised_at > clock_timestamp() - interval '1 day';
end
$$;

create function private.alert_was_sent(alert_id uuid) returns void
    language sql security definer set search_path = ''
as $$
    update trulybot_auth.alerts a set delivered_at = clock_timestamp() where a.id = alert_was_sent.alert_id
$$;

-- Ninety days are enough to look into what happened; addresses of people are not kept for longer.
create function private.sweep_security_events() returns void
    language sql security definer set search_path = ''
as $$
    delete from trulybot_auth.security_events e where e.at < now() - interval '90 days';
    delete from trulybot_auth.alerts a where a.raised_at < now() - interval '90 days';
$$;

-- How full the database is of connections, from 0 to 1, by whichever limit is reached first. The app's own count
-- against a limit of their role, too.
create function private.connections_in_use() returns double precision
    language sql stable security definer set search_path = ''
as $$
    select greatest(
        (select sum(numbackends) from pg_catalog.pg_stat_database)
            / (current_setting('max_connections')::float8 - current_setting('superuser_reserved_connections')::float8),
        (select s.numbackends / nullif(d.datconnlimit, -1)::float8
           from pg_catalog.pg_database d
           join pg_catalog.pg_stat_database s on s.datid = d.oid
          where d.datname = current_database()))
$$;

-- For private.tenants_of(): whose the ids are that anybody may name in an address.
create index on public.documents (id);
create index on public.conversations (id);
create index on public.leads (id);
create index on public.api_keys (id);

grant select (id, workspace_id) on public.documents, public.conversations, public.leads to trulybot_definer;
create policy definer_read on public.documents for select to trulybot_definer using (true);
create policy definer_read on public.conversations for select to trulybot_definer using (true);
create policy definer_read on public.leads for select to trulybot_definer using (true);

do $do$
declare
    one regprocedure;
begin
    for one in
        select p.oid::regprocedure
          from pg_proc p
         where p.pronamespace = 'private'::regnamespace
           and p.proname in ('data_keys', 'add_first_data_key', 'keep_security_event', 'audits_security_event',
                             'raise_alert', 'alert_to_send', 'alert_was_sent', 'sweep_security_events',
                             'connections_in_use')
    loop
        execute format('alter function %s owner to trulybot_definer', one);
        execute format('revoke all on function %s from public', one);
    end loop;
end
$do$;
grant usage on schema private to trulybot_app;
grant execute on function private.data_keys(), private.add_first_data_key(uuid, bytea),
    private.keep_security_event(uuid, timestamptz, text, integer, uuid, uuid, text, text, jsonb),
    private.audits_security_event(uuid),
    private.raise_alert(uuid, text, text, text, text, integer, interval, jsonb)
      to trulybot_app, trulybot_worker;
grant execute on function private.alert_to_send(uuid), private.alert_was_sent(uuid), private.sweep_security_events(),
    private.connections_in_use()
      to trulybot_worker;

-- `trulybot keys rotate` seals these anew. It runs as the login that owns the tables, which is a member of the definer
-- role; nobody was granted these columns by that role, so its functions see as little of them as before.
create policy definer_reads_sealed on trulybot_auth.factors for select to trulybot_definer using (true);
create policy definer_seals_anew on trulybot_auth.factors for update to trulybot_definer
    using (true) with check (true);
create policy definer_reads_sealed on trulybot_auth.provider_tokens for select to trulybot_definer using (true);
create policy definer_seals_anew on trulybot_auth.provider_tokens for update to trulybot_definer
    using (true) with check (true);

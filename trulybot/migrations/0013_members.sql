-- Teams: who is invited, who belongs, who leaves; and the end of a workspace or an account, with time to think again.
--
-- A membership is never written by its holder's own hand. These functions are the only way in, up and out, and each
-- asks the table itself what the caller's role is: a mistake in the app, or a statement smuggled into it, makes no admin.

create table public.invitations (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- Lower case. Only a person with this address may accept, so that a mail that was passed on opens nothing.
    email text not null check (length(email) between 3 and 255),
    role text not null check (role in ('owner', 'admin', 'agent', 'viewer')),
    -- SHA-256 of the link's token, which has 256 random bits of its own.
    token_hash bytea not null unique,
    invited_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (workspace_id, id)
);
create unique index on public.invitations (workspace_id, lower(email));

-- A workspace whose end is set. Until then its members find it as it was, but its bot greets no new visitor.
create table public.workspace_deletions (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    requested_by uuid not null,
    requested_at timestamptz not null default now(),
    due_at timestamptz not null
);
create index on public.workspace_deletions (due_at);

create table trulybot_auth.account_deletions (
    user_id uuid primary key references trulybot_auth.users (id) on delete cascade,
    requested_at timestamptz not null default now(),
    due_at timestamptz not null
);
create index on trulybot_auth.account_deletions (due_at);

alter table public.invitations enable row level security;
alter table public.invitations force row level security;
alter table public.workspace_deletions enable row level security;
alter table public.workspace_deletions force row level security;
alter table trulybot_auth.account_deletions enable row level security;
alter table trulybot_auth.account_deletions force row level security;

grant select on public.invitations, public.workspace_deletions to authenticated;
create policy read on public.invitations for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.workspace_deletions for select to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));
grant select, insert, update, delete on public.invitations, public.workspace_deletions to trulybot_definer;
create policy definer_all on public.invitations for all to trulybot_definer using (true) with check (true);
create policy definer_all on public.workspace_deletions for all to trulybot_definer using (true) with check (true);
grant update (role, last_used_at), delete on public.memberships to trulybot_definer;
grant update (workspace_id, role), delete on public.profiles to trulybot_definer;
grant delete on public.workspaces, public.api_keys to trulybot_definer;

grant select, insert, update, delete on trulybot_auth.account_deletions to trulybot_system;
create policy system_all on trulybot_auth.account_deletions for all to trulybot_system using (true) with check (true);

-- The caller's own role in the open workspace; null for a key, a visitor, a job and a stranger.
create function private.my_role() returns text
    language sql stable security definer set search_path = ''
as $$
    select m.role
      from public.memberships m
     where current_setting('role') in ('authenticated', 'member')
       and m.user_id = (select auth.uid())
       and m.workspace_id = private.claimed_workspace_id()
$$;

-- Who belongs to the open workspace, for those who do. A profile is seen in its home workspace alone, and a member may
-- be at home elsewhere: of them the team sees how to name and reach them, and nothing else.
create function private.team()
    returns table (user_id uuid, email text, name text, role text, last_used_at timestamptz, created_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select m.user_id, p.email, p.name, m.role, m.last_used_at, m.created_at
      from public.memberships m
      join public.profiles p on p.id = m.user_id
     where private.my_role() is not null
       and m.workspace_id = private.claimed_workspace_id()
$$;

-- Whether somebody with the first role may make or unmake somebody with the second: owners anybody, admins all but owners.
create function private.may_manage(manager text, managed text) returns boolean
    language sql immutable set search_path = ''
as $$
    select coalesce(manager = 'owner' or (manager = 'admin' and managed in ('admin', 'agent', 'viewer')), false)
$$;

-- Holds the workspace, so that of two owners who leave at the same moment one stays.
create function private.hold_owners(workspace uuid) returns void
    language sql security definer set search_path = ''
as $$
    select 1 from public.memberships m where m.workspace_id = workspace and m.role = 'owner' order by m.user_id for update
$$;

-- Invite an address, or invite it anew. False: the caller may not hand out this role, or not take back the one that the
-- address was offered before.
create function private.invite(id uuid, email text, role text, token_hash bytea, expires_at timestamptz)
    returns boolean
    language plpgsql security definer set search_path = ''
as $$
begin
    if not private.may_manage(private.my_role(), invite.role)
       or exists (select from public.invitations i
                   where i.workspace_id = private.claimed_workspace_id()
                     and lower(i.email) = lower(invite.email)
                     and i.expires_at > now()
                     and not private.may_manage(private.my_role(), i.role)) then
        return false;
    end if;
    delete from public.invitations i
     where i.workspace_id = private.claimed_workspace_id() and lower(i.email) = lower(invite.email);
    insert into public.invitations (workspace_id, id, email, role, token_hash, invited_by, expires_at)
    values (private.claimed_workspace_id(), invite.id, lower(invite.email), invite.role, invite.token_hash,
            auth.uid(), invite.expires_at);
    return true;
end
$$;

create function private.withdraw_invitation(id uuid) returns boolean
    language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.invitations i
     where i.workspace_id = private.claimed_workspace_id()
       and i.id = withdraw_invitation.id
       and private.may_manage(private.my_role(), i.role);
    return found;
end
$$;

-- An invitation by its link, for whoever holds it.
create function private.invitation_by_token(token_hash bytea)
    returns table (workspace_id uuid, id uuid, workspace text, email text, role text, is_over boolean)
    language sql stable security definer set search_path = ''
as $$
    select i.workspace_id, i.id, w.name, i.email, i.role, i.expires_at < now()
      from public.invitations i
      join public.workspaces w on w.id = i.workspace_id
     where i.token_hash = invitation_by_token.token_hash
$$;

-- A person who has proved who they are, and holds the link, joins; somebody who belongs already keeps their role.
create function private.join_workspace(token_hash bytea, user_id uuid, email text) returns uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    invitation public.invitations;
begin
    delete from public.invitations i
     where i.token_hash = join_workspace.token_hash
       and lower(i.email) = lower(join_workspace.email)
       and i.expires_at > now()
       -- Nobody joins what is being taken away.
       and not exists (select from public.workspace_deletions d
                        where d.workspace_id = i.workspace_id and d.due_at < now())
    returning * into invitation;
    if invitation.id is null then
        return null;
    end if;
    insert into public.memberships (workspace_id, user_id, role)
    values (invitation.workspace_id, join_workspace.user_id, invitation.role)
    on conflict on constraint memberships_pkey do nothing;
    insert into public.profiles (id, workspace_id, email, role)
    values (join_workspace.user_id, invitation.workspace_id, join_workspace.email, invitation.role)
    on conflict on constraint profiles_pkey do nothing;
    return invitation.workspace_id;
end
$$;

-- 'done', or why not: 'unknown', 'forbidden', 'last_owner'.
create function private.change_role(user_id uuid, role text) returns text
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid := private.claimed_workspace_id();
    before text;
begin
    perform private.hold_owners(workspace);
    select m.role into before
      from public.memberships m
     where m.workspace_id = workspace and m.user_id = change_role.user_id;
    if before is null then
        return 'unknown';
    elsif not private.may_manage(private.my_role(), before)
          or not private.may_manage(private.my_role(), change_role.role) then
        return 'forbidden';
    elsif before = 'owner' and change_role.role <> 'owner'
          and (select count(*) from public.memberships m where m.workspace_id = workspace and m.role = 'owner') = 1 then
        return 'last_owner';
    end if;
    update public.memberships m set role = change_role.role
     where m.workspace_id = workspace and m.user_id = change_role.user_id;
    update public.profiles p set role = change_role.role
     where p.workspace_id = workspace and p.id = change_role.user_id;
    -- Whoever may make no keys any more keeps none: a key may reach further than its maker now does.
    if change_role.role not in ('owner', 'admin') then
        delete from public.api_keys k where k.workspace_id = workspace and k.created_by = change_role.user_id;
    end if;
    -- What they could not offer any more is offered no longer.
    delete from public.invitations i
     where i.workspace_id = workspace
       and i.invited_by = change_role.user_id
       and not private.may_manage(change_role.role, i.role);
    return 'done';
end
$$;

-- A member goes: sent by somebody who may, or by themselves. 'done', 'unknown', 'forbidden' or 'last_owner'.
-- The keys they made go with them, since nobody else knows who holds those, and so do their invitations: one of them may
-- be their own way back.
create function private.remove_member(user_id uuid) returns text
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid := private.claimed_workspace_id();
    before text;
begin
    perform private.hold_owners(workspace);
    select m.role into before
      from public.memberships m
     where m.workspace_id = workspace and m.user_id = remove_member.user_id;
    if before is null then
        return 'unknown';
    elsif private.my_role() is null
          or (remove_member.user_id <> auth.uid() and not private.may_manage(private.my_role(), before)) then
        return 'forbidden';
    elsif before = 'owner'
          and (select count(*) from public.memberships m where m.workspace_id = workspace and m.role = 'owner') = 1 then
        return 'last_owner';
    end if;
    delete from public.memberships m where m.workspace_id = workspace and m.user_id = remove_member.user_id;
    delete from public.api_keys k where k.workspace_id = workspace and k.created_by = remove_member.user_id;
    delete from public.invitations i where i.workspace_id = workspace and i.invited_by = remove_member.user_id;
    perform private.rehome(remove_member.user_id, workspace);
    return 'done';
end
$$;

-- Whose home was this workspace has it in another of theirs, or has no profile until they found or join one.
create function private.rehome(user_id uuid, gone uuid) returns void
    language plpgsql security definer set search_path = ''
as $$
begin
    update public.profiles p
       set workspace_id = other.workspace_id, role = other.role
      from (select m.workspace_id, m.role
              from public.memberships m
             where m.user_id = rehome.user_id and m.workspace_id <> rehome.gone
             order by m.created_at
             limit 1) as other
     where p.id = rehome.user_id and p.workspace_id = rehome.gone;
    if not found then
        delete from public.profiles p where p.id = rehome.user_id and p.workspace_id = rehome.gone;
    end if;
end
$$;

-- The workspace that a person named is the one they are in from now on. Written once a minute at most.
create function private.enter_workspace(user_id uuid, workspace_id uuid) returns void
    language sql security definer set search_path = ''
as $$
    update public.memberships m
       set last_used_at = now()
     where m.user_id = enter_workspace.user_id
       and m.workspace_id = enter_workspace.workspace_id
       and (m.last_used_at < now() - interval '1 minute'
            or exists (select from public.memberships o
                        where o.user_id = m.user_id and o.last_used_at > m.last_used_at))
$$;

-- Only an owner sets the end of a workspace, or takes it back. False: the caller is none.
create function private.schedule_deletion(due_at timestamptz) returns boolean
    language plpgsql security definer set search_path = ''
as $$
begin
    if private.my_role() is distinct from 'owner' then
        return false;
    end if;
    insert into public.workspace_deletions (workspace_id, requested_by, due_at)
    values (private.claimed_workspace_id(), auth.uid(), schedule_deletion.due_at)
    on conflict (workspace_id) do nothing;
    return true;
end
$$;

create function private.cancel_deletion() returns boolean
    language plpgsql security definer set search_path = ''
as $$
begin
    if private.my_role() is distinct from 'owner' then
        return false;
    end if;
    delete from public.workspace_deletions d where d.workspace_id = private.claimed_workspace_id();
    return true;
end
$$;

-- Where a person is the only owner: alone (nobody else loses anything) or not.
create function private.solely_owned(user_id uuid) returns table (workspace_id uuid, name text, is_alone boolean)
    language sql stable security definer set search_path = ''
as $$
    select w.id, w.name, not exists (select from public.memberships o
                                      where o.workspace_id = w.id and o.user_id <> solely_owned.user_id)
      from public.memberships m
      join public.workspaces w on w.id = m.workspace_id
     where m.user_id = solely_owned.user_id
       and m.role = 'owner'
       and not exists (select from public.memberships o
                        where o.workspace_id = w.id and o.role = 'owner' and o.user_id <> solely_owned.user_id)
     order by w.name
$$;

-- What the worker does when the time has come. It asks for what is due, removes the files, then the rows.
create function private.due_workspaces() returns setof uuid
    language sql stable security definer set search_path = ''
as $$
    select d.workspace_id from public.workspace_deletions d where d.due_at < now() order by d.due_at limit 100
$$;

-- Everything of the workspace goes with its row; a person who lived here moves to another of their workspaces.
create function private.delete_due_workspace(workspace_id uuid) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    person uuid;
begin
    perform 1 from public.workspace_deletions d
      where d.workspace_id = delete_due_workspace.workspace_id and d.due_at < now() for update;
    if not found then
        return false;
    end if;
    for person in select p.id from public.profiles p where p.workspace_id = delete_due_workspace.workspace_id loop
        perform private.rehome(person, delete_due_workspace.workspace_id);
    end loop;
    delete from queue.procrastinate_jobs j
     where j.status = 'todo' and j.args ->> 'workspace_id' = delete_due_workspace.workspace_id::text;
    delete from public.workspaces w where w.id = delete_due_workspace.workspace_id;
    return true;
end
$$;
grant delete on queue.procrastinate_jobs to trulybot_definer;

-- An account goes: out of every workspace, which its sole owner has settled before. Workspaces where nobody else is
-- end at once. Answers with those, so that their files can go too.
create function private.delete_due_account(user_id uuid) returns setof uuid
    language plpgsql security definer set search_path = ''
as $$
declare
    alone uuid;
begin
    perform 1 from trulybot_auth.account_deletions d
      where d.user_id = delete_due_account.user_id and d.due_at < now() for update;
    if not found then
        return;
    end if;
    perform private.hold_owners(m.workspace_id)
       from public.memberships m
      where m.user_id = delete_due_account.user_id and m.role = 'owner'
      order by m.workspace_id;
    for alone in select s.workspace_id from private.solely_owned(delete_due_account.user_id) s where s.is_alone loop
        insert into public.workspace_deletions (workspace_id, requested_by, due_at)
        values (alone, delete_due_account.user_id, now() - interval '1 second')
        on conflict (workspace_id) do update set due_at = excluded.due_at;
        return next alone;
    end loop;
    if exists (select from private.solely_owned(delete_due_account.user_id) s where not s.is_alone) then
        raise exception 'the account still owns a workspace with others in it' using errcode = 'object_in_use';
    end if;
    delete from public.api_keys k where k.created_by = delete_due_account.user_id;
    delete from public.invitations i where i.invited_by = delete_due_account.user_id;
    delete from public.memberships m where m.user_id = delete_due_account.user_id;
    delete from public.profiles p where p.id = delete_due_account.user_id;
    delete from trulybot_auth.users u where u.id = delete_due_account.user_id;
end
$$;

-- Without those who have come to be the only owner of a workspace with others in it: they wait until that is settled,
-- and keep nobody else waiting.
create function private.due_accounts() returns setof uuid
    language sql stable security definer set search_path = ''
as $$
    select d.user_id
      from trulybot_auth.account_deletions d
     where d.due_at < now()
       and not exists (select from private.solely_owned(d.user_id) s where not s.is_alone)
     order by d.due_at
     limit 100
$$;
grant usage on schema trulybot_auth to trulybot_definer;
grant select on trulybot_auth.account_deletions to trulybot_definer;
grant update (due_at) on trulybot_auth.account_deletions to trulybot_definer;
grant select (id), delete on trulybot_auth.users to trulybot_definer;
create policy definer_due on trulybot_auth.account_deletions for all to trulybot_definer using (true) with check (true);
create policy definer_delete on trulybot_auth.users for all to trulybot_definer
    using (id in (select d.user_id from trulybot_auth.account_deletions d where d.due_at < now()));

-- A bot whose workspace is to be deleted greets no new visitor.
create or replace function private.bot_by_name(bot text)
    returns table (workspace_id uuid, bot_key text, name text, settings jsonb, allowed_origins text[])
    language sql stable security definer set search_path = ''
as $$
    select w.id, w.bot_key, w.name, g.settings, g.allowed_origins
      from public.workspaces w
      join public.widgets g on g.workspace_id = w.id
     where (w.bot_key = bot_by_name.bot
            or w.id = (select p.workspace_id
                         from public.profiles p
                        where p.id = case when bot_by_name.bot ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                          then bot_by_name.bot::uuid end
                          and p.role = 'owner'))
       and not exists (select from public.workspace_deletions d where d.workspace_id = w.id)
     limit 1
$$;

do $do$
declare
    one text;
begin
    foreach one in array array[
        'my_role()', 'team()', 'hold_owners(uuid)', 'invite(uuid, text, text, bytea, timestamptz)', 'withdraw_invitation(uuid)',
        'invitation_by_token(bytea)', 'join_workspace(bytea, uuid, text)', 'change_role(uuid, text)',
        'remove_member(uuid)', 'rehome(uuid, uuid)', 'enter_workspace(uuid, uuid)', 'schedule_deletion(timestamptz)',
        'cancel_deletion()', 'solely_owned(uuid)', 'due_workspaces()', 'delete_due_workspace(uuid)',
        'delete_due_account(uuid)', 'due_accounts()'] loop
        execute format('alter function private.%s owner to trulybot_definer', one);
        execute format('revoke all on function private.%s from public', one);
    end loop;
end
$do$;
revoke all on function private.may_manage(text, text) from public;
grant execute on function private.may_manage(text, text) to trulybot_definer;
grant execute on function private.my_role(), private.team(), private.invite(uuid, text, text, bytea, timestamptz),
    private.withdraw_invitation(uuid), private.change_role(uuid, text), private.remove_member(uuid),
    private.schedule_deletion(timestamptz), private.cancel_deletion() to authenticated;
grant execute on function private.invitation_by_token(bytea), private.join_workspace(bytea, uuid, text),
    private.enter_workspace(uuid, uuid), private.solely_owned(uuid) to trulybot_system;
grant execute on function private.due_workspaces(), private.delete_due_workspace(uuid), private.due_accounts(),
    private.delete_due_account(uuid) to trulybot_worker;

-- Whoever begins a golden run may end one of which nothing was heard for an hour, and by that statement alone: until now
-- a member could say of any run of theirs that it had ended, or how.
revoke update (status, ended_at) on public.golden_runs from authenticated;
drop policy give_up on public.golden_runs;

create function private.end_silent_runs() returns void
    language sql security definer set search_path = ''
as $$
    update public.golden_runs r
       set status = 'failed', ended_at = now()
     where r.workspace_id = any (array(select private.my_workspace_ids()))
       and r.ended_at is null
       and r.heard_at < now() - interval '1 hour'
$$;
alter function private.end_silent_runs() owner to trulybot_definer;
revoke all on function private.end_silent_runs() from public;
grant execute on function private.end_silent_runs() to member, worker;
grant select, update (status, ended_at) on public.golden_runs to trulybot_definer;
create policy definer_ends on public.golden_runs for update to trulybot_definer
    using (ended_at is null) with check (status = 'failed');

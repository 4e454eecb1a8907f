-- Another key is another bot, however alike the two look; and two calls for one message never wait for each other.

create or replace function private.raise_bot_version() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    -- A key that its owner keeps may be another one. The rotation only seals the same anew, which changes nothing.
    if to_jsonb(new) - 'api_key' is distinct from to_jsonb(old) - 'api_key'
       or (new.api_key is distinct from old.api_key and current_user = 'member') then
        new.version = old.version + 1;
        new.updated_at = now();
    end if;
    return new;
end
$$;

-- As before, but in the order in which a turn is taken: the month, the provider, the message.
create or replace function private.end_model_turn(
    message_id uuid, provider text, worst_usd numeric, cost_usd numeric, prompt_tokens integer,
    completion_tokens integer, pause_seconds double precision, failed boolean
) returns boolean
    language plpgsql security definer set search_path = ''
as $$
declare
    workspace uuid;
    taken_in date;
    heard boolean := false;
begin
    select w into strict workspace from private.my_workspace_ids() w;
    select date_trunc('month', u.created_at at time zone 'utc')::date into taken_in
      from public.model_usage u
     where u.workspace_id = workspace and u.message_id = end_model_turn.message_id;
    update public.model_months m
       set spent_usd = greatest(m.spent_usd - worst_usd, 0) + greatest(end_model_turn.cost_usd, 0),
           prompt_tokens = m.prompt_tokens + greatest(end_model_turn.prompt_tokens, 0),
           completion_tokens = m.completion_tokens + greatest(end_model_turn.completion_tokens, 0)
     where m.workspace_id = workspace and m.month = taken_in;
    if failed then
        update public.model_months m set told_down_at = now()
         where m.workspace_id = workspace and m.month = taken_in
           and coalesce(m.told_down_at < now() - interval '1 day', true);
        heard := found;
    end if;
    if pause_seconds > 0 then
        update trulybot_auth.model_providers p
           set paused_until = greatest(p.paused_until, clock_timestamp() + make_interval(secs => least(pause_seconds, 120)))
         where p.provider = end_model_turn.provider;
    end if;
    update public.model_usage u
       set prompt_tokens = u.prompt_tokens + greatest(end_model_turn.prompt_tokens, 0),
           completion_tokens = u.completion_tokens + greatest(end_model_turn.completion_tokens, 0),
           cost_usd = greatest(u.cost_usd - worst_usd, 0) + greatest(end_model_turn.cost_usd, 0)
     where u.workspace_id = workspace and u.message_id = end_model_turn.message_id;
    return heard;
end
$$;

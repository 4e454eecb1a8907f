-- A key and its server are never held: a key that leaked and is replaced must not be used for one more minute.

alter table public.bots no force row level security;
alter table public.held_bots no force row level security;
update public.bots b
   set base_url = h.base_url, api_key = h.api_key, api_key_hint = h.api_key_hint
  from public.held_bots h
 where h.workspace_id = b.workspace_id;
alter table public.bots force row level security;
alter table public.held_bots force row level security;

-- squawk-ignore ban-drop-column
alter table public.held_bots drop column base_url;
-- squawk-ignore ban-drop-column
alter table public.held_bots drop column api_key;
-- squawk-ignore ban-drop-column
alter table public.held_bots drop column api_key_hint;
revoke update (base_url, api_key, api_key_hint) on public.bots from worker;
drop policy definer_all on public.held_bots;
revoke select on public.held_bots from trulybot_definer;

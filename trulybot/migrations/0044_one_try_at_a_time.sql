-- Of the tries at one message only one answers: whoever holds the turn, which lapses unless it is renewed. The holder
-- knows its hold by its very end, so a hold that another took in between is never renewed or given back by mistake.
alter table public.turns add column answering_until timestamptz;
grant insert (answering_until), update (answering_until) on public.turns to authenticated, visitor;

-- What a model wrote is told again to whoever asks the same; and what nobody could answer is put before the owner.

-- Answers of a model, by what was asked: never the question's text, nor who asked it.
create table public.kept_answers (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- Whatever is answered by another version of these is another answer.
    knowledge_version bigint not null,
    bot_version bigint not null,
    language text not null,
    -- Of the words that carry the meaning, in their order.
    question_hash bytea not null,
    embedding_model text,
    embedding extensions.halfvec,
    answer jsonb not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index on public.kept_answers (workspace_id, question_hash, knowledge_version);
create index on public.kept_answers (created_at);

-- Questions of the same meaning that had no answer. The embedding is the middle of its questions'.
create table public.unanswered_groups (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    embedding_model text not null,
    embedding extensions.halfvec not null,
    -- The owner does not want to see it again; questions that mean it still join it, out of sight.
    dismissed_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index on public.unanswered_groups (workspace_id, created_at desc, id desc);

-- A turn that had no answer. Its words stay in the turn, so that they go with it.
create table public.unanswered_questions (
    workspace_id uuid not null default private.claimed_workspace_id(),
    turn_id uuid not null,
    -- Null until a job has compared it with the others, and written it anew.
    group_id uuid,
    language text not null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, turn_id),
    foreign key (workspace_id, turn_id) references public.turns (workspace_id, id) on delete cascade,
    foreign key (workspace_id, group_id) references public.unanswered_groups (workspace_id, id) on delete cascade
);
create index on public.unanswered_questions (workspace_id, group_id, created_at);

alter table public.kept_answers enable row level security;
alter table public.kept_answers force row level security;
alter table public.unanswered_groups enable row level security;
alter table public.unanswered_groups force row level security;
alter table public.unanswered_questions enable row level security;
alter table public.unanswered_questions force row level security;

grant select, insert on public.kept_answers to authenticated, worker;
grant select,
      insert (workspace_id, id, knowledge_version, bot_version, language, question_hash, embedding_model, embedding,
              answer)
      on public.kept_answers to visitor;
grant delete on public.kept_answers to authenticated, worker;
create policy read on public.kept_answers for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.kept_answers for insert to authenticated, visitor, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.kept_answers for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert, update (embedding_model, embedding, dismissed_at), delete on public.unanswered_groups
      to authenticated, worker;
create policy read on public.unanswered_groups for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.unanswered_groups for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.unanswered_groups for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.unanswered_groups for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert, delete on public.unanswered_questions to authenticated, worker;
create policy read on public.unanswered_questions for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.unanswered_questions for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.unanswered_questions for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
-- A visitor's own question joins; what others asked is not theirs to read.
grant insert (workspace_id, turn_id, language) on public.unanswered_questions to visitor;
create policy add_own on public.unanswered_questions for insert to visitor
    with check (workspace_id = any (array(select private.my_workspace_ids()))
                and turn_id = any (array(select t.id
                                           from public.turns t
                                           join public.conversations c on c.id = t.conversation_id
                                          where c.visitor_id = (select private.claimed_visitor_id()))));

-- The worker reads what was asked without an answer, and nothing else of any conversation.
grant select (workspace_id, id, question) on public.turns to worker;
create policy read_unanswered on public.turns for select to worker
    using (workspace_id = any (array(select private.my_workspace_ids()))
           and id = any (array(select q.turn_id from public.unanswered_questions q)));

-- Nothing that was deleted can answer: with the knowledge it was written from, an answer is gone, not only passed over.
create function private.forget_kept_answers() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    delete from public.kept_answers k
     where k.workspace_id = new.workspace_id
       and k.knowledge_version < new.version;
    return null;
end
$$;
revoke all on function private.forget_kept_answers() from public;
create trigger forget_kept_answers after update of version on public.knowledge
    for each row execute function private.forget_kept_answers();

-- A group ends with its last question: whoever is forgotten leaves nothing behind here.
create function private.end_empty_groups() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.unanswered_groups g
     using left_behind l
     where g.workspace_id = l.workspace_id
       and g.id = l.group_id
       and not exists (select from public.unanswered_questions q
                        where q.workspace_id = g.workspace_id and q.group_id = g.id);
    return null;
end
$$;
alter function private.end_empty_groups() owner to trulybot_definer;
revoke all on function private.end_empty_groups() from public;
grant select, delete on public.unanswered_groups to trulybot_definer;
grant select on public.unanswered_questions to trulybot_definer;
create policy definer_ends on public.unanswered_groups for all to trulybot_definer using (true) with check (true);
create policy definer_read on public.unanswered_questions for select to trulybot_definer using (true);
create trigger end_empty_groups after delete on public.unanswered_questions
    referencing old table as left_behind for each statement execute function private.end_empty_groups();

-- By the clock: answers that were kept for long, and more of them than a workspace needs.
create function private.sweep_kept_answers(days integer, most integer) returns void
    language sql security definer set search_path = ''
as $$
    delete from public.kept_answers k
     using (select o.workspace_id, o.id, o.created_at,
                   row_number() over (partition by o.workspace_id order by o.created_at desc) as place
              from public.kept_answers o) old
     where k.workspace_id = old.workspace_id
       and k.id = old.id
       and (old.created_at < now() - make_interval(days => sweep_kept_answers.days)
            or old.place > sweep_kept_answers.most)
$$;
alter function private.sweep_kept_answers(integer, integer) owner to trulybot_definer;
revoke all on function private.sweep_kept_answers(integer, integer) from public;
grant execute on function private.sweep_kept_answers(integer, integer) to trulybot_worker;
grant select, delete on public.kept_answers to trulybot_definer;
create policy definer_sweeps on public.kept_answers for all to trulybot_definer using (true) with check (true);

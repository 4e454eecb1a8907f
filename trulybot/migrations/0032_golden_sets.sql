-- Golden sets: questions whose right answers are known, the runs that asked them, and how each question went.

create table public.golden_sets (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    name text not null check (length(name) between 1 and 200),
    created_by uuid,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id),
    unique (workspace_id, name)
);
create index on public.golden_sets (workspace_id, created_at desc, id desc);

create table public.golden_questions (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    set_id uuid not null,
    question text not null check (length(question) between 1 and 8000),
    -- What was said before it: [{"role": "user" or "assistant", "text"}], oldest first.
    history jsonb not null default '[]' check (jsonb_typeof(history) = 'array'),
    -- What the answer may say, any of them; and which documents hold it. A document may be gone by now.
    answers text[] not null default '{}',
    document_ids uuid[] not null default '{}',
    must_refuse boolean not null default false,
    language text check (length(language) <= 35),
    origin text not null check (origin in ('written', 'file', 'question', 'miss', 'thumbs_down')),
    -- The turn it was made from. It goes with it: what a visitor wrote is gone once they are erased.
    turn_id uuid,
    created_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, set_id) references public.golden_sets (workspace_id, id) on delete cascade,
    foreign key (workspace_id, turn_id) references public.turns (workspace_id, id) on delete cascade
);
create index on public.golden_questions (workspace_id, turn_id);
create index on public.golden_questions (workspace_id, set_id, created_at desc, id desc);
create unique index on public.golden_questions (workspace_id, set_id, turn_id) where turn_id is not null;

create table public.golden_runs (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    set_id uuid not null,
    -- Of what visitors are answered from; or with the changes that are held back.
    view text not null check (view in ('live', 'candidate')),
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    questions integer not null,
    asked integer not null default 0,
    figures jsonb not null default '{}' check (jsonb_typeof(figures) = 'object'),
    created_by uuid,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (workspace_id, id),
    foreign key (workspace_id, set_id) references public.golden_sets (workspace_id, id) on delete cascade
);
create index on public.golden_runs (workspace_id, set_id, created_at desc, id desc);

create table public.golden_results (
    workspace_id uuid not null default private.claimed_workspace_id(),
    run_id uuid not null,
    question_id uuid not null,
    -- As `Outcome` in trulybot/evaluation/judging.py.
    outcome jsonb not null check (jsonb_typeof(outcome) = 'object'),
    primary key (workspace_id, run_id, question_id),
    foreign key (workspace_id, run_id) references public.golden_runs (workspace_id, id) on delete cascade,
    foreign key (workspace_id, question_id) references public.golden_questions (workspace_id, id) on delete cascade
);
create index on public.golden_results (workspace_id, question_id);

alter table public.golden_sets enable row level security;
alter table public.golden_sets force row level security;
alter table public.golden_questions enable row level security;
alter table public.golden_questions force row level security;
alter table public.golden_runs enable row level security;
alter table public.golden_runs force row level security;
alter table public.golden_results enable row level security;
alter table public.golden_results force row level security;

grant select, insert, delete, update (name) on public.golden_sets to authenticated;
grant select on public.golden_sets to worker;
create policy read on public.golden_sets for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.golden_sets for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.golden_sets for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.golden_sets for delete to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert, delete, update (answers, document_ids, must_refuse, language)
      on public.golden_questions to authenticated;
grant select on public.golden_questions to worker;
create policy read on public.golden_questions for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.golden_questions for insert to authenticated
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.golden_questions for update to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.golden_questions for delete to authenticated
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- A run is begun by a person or a program, or by the worker when something is held; the worker alone says how it went.
grant select on public.golden_runs to authenticated;
grant insert (workspace_id, id, set_id, view, questions, created_by) on public.golden_runs to authenticated, worker;
grant select, update (status, questions, asked, figures, ended_at) on public.golden_runs to worker;
create policy read on public.golden_runs for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.golden_runs for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.golden_runs for update to worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

grant select on public.golden_results to authenticated;
grant select, insert on public.golden_results to worker;
create policy read on public.golden_results for select to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.golden_results for insert to worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));

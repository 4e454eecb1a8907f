-- What the owner answers in their own words, and everything that people may say to mean it.

create table public.curated_answers (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- The file that it was read from; it goes with that file. Null when it was typed.
    document_id uuid,
    question text not null check (length(question) between 1 and 1000),
    answer text not null check (length(answer) between 1 and 8000),
    language text check (length(language) <= 35),
    enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, id),
    foreign key (workspace_id, document_id) references public.documents (workspace_id, id) on delete cascade
);
create index on public.curated_answers (workspace_id, created_at desc, id desc);
create index on public.curated_answers (workspace_id, document_id) where document_id is not null;

-- Ways to ask for an answer: the question, its alternatives in their order, and, at place -1, question and answer
-- together, since many a question is nearer to what it will be told than to how somebody else asked.
create table public.curated_phrasings (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    answer_id uuid not null,
    place integer not null,
    -- Vectors of different models cannot be compared, so each names its model. Before the text, as in passages.
    embedding_model text,
    embedding extensions.halfvec,
    -- Of the words alone, in lower case: the same question in the same words is found without any meaning.
    wording_hash bytea not null,
    text text not null,
    primary key (workspace_id, id),
    foreign key (workspace_id, answer_id) references public.curated_answers (workspace_id, id) on delete cascade,
    check ((embedding is null) = (embedding_model is null))
);
alter table public.curated_phrasings alter column embedding set storage main;
create index on public.curated_phrasings (workspace_id, answer_id, place);
create index on public.curated_phrasings (workspace_id, wording_hash);

alter table public.curated_answers enable row level security;
alter table public.curated_answers force row level security;
alter table public.curated_phrasings enable row level security;
alter table public.curated_phrasings force row level security;

grant select, insert, delete on public.curated_answers, public.curated_phrasings to authenticated, worker;
grant update (question, answer, language, enabled, updated_at) on public.curated_answers to authenticated, worker;
grant update (embedding_model, embedding) on public.curated_phrasings to authenticated, worker;
-- A visitor is told the answer; which file it came from and when it was changed is not theirs to read.
grant select (workspace_id, id, question, answer, language, enabled) on public.curated_answers to visitor;
grant select on public.curated_phrasings to visitor;
create policy read on public.curated_answers for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.curated_answers for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.curated_answers for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.curated_answers for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.curated_phrasings for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.curated_phrasings for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.curated_phrasings for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.curated_phrasings for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

-- What a workspace knows: documents, the passages they were cut into, and the two ways to find a passage.

-- One row a workspace. The version rises with every change of what may be answered, so that nothing that was kept
-- for an older version can answer; the counts are what BM25 needs of the whole collection.
create table public.knowledge (
    workspace_id uuid primary key default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    version bigint not null default 0,
    passages bigint not null default 0,
    terms bigint not null default 0
);

create table public.documents (
    workspace_id uuid not null default private.claimed_workspace_id()
        references public.workspaces (id) on delete cascade,
    id uuid not null,
    -- The caller's own name for it: sending the same one again replaces the document.
    external_id text check (length(external_id) between 1 and 200),
    title text not null check (length(title) between 1 and 500),
    url text check (length(url) <= 2000),
    language text,
    source text not null check (source in ('text', 'file')),
    -- The whole text: as pasted, or as read from the file; null until then.
    content text,
    content_hash bytea not null,
    file_key text,
    media_type text not null,
    bytes bigint not null,
    status text not null default 'queued' check (status in ('queued', 'processing', 'ready', 'failed')),
    error_code text,
    error_message text,
    passages integer not null default 0,
    terms bigint not null default 0,
    -- Whether the passages are of this content, and not of the one before it.
    indexed boolean not null default false,
    -- How often reading it was begun; a file that ends its reader twice is set aside.
    attempts integer not null default 0,
    -- Passages that have no embedding yet; they are found by keywords alone until then.
    unembedded integer not null default 0,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace_id, id)
);
create unique index on public.documents (workspace_id, external_id) where external_id is not null;
create unique index on public.documents (workspace_id, content_hash) where external_id is null;
create index on public.documents (workspace_id, created_at desc, id desc);
create index on public.documents (workspace_id, status);

-- A search compares its question with every vector of the workspace, so they stand before what is read of a few
-- passages only: PostgreSQL walks a row from its start.
create table public.passages (
    workspace_id uuid not null default private.claimed_workspace_id(),
    id uuid not null,
    document_id uuid not null,
    ordinal integer not null,
    -- In terms, as BM25 counts them.
    length integer not null,
    -- Vectors of different models cannot be compared, so each names its model.
    embedding_model text,
    embedding extensions.halfvec,
    page integer,
    heading text not null default '',
    text text not null,
    -- One vector a sentence, and one of the heading or title.
    sentences extensions.halfvec[],
    primary key (workspace_id, id),
    foreign key (workspace_id, document_id) references public.documents (workspace_id, id) on delete cascade,
    check ((embedding is null) = (embedding_model is null))
);
-- When a row is too long for its page, the text leaves it and the vector stays.
alter table public.passages alter column embedding set storage main;
-- Vectors do not compress; trying to would only cost time.
alter table public.passages alter column sentences set storage external;
create index on public.passages (workspace_id, document_id, ordinal);
create index on public.passages (workspace_id) where embedding is null;

-- An inverted list: which passages hold a term, and how often (title and headings weigh more than one). The passage's
-- length is repeated here, so that a search reads this index and nothing else to weigh all who hold a term.
create table public.passage_terms (
    workspace_id uuid not null default private.claimed_workspace_id(),
    term text not null,
    passage_id uuid not null,
    frequency real not null,
    length integer not null,
    primary key (workspace_id, term, passage_id) include (frequency, length),
    foreign key (workspace_id, passage_id) references public.passages (workspace_id, id) on delete cascade
);
create index on public.passage_terms (workspace_id, passage_id);

alter table public.knowledge enable row level security;
alter table public.knowledge force row level security;
alter table public.documents enable row level security;
alter table public.documents force row level security;
alter table public.passages enable row level security;
alter table public.passages force row level security;
alter table public.passage_terms enable row level security;
alter table public.passage_terms force row level security;

grant select, insert on public.knowledge to trulybot_definer;
create policy definer_all on public.knowledge for all to trulybot_definer using (true) with check (true);

grant select, update on public.knowledge to authenticated, worker;
grant select on public.knowledge to visitor;
create policy read on public.knowledge for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.knowledge for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert, update, delete on public.documents to authenticated, worker;
-- A visitor reads what an answer cites, not who uploaded it, its errors, or the whole text.
grant select (workspace_id, id, external_id, title, url, status, language) on public.documents to visitor;
create policy read on public.documents for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.documents for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.documents for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.documents for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant select, insert, update, delete on public.passages, public.passage_terms to authenticated, worker;
grant select on public.passages, public.passage_terms to visitor;
create policy read on public.passages for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.passages for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.passages for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.passages for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy read on public.passage_terms for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.passage_terms for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.passage_terms for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.passage_terms for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

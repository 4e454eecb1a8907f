-- The vectors leave the passages for a table of their own, so that those of two models can stand side by side while a
-- workspace changes from one to the other, and so that comparing them reads nothing else.

-- The model whose vectors answer; null until the first passage is embedded.
alter table public.knowledge add column embedding_model text;

create table public.passage_vectors (
    workspace_id uuid not null default private.claimed_workspace_id(),
    passage_id uuid not null,
    -- Vectors of different models cannot be compared, so each names its model.
    model text not null,
    embedding extensions.halfvec not null,
    -- One vector a sentence, and one of the heading or title.
    sentences extensions.halfvec[] not null default '{}',
    -- Read from both ends: all of a workspace's model to compare, all of a passage to delete.
    primary key (workspace_id, passage_id, model),
    foreign key (workspace_id, passage_id) references public.passages (workspace_id, id) on delete cascade
);
-- When a row is too long for its page, the sentences leave it and the vector that all are compared by stays.
alter table public.passage_vectors alter column embedding set storage main;
-- Vectors do not compress; trying to would only cost time.
alter table public.passage_vectors alter column sentences set storage external;

-- A change that is held back until it has passed its test: found by who tests it and by nobody else.
alter table public.passages add column held boolean not null default false;
create index on public.passages (workspace_id, id) where held;
create index on public.documents (workspace_id, created_at, id) where unembedded > 0;

-- What there is moves over. Row security binds the owner too, who may look away from it for this transaction.
alter table public.passages no force row level security;
alter table public.documents no force row level security;
alter table public.knowledge no force row level security;

update public.knowledge k
   set embedding_model = (select p.embedding_model
                            from public.passages p
                           where p.workspace_id = k.workspace_id
                             and p.embedding_model is not null
                           group by p.embedding_model
                           order by count(*) desc, p.embedding_model
                           limit 1);

insert into public.passage_vectors (workspace_id, passage_id, model, embedding, sentences)
select p.workspace_id, p.id, p.embedding_model, p.embedding, coalesce(p.sentences, '{}')
  from public.passages p
 where p.embedding is not null;

-- What another model embedded waits for its vector again.
update public.documents d
   set unembedded = d.passages - (select count(*)
                                    from public.passages p
                                   where p.workspace_id = d.workspace_id
                                     and p.document_id = d.id
                                     and p.embedding_model = k.embedding_model)
  from public.knowledge k
 where k.workspace_id = d.workspace_id
   and exists (select
                 from public.passages p
                where p.workspace_id = d.workspace_id
                  and p.document_id = d.id
                  and p.embedding_model <> k.embedding_model);

-- Their index and check go with them.
-- squawk-ignore ban-drop-column
alter table public.passages drop column embedding, drop column embedding_model, drop column sentences;

alter table public.passages force row level security;
alter table public.documents force row level security;
alter table public.knowledge force row level security;

alter table public.passage_vectors enable row level security;
alter table public.passage_vectors force row level security;
grant select, insert, delete on public.passage_vectors to authenticated, worker;
grant update (embedding, sentences) on public.passage_vectors to authenticated, worker;
grant select on public.passage_vectors to visitor;
create policy read on public.passage_vectors for select to authenticated, visitor, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));
create policy add on public.passage_vectors for insert to authenticated, worker
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy change on public.passage_vectors for update to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())))
    with check (workspace_id = any (array(select private.my_workspace_ids())));
create policy remove on public.passage_vectors for delete to authenticated, worker
    using (workspace_id = any (array(select private.my_workspace_ids())));

grant update (embedding_model) on public.knowledge to authenticated, worker;
grant update (held) on public.passages to authenticated, worker;

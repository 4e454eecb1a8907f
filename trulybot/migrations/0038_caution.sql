-- How sure a workspace's bot has to be before it answers.

alter table public.bots
    add column caution text not null default 'balanced' check (caution in ('eager', 'balanced', 'careful', 'strict'));

grant update (caution) on public.bots to member;

-- The sitemaps that a run has still to read: one is a step of the run, as a page is, so that any worker goes on with it.
alter table public.sources add column sitemaps text[] not null default '{}';
grant update (sitemaps) on public.sources to worker;
-- Runs that are under way and have not begun to read theirs.
update public.sources s
   set sitemaps = array[s.url]
 where s.kind = 'sitemap'
   and s.state = 'syncing'
   and not exists (select from public.source_pages p
                    where p.workspace_id = s.workspace_id and p.source_id = s.id and p.seen = s.run);

"""
The rules of Supabase's database linter (splinter), in words of our own, over every schema of ours and the queue's.

A rule is a query for what offends it. Each holds at every level, information included, except where it says otherwise.
What Supabase alone has is looked for as well: on any other PostgreSQL the answer is that there is none.
"""
# ruff: noqa: S608 - the queries are made of our own words

import pytest

from tests.isolation.site import Site

OURS = "array['public', 'private', 'trulybot_auth', 'queue']"
# What PostgREST would serve on a Supabase project, and whom it would serve.
API, API_ROLES = "array['public']", "array['anon', 'authenticated']"

POLICIES = f"""
    select n.nspname as schema, c.relname as table, p.polname as name, p.polcmd as command,
           p.polpermissive as permissive,
           c.relrowsecurity as is_on, p.polroles as roles,
           coalesce(pg_get_expr(p.polqual, c.oid), '') as reads,
           coalesce(pg_get_expr(p.polwithcheck, c.oid), '') as writes
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ({OURS})
"""
RELATIONS = f"""
    select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relrowsecurity as is_on,
           c.reloptions as options
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ({OURS}) and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""
SEEN_BY_THE_API = f"""
    exists (select from unnest({API_ROLES}) role, pg_attribute a
             where a.attrelid = r.oid and a.attnum > 0 and has_column_privilege(role, r.oid, a.attnum, 'select'))
"""
FUNCTIONS = f"""
    select p.oid, p.oid::regprocedure::text as name, p.prosecdef as definer, coalesce(p.proconfig::text, '') as settings
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ({OURS})
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
"""
TRUE = r"in ('true', '(true)', '(1 = 1)')"

RULES = {
    "0001_unindexed_foreign_keys": f"""
        select k.conname from pg_constraint k join pg_namespace n on n.oid = k.connamespace
         where k.contype = 'f' and n.nspname = any ({OURS})
           -- Its index begins with the passage, which is one workspace's alone: beside the workspace's id the planner
           -- took it for a way to one term.
           and k.conname <> 'passage_terms_workspace_id_passage_id_fkey'
           and not exists (select from pg_index i
                            where i.indrelid = k.conrelid and i.indisvalid
                              and (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)] = k.conkey)
    """,
    # Accounts are in a schema of ours: neither it nor Supabase's may be seen through a view.
    "0002_auth_users_exposed": f"""
        select r.name from ({RELATIONS}) r
          join pg_rewrite w on w.ev_class = r.oid
          join pg_depend d on d.objid = w.oid
          join pg_class u on u.oid = d.refobjid and u.relname = 'users' and u.oid <> r.oid
          join pg_namespace n on n.oid = u.relnamespace and n.nspname in ('auth', 'trulybot_auth')
         where r.kind in ('v', 'm') and {SEEN_BY_THE_API}
    """,
    # For claims of our own too, which are as slow when they are read for every row.
    "0003_auth_rls_initplan": f"""
        select name, "table" from ({POLICIES}) p
         where is_on
           and regexp_replace(reads || ' ' || writes, 'select\\s+(auth|private)\\.\\w+\\(\\)', '', 'gi')
               ~* '(auth\\.(uid|jwt|role|email)|private\\.claim\\w*|current_setting)\\('
    """,
    "0004_no_primary_key": f"""
        select schema, name from ({RELATIONS}) r
         where kind in ('r', 'p') and not exists (select from pg_index i where i.indrelid = r.oid and i.indisprimary)
    """,
    "0006_multiple_permissive_policies": f"""
        select "table", role::regrole, verb from ({POLICIES}) p
         cross join unnest(roles) role
         cross join unnest(case command when '*' then array['r', 'a', 'w', 'd'] else array[command::text] end) verb
         where permissive
         group by schema, "table", role, verb having count(*) > 1
    """,
    "0007_policy_exists_rls_disabled": f"select name from ({POLICIES}) p where not is_on",
    # Switched on with no policy shuts a table by accident as often as on purpose.
    "0008_rls_enabled_no_policy": f"""
        select name from ({RELATIONS}) r
         where kind in ('r', 'p') and is_on and not exists (select from pg_policy p where p.polrelid = r.oid)
    """,
    "0009_duplicate_index": f"""
        select array_agg(i.indexrelid::regclass) from pg_index i join ({RELATIONS}) r on r.oid = i.indrelid
         group by i.indrelid, i.indkey::text, i.indclass::text, i.indoption::text,
                  pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid), i.indnkeyatts
        having count(*) > 1
    """,
    "0010_security_definer_view": f"""
        select name from ({RELATIONS}) r
         where kind = 'v' and schema = any ({API}) and {SEEN_BY_THE_API}
           and not coalesce(options::text ~ 'security_invoker=(true|on|yes|1)', false)
    """,
    "0011_function_search_path_mutable": f"select name from ({FUNCTIONS}) f where settings !~ 'search_path='",
    "0013_rls_disabled_in_public": f"""
        select name from ({RELATIONS}) r
         where kind in ('r', 'p') and not is_on and (schema = any ({API}) or schema = 'trulybot_auth')
    """,
    "0014_extension_in_public": "select extname from pg_extension where extnamespace = 'public'::regnamespace",
    "0015_rls_references_user_metadata": f"""
        select name from ({POLICIES}) p where reads || writes ~* 'user_?metadata'
    """,
    "0016_materialized_view_in_api": f"""
        select name from ({RELATIONS}) r where kind = 'm' and schema = any ({API}) and {SEEN_BY_THE_API}
    """,
    "0017_foreign_table_in_api": f"""
        select name from ({RELATIONS}) r where kind = 'f' and schema = any ({API}) and {SEEN_BY_THE_API}
    """,
    "0018_unsupported_reg_types": f"""
        select r.name, a.attname from ({RELATIONS}) r join pg_attribute a on a.attrelid = r.oid
         where kind in ('r', 'p') and a.attnum > 0
           and a.atttypid::regtype::text in ('regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper',
                                             'regoperator', 'regproc', 'regprocedure')
    """,
    # Supabase's queue is pgmq. Ours is procrastinate, in a schema that no tenant may enter.
    "0019_insecure_queue_exposed_in_api": f"""
        select n.nspname from pg_namespace n, unnest({API_ROLES}) role
         where n.nspname in ('pgmq', 'pgmq_public', 'queue') and has_schema_privilege(role, n.oid, 'usage')
    """,
    "0021_fkey_to_auth_unique": f"""
        select k.conname from pg_constraint k join pg_namespace n on n.oid = k.connamespace
          join pg_class c on c.oid = k.confrelid
         where k.contype = 'f' and n.nspname = any ({OURS}) and c.relnamespace::regnamespace::text = 'auth'
    """,
    "0022_extension_versions_outdated": """
        select name from pg_available_extensions
         where installed_version is not null and installed_version <> default_version
    """,
    # Whatever the column is called: a table that the API's roles may read is behind row security.
    "0023_sensitive_columns_exposed": f"""
        select name from ({RELATIONS}) r where kind in ('r', 'p') and not is_on and {SEEN_BY_THE_API}
    """,
    "0024_rls_policy_always_true": f"""
        select name, "table" from ({POLICIES}) p
         where is_on and permissive
           and (0 = any (roles)
                or exists (select from unnest(roles) r
                            where r::regrole::text = any ({API_ROLES} || array['member', 'visitor', 'worker'])))
           and (command in ('w', 'd', '*') and (reads {TRUE} or reads = '')
                or writes {TRUE} or command = 'a' and writes = '')
    """,
    # Supabase's file store; our files are not in the database.
    "0025_public_bucket_allows_listing": "select 'storage.buckets' where to_regclass('storage.buckets') is not null",
    "0026_pg_graphql_anon_table_exposed": f"""
        select r.name from ({RELATIONS}) r
         where exists (select from pg_attribute a where a.attrelid = r.oid and a.attnum > 0
           and has_column_privilege('anon', r.oid, a.attnum, 'select'))
    """,
    # What a signed-in person may read, GraphQL would describe; it is not installed.
    "0027_pg_graphql_authenticated_table_exposed": "select extname from pg_extension where extname = 'pg_graphql'",
    "0028_anon_security_definer_function_executable": f"""
        select name from ({FUNCTIONS}) f where definer and has_function_privilege('anon', oid, 'execute')
    """,
    "0029_authenticated_security_definer_function_executable": f"""
        select name from ({FUNCTIONS}) f where definer and has_function_privilege('authenticated', oid, 'execute')
    """,
}

# These speak of how a database is used, or of settings outside it, so there is nothing in a schema to look for.
ELSEWHERE = {
    "0005_unused_index": "asks the statistics of a running server; an operator looks there",
    "0012_auth_allow_anonymous_sign_ins": "people without an address have a workspace of their own like others",
    "0020_table_bloat": "asks the statistics of a running server; autovacuum is on",
}


@pytest.mark.parametrize("rule", RULES)
def test_nothing_offends(site: Site, rule: str):
    try:
        found = site.superuser.execute(RULES[rule]).fetchall()  # type: ignore[arg-type]
    finally:
        site.superuser.rollback()

    assert found == []


def test_every_rule_is_looked_at_or_said_to_be_elsewhere():
    numbers = {int(rule[:4]) for rule in (*RULES, *ELSEWHERE)}

    assert numbers == set(range(1, 30))
    assert not set(RULES) & set(ELSEWHERE)


def test_autovacuum_is_switched_off_for_no_table(site: Site):
    found = site.superuser.execute(
        "select oid::regclass from pg_class where reloptions::text ~ 'autovacuum_enabled=(false|off)'"
    )

    assert found.fetchall() == []

"""What must be true of every table, policy, grant and function. Each probe yields what is not."""

from collections.abc import Iterator
from typing import Any, LiteralString

from tests.isolation.catalogue import TENANTS
from tests.isolation.site import Site
from trulybot.settings import APP_LOGIN, WORKER_LOGIN

OURS = ["public", "trulybot_auth"]
TENANT_ROLES = list(TENANTS)


def tables_without_row_security(site: Site) -> Iterator[str]:
    yield from _found(
        site,
        """
        select 'row security of ' || oid::regclass || ' is not ' ||
               case when relrowsecurity then 'forced' else 'on' end
          from pg_class
         where relnamespace = any (%s::regnamespace[]) and relkind in ('r', 'p')
           and not (relrowsecurity and relforcerowsecurity)
        """,
        OURS,
    )


def rows_that_say_not_whose_they_are(site: Site) -> Iterator[str]:
    """A workspace's row names its workspace, in its primary key too, and goes when the workspace goes."""
    for table in site.tables:
        if table.schema != "public" or table.name == "public.workspaces":
            continue
        if table.workspace is None:
            yield f"{table.name} has no workspace_id"
        # The promise: a profile's key is its person's.
        elif "workspace_id" not in table.primary_key and (table.name, table.primary_key) != (
            "public.profiles",
            ("id",),
        ):
            yield f"the primary key of {table.name} is without its workspace"
        must = {column.name for column in table.columns if column.not_null}
        if not any("workspace_id" in key.columns and must >= set(key.columns) for key in table.foreign_keys):
            yield f"{table.name} may name a workspace that does not exist"


def references_across_workspaces(site: Site) -> Iterator[str]:
    """Foreign keys do not look at row security: each carries the workspace, and no reference is without one."""
    named = {
        table.name.removeprefix("public.").rstrip("s"): table.name for table in site.tables if table.schema == "public"
    }
    for table in site.tables:
        if table.schema != "public":
            continue
        for key in table.foreign_keys:
            if not key.table.startswith("public.") or "workspace_id" not in key.columns:
                yield f"{table.name}.{key.name} refers to {key.table} without its workspace"
        pointing = {column for key in table.foreign_keys for column in key.columns}
        for column in table.columns:
            thing = column.name.removesuffix("_id")
            if column.name.endswith("_id") and thing in named and column.name not in pointing:
                yield f"{table.name}.{column.name} refers to {named[thing]} with no foreign key"


def names_that_tell_of_others(site: Site) -> Iterator[str]:
    """
    A refused duplicate tells that somebody has it. So what is unique is unique within a workspace, except a digest of
    what nobody can guess, and the names that nobody but the app gives.
    """
    for index, columns in _rows(
        site,
        """
        select i.indexrelid::regclass::text, array_remove(array_agg(a.attname::text), null)
          from pg_index i
          join pg_class c on c.oid = i.indrelid
          left join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
         where c.relnamespace = 'public'::regnamespace and i.indisunique
           and c.oid <> 'public.workspaces'::regclass and i.indexrelid::regclass::text <> 'profiles_pkey'
         group by 1
        """,
    ):
        if "workspace_id" not in columns and not (columns and set(columns) <= {"hash", "token_hash", "key_hash"}):
            yield f"{index} is unique across workspaces"


def grants_without_a_policy(site: Site) -> Iterator[str]:
    """Every grant has a policy of that role and verb, and every policy a grant: neither is there by oversight."""
    yield from _found(
        site,
        """
        with acts (verb, command) as (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')),
        granted as (
            select c.oid as relation, x.grantee, a.verb, a.command
              from pg_class c cross join lateral aclexplode(c.relacl) x join acts a on a.verb = x.privilege_type
             where c.relnamespace = any (%(ours)s::regnamespace[]) and c.relkind in ('r', 'p')
               and x.grantee <> c.relowner
            union
            select c.oid, x.grantee, a.verb, a.command
              from pg_class c join pg_attribute t on t.attrelid = c.oid
             cross join lateral aclexplode(t.attacl) x join acts a on a.verb = x.privilege_type
             where c.relnamespace = any (%(ours)s::regnamespace[]) and c.relkind in ('r', 'p')
               and x.grantee <> c.relowner
        ), ruled as (
            select p.polrelid as relation, r.grantee, a.verb, a.command
              from pg_policy p cross join lateral unnest(p.polroles) r (grantee)
              join acts a on p.polcmd in ('*', a.command::"char")
             where p.polpermissive
        )
        select g.grantee::regrole || ' may ' || lower(g.verb) || ' ' || g.relation::regclass || ' by no policy'
          from granted g
         where g.grantee <> 0
           and not exists (select from ruled r
                            where r.relation = g.relation and r.verb = g.verb
                              and (r.grantee = g.grantee or pg_has_role(g.grantee, r.grantee, 'usage')))
        union all
        select r.grantee::regrole || ' has a policy to ' || lower(r.verb) || ' ' || r.relation::regclass
               || ' but no grant'
          from ruled r
          join pg_policy p on p.polrelid = r.relation and r.grantee = any (p.polroles)
               and p.polcmd = r.command::"char"  -- "for all" of a role with few grants is one policy on purpose
           -- The tables' owner is a member of this one, and what it seals anew it reads by its own right.
         where r.grantee <> 'trulybot_definer'::regrole
           and not exists (select from granted g
                            where g.relation = r.relation and g.verb = r.verb and g.grantee = r.grantee)
        """,
        ours=OURS,
    )


def policies_for_everybody(site: Site) -> Iterator[str]:
    """A policy names its roles, and a tenant's asks in both its halves whose the row is."""
    yield from _found(
        site,
        """
        select polname || ' on ' || polrelid::regclass || ' is for everybody' from pg_policy where 0 = any (polroles)
        union all
        select p.polname || ' on ' || p.polrelid::regclass || ' asks not whose a row is'
          from pg_policy p
          join pg_class c on c.oid = p.polrelid
         cross join lateral (values (pg_get_expr(p.polqual, p.polrelid)),
                                    (pg_get_expr(p.polwithcheck, p.polrelid))) half (text)
         where c.relnamespace = any (%s::regnamespace[])
           and exists (select from unnest(p.polroles) r where r::regrole::text = any (%s))
           and half.text is not null
           and half.text !~ 'private\\.my_workspace_ids\\(\\)|auth\\.uid\\(\\)'
        """,
        OURS,
        TENANT_ROLES,
    )


def histories_that_can_be_rewritten(site: Site) -> Iterator[str]:
    """No tenant changes what a row is called, whose it is, what it belongs to, who made it and when, or who is what."""
    for table in site.tables:
        fixed = {*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)}
        fixed |= {column.name for column in table.columns if _is_fixed(column.name, column.type)}
        for role in TENANT_ROLES:
            for column in sorted(fixed & set(site.grants.get((role, table.name, "update"), ()))):
                if column != "content_hash":  # of a document's text, which may be sent anew
                    yield f"{role} may rewrite {table.name}.{column}"


def visitors_with_whole_tables(site: Site) -> Iterator[str]:
    """What a visitor writes, or reads of a document, is named by column: one of tomorrow is closed to them."""
    yield from _found(
        site,
        """
        select 'a visitor may ' || lower(x.privilege_type) || ' any column of ' || c.oid::regclass
          from pg_class c cross join lateral aclexplode(c.relacl) x
         where c.relkind in ('r', 'p') and x.grantee = 'visitor'::regrole
           and (x.privilege_type <> 'SELECT' or c.oid = 'public.documents'::regclass)
        """,
    )
    for column in ("content", "file_key", "error_message", "created_by"):
        if column in site.grants.get(("visitor", "public.documents", "select"), ()):
            yield f"a visitor may read {column} of a document"
    for column in ("status", "created_at"):
        if column in site.grants.get(("visitor", "public.leads", "insert"), ()):
            yield f"a visitor may set {column} of a lead"


def grants_that_go_round_row_security(site: Site) -> Iterator[str]:
    """truncate, references, trigger and maintain do not ask row security: the owner has them alone, anon nothing."""
    yield from _found(
        site,
        """
        select case x.grantee when 0 then 'everybody' else x.grantee::regrole::text end
               || ' may ' || lower(x.privilege_type) || ' ' || c.oid::regclass
          from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
         cross join lateral aclexplode(c.relacl) x
         where n.nspname = any (%s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and x.grantee <> c.relowner
           and (x.grantee = 0
                or x.grantee::regrole::text in ('anon', 'service_role')
                or x.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE')
                   and not (n.nspname = 'queue' and x.grantee = 'trulybot_worker'::regrole))
        """,
        [*OURS, "private", "queue"],
    )


def doors_to_other_schemas(site: Site) -> Iterator[str]:
    """Tenants reach neither accounts nor the queue; nobody makes a thing in a schema of ours, nor a temporary table."""
    yield from _found(
        site,
        """
        select r.rolname || ' may use ' || n.nspname
          from pg_namespace n, pg_roles r
         where n.nspname in ('trulybot_auth', 'queue') and r.rolname = any (%s || array['anon', 'service_role'])
           and has_schema_privilege(r.oid, n.oid, 'usage')
        union all
        select r.rolname || ' may create in ' || n.nspname
          from pg_namespace n, pg_roles r
         where n.nspname = any (%s) and not r.rolsuper and r.rolname !~ '^pg_' and n.nspowner <> r.oid
           and r.rolname not in ('trulybot_definer', 'trulybot_owner')
           and has_schema_privilege(r.oid, n.oid, 'create')
        union all
        select r.rolname || ' may make temporary tables'
          from pg_roles r
         where r.rolname in ('trulybot_app', 'trulybot_worker')
           and has_database_privilege(r.oid, current_database(), 'temporary')
        """,
        TENANT_ROLES,
        [*OURS, "private", "queue", "auth", "extensions"],
    )


def functions_that_are_open(site: Site) -> Iterator[str]:
    """A function fixes its search_path, acts with no login's rights, and nobody may call it who was not named."""
    yield from _found(
        site,
        """
        select p.oid::regprocedure || case
                   when exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
                                 where x.grantee = 0 or x.grantee::regrole::text in ('anon', 'service_role'))
                        then ' may be called by everybody'
                   when p.prosecdef and p.proowner::regrole::text <> 'trulybot_definer'
                        then ' acts with the rights of ' || p.proowner::regrole
                   else ' leaves its search_path to whoever calls' end
          from pg_proc p
         where p.pronamespace = any (array['public', 'private', 'trulybot_auth']::regnamespace[])
           and (exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
                         where x.grantee = 0 or x.grantee::regrole::text in ('anon', 'service_role'))
                or p.prosecdef and p.proowner::regrole::text <> 'trulybot_definer'
                or not coalesce(p.proconfig::text like '%%search_path=%%', false))
        """,
    )


def functions_that_ask_nobody(site: Site) -> Iterator[str]:
    """A function with another's rights that a tenant may call asks whose claims it runs under."""
    yield from _found(
        site,
        """
        select p.oid::regprocedure || ' asks not who calls'
          from pg_proc p
         where p.pronamespace = any (array['public', 'private', 'trulybot_auth']::regnamespace[])
           and p.prosecdef and p.prorettype <> 'trigger'::regtype
           and exists (select from unnest(%s::text[]) r where has_function_privilege(r, p.oid, 'execute'))
           and p.prosrc !~ '(my_workspace_ids|my_role|running_[a-z]+)\\(\\)|current_setting\\(''role''\\)'
        """,
        TENANT_ROLES,
    )


def logins_that_could_rise(site: Site) -> Iterator[str]:
    """The app's logins own nothing, bypass nothing, and may become only the roles that are theirs."""
    yield from _found(
        site,
        """
        select r.rolname || ' could rise'
          from pg_roles r
         where r.rolname = any (%s)
           and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolinherit
                or exists (select from pg_class where relowner = r.oid)
                or exists (select from pg_proc where proowner = r.oid))
        union all
        select r.rolname || ' may become ' || o.rolname
          from pg_roles r, pg_roles o
         where r.rolname = any (%s) and o.oid <> r.oid and pg_has_role(r.oid, o.oid, 'member')
           and o.rolname <> all (case r.rolname
                                     when %s then array['authenticated', 'member', 'visitor', 'trulybot_system']
                                                else array['worker'] end)
        """,
        [APP_LOGIN, WORKER_LOGIN],
        [APP_LOGIN, WORKER_LOGIN],
        APP_LOGIN,
    )


def views_with_their_owners_eyes(site: Site) -> Iterator[str]:
    """Ours run as whoever asks. The few that do not are private, behind a barrier, and give only workspace ids."""
    yield from _found(
        site,
        """
        select c.oid::regclass || ' shows what its owner sees'
          from pg_class c
         where c.relnamespace = any (array['public', 'private', 'trulybot_auth']::regnamespace[])
           and (c.relkind = 'm'
                or c.relkind = 'v' and not coalesce(c.reloptions @> array['security_invoker=on'], false)
                   and not (c.relnamespace = 'private'::regnamespace
                            and coalesce(c.reloptions @> array['security_barrier=true'], false)
                            and c.relowner::regrole::text = 'trulybot_definer'
                            and array['workspace_id'] = (select array_agg(a.attname::text) from pg_attribute a
                                                          where a.attrelid = c.oid and a.attnum > 0)))
        """,
    )


def _is_fixed(name: str, type: str) -> bool:
    is_digest = type == "bytea" and "hash" in name
    return name.startswith("created_") or is_digest or name in ("role", "scopes", "workspace_id", "user_id", "id")


def _rows(site: Site, query: LiteralString, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
    return site.superuser.execute(query, named or values or None).fetchall()


def _found(site: Site, query: LiteralString, *values: Any, **named: Any) -> Iterator[str]:
    for (what,) in _rows(site, query, *values, **named):
        yield what

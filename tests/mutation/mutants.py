"""What can be broken: everything that keeps tenants apart, as the catalogue of an unbroken database lists it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from tests.isolation.catalogue import TENANTS, Table
from tests.isolation.probes import OF_FUNCTIONS, OF_ROWS, OF_THE_SCHEMA, Probe
from tests.isolation.site import Site, name_of

MINE = "workspace_id = any (array(select private.my_workspace_ids()))"
VERBS = {"select": "r", "insert": "a", "update": "w", "delete": "d"}
# A condition that keeps tenants apart speaks of claims or roles, of a secret, or of the one that was asked for. The
# rest of a function's conditions are the product's rules, which its own tests hold.
ABOUT_TENANTS = re.compile(
    r"claim|my_workspace_ids|'role'|uid\(\)|hash = |admit_visitor\.origin|\.workspace_id = workspace$"
    r"|(memberships_of|readdress|delete_due_workspace|tenants_of)\.\w+|enter_workspace\.workspace_id|bot_by_name\.bot$"
)


@dataclass(frozen=True)
class Mutant:
    """statements: what breaks it. only: the tables or functions where it would show, when that is known."""

    kind: str
    name: str
    statements: tuple[sql.Composable, ...]
    probes: tuple[Probe, ...] = field(default=OF_ROWS + OF_THE_SCHEMA, repr=False)
    only: tuple[str, ...] = ()


def mutants(site: Site) -> list[Mutant]:
    """All of them, in the same order every time."""
    return [
        *_row_security(site),
        *_policies(site),
        *_keys(site),
        *_grants(site),
        *_functions(site),
        *_conditions(site),
        *_views(site),
    ]


def _row_security(site: Site) -> Iterator[Mutant]:
    for table in site.tables:
        for what in ("disable", "no force"):
            statement = sql.SQL("alter table {} " + what + " row level security").format(name_of(table))  # type: ignore[arg-type]
            yield Mutant("row security", f"{what} {table.name}", (statement,), only=(table.name,))


def _policies(site: Site) -> Iterator[Mutant]:
    rows = _rows(
        site,
        """
        select p.polname::text, n.nspname || '.' || c.relname, array(select r::regrole::text from unnest(p.polroles) r),
               pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
          from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('public', 'trulybot_auth')
         order by 2, 1
        """,
    )
    by_name = {table.name: table for table in site.tables}
    for policy, table, roles, using, check in rows:
        on = sql.SQL(" on {}").format(name_of(by_name[table]))

        def mutant(what: str, *statements: sql.Composable, policy: str = policy, table: str = table) -> Mutant:
            return Mutant("policy", f"{policy} on {table}: {what}", statements, only=(table,))

        named = sql.Identifier(policy) + on
        ours = roles == ["trulybot_definer"]
        if not ours or any(site.grants.get(("trulybot_definer", table, verb)) for verb in VERBS):
            yield mutant("dropped", sql.SQL("drop policy ") + named)
        yield mutant("for everybody", sql.SQL("alter policy ") + named + sql.SQL(" to public"))
        for half, expression in (("using", using), ("with check", check)):
            if expression in (None, "true") or ours:  # its functions ask, and each of their conditions is a mutant
                continue
            alter = sql.SQL("alter policy ") + named
            yield mutant(f"{half} (true)", alter + sql.SQL(f" {half} (true)"))  # type: ignore[arg-type]
            if "my_workspace_ids" in expression and " AND " in expression:
                yield mutant(f"{half} (the workspace alone)", alter + sql.SQL(f" {half} ({MINE})"))  # type: ignore[arg-type]


def _keys(site: Site) -> Iterator[Mutant]:
    rows = _rows(
        site,
        """
        select k.conname::text, c.relname::text, k.contype::text
          from pg_constraint k join pg_class c on c.oid = k.conrelid
         where k.connamespace = 'public'::regnamespace and k.contype in ('p', 'f')
         order by 2, 1
        """,
    )
    for constraint, table, _kind in rows:
        drop = sql.SQL("alter table public.{} drop constraint {} cascade")
        statement = drop.format(sql.Identifier(table), sql.Identifier(constraint))
        yield Mutant("key", f"{constraint} dropped", (statement,), OF_THE_SCHEMA, (f"public.{table}",))
    rows = _rows(
        site,
        """
        select i.indexrelid::regclass::text, c.relname::text, pg_get_indexdef(i.indexrelid)
          from pg_index i join pg_class c on c.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and i.indisunique and not i.indisprimary and i.indnatts > 1
           and pg_get_indexdef(i.indexrelid) like '%(workspace_id, %'
         order by 1
        """,
    )
    for index, table, definition in rows:
        across = sql.SQL(definition.replace("(workspace_id, ", "("))
        yield Mutant(
            "key",
            f"{index} without its workspace",
            (sql.SQL("drop index public.{}").format(sql.Identifier(index)), across),
            OF_THE_SCHEMA,
            (f"public.{table}",),
        )


def _grants(site: Site) -> Iterator[Mutant]:
    for table in site.tables:
        for role in (*TENANTS[1:], "anon"):
            verbs = VERBS if table.schema == "public" else ("select",)
            for verb in verbs:
                if not _has_all(site, role, table, verb):
                    statement = sql.SQL("grant {} on {} to {}").format(
                        sql.SQL(verb), name_of(table), sql.Identifier(role)
                    )
                    name = f"{verb} on {table.name} to {role}"
                    yield Mutant("grant", name, (statement,), OF_THE_SCHEMA + OF_ROWS, (table.name,))
        truncate = sql.SQL("grant truncate on {} to authenticated").format(name_of(table))
        yield Mutant("grant", f"truncate on {table.name}", (truncate,), OF_THE_SCHEMA)
    for schema in ("trulybot_auth", "queue"):
        for role in (*TENANTS[1:], "anon"):
            usage = sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), sql.Identifier(role))
            yield Mutant("grant", f"usage of {schema} to {role}", (usage,), OF_THE_SCHEMA)
    for schema in ("public", "private"):
        create = sql.SQL("grant create on schema {} to authenticated").format(sql.Identifier(schema))
        yield Mutant("grant", f"create in {schema}", (create,), OF_THE_SCHEMA)


def _functions(site: Site) -> Iterator[Mutant]:
    for _oid, name, roles, asks in _definers(site):
        function = sql.SQL("function {}").format(sql.SQL(name))
        breaks: list[tuple[str, sql.Composed]] = [
            ("for everybody", sql.SQL("grant execute on {} to public").format(function)),
            ("with the caller's search_path", sql.SQL("alter {} reset all").format(function)),
            ("with a superuser's rights", sql.SQL("alter {} owner to postgres").format(function)),
        ]
        breaks += [
            (f"for a {role}", sql.SQL("grant execute on {} to {}").format(function, sql.Identifier(role)))
            for role in ("member", "visitor", "worker")
            if role not in roles and not asks  # one that asks who calls tells nobody else
        ]
        for what, statement in breaks:
            only = (name.partition("(")[0],)
            yield Mutant("function", f"{name} {what}", (statement,), OF_THE_SCHEMA + OF_FUNCTIONS, only)


def _conditions(site: Site) -> Iterator[Mutant]:
    """Each condition of a function with more rights, when it is one that keeps tenants apart."""
    # What other functions ask shows in those; the rest is called by itself.
    asked = {f"private.{name}" for name in ("my_role", "rehome", "running_job", "running_mail")}
    for oid, name, _role, _asks in _definers(site):
        ((definition,),) = _rows(site, "select pg_get_functiondef(%s::oid)", oid)
        for number, (condition, without) in enumerate(conditions(definition)):
            if ABOUT_TENANTS.search(condition):
                bare = name.partition("(")[0]
                yield Mutant(
                    "condition",
                    f"{bare} without {number}: {condition}",
                    (sql.SQL(without),),  # type: ignore[arg-type]  # the function's own text
                    OF_THE_SCHEMA + OF_FUNCTIONS,
                    () if bare in asked else (bare,),
                )


def _views(site: Site) -> Iterator[Mutant]:
    rows = _rows(
        site,
        """
        select c.oid::regclass::text, pg_get_viewdef(c.oid)
          from pg_class c
         where c.relnamespace = 'private'::regnamespace and c.relkind = 'v'
         order by 1
        """,
    )
    for view, definition in rows:
        named = sql.SQL(view)
        for what, statement in (
            ("for everybody", sql.SQL("grant select on {} to public")),
            ("without its barrier", sql.SQL("alter view {} reset (security_barrier)")),
        ):
            yield Mutant("view", f"{view} {what}", (statement.format(named),), OF_THE_SCHEMA)
        for condition, without in conditions(definition):
            replaced = sql.SQL("create or replace view {} with (security_barrier = true) as {}")
            statement = replaced.format(named, sql.SQL(without))
            yield Mutant("condition", f"{view} without {condition}", (statement,), OF_ROWS + OF_FUNCTIONS)


def conditions(text: str) -> Iterator[tuple[str, str]]:
    """Each condition of each `where` and `if`, with the text as it would be without it."""
    for start in _CLAUSE.finditer(text):
        truth = "true" if start[1].lower() == "where" else "false"
        for begin, end in _conjuncts(text, start.end()):
            yield " ".join(text[begin:end].split()), f"{text[:begin]} {truth} {text[end:]}"


_CLAUSE = re.compile(r"(?<!end )\b(where|if|elsif)\b(?! not exists [a-z])", re.IGNORECASE)
_JOINT = re.compile(r"(?<!\w)(and|or)\b", re.IGNORECASE)
_END = re.compile(
    r"(?<!\w)(group by|order by|returning|limit|union|on conflict|do update|for update|then|loop)\b|;|\$\w*\$",
    re.IGNORECASE,
)


def _conjuncts(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """The places of the parts that `and` and `or` join, up to the end of the clause; a part in brackets is opened."""
    depth, place, first = 0, begin, begin
    parts = []
    while place < len(text):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth < 0 or (depth == 0 and _END.match(text, place)):
            break
        if depth == 0 and (joint := _JOINT.match(text, place)):
            parts.append((first, place))
            first = place = joint.end()
            continue
        place += 1
    for start, end in (*parts, (first, place)):
        part = text[start:end].strip()
        if part.startswith("(") and part.endswith(")") and not part[1:].lstrip().lower().startswith("select"):
            yield from _conjuncts(text, text.index("(", start) + 1)
        elif part:
            yield start, end


def _definers(site: Site) -> list[tuple[Any, ...]]:
    return _rows(
        site,
        """
        select p.oid::bigint, p.oid::regprocedure::text,
               array(select r.rolname::text from pg_roles r where has_function_privilege(r.oid, p.oid, 'execute')),
               p.prosrc ~ '(my_workspace_ids|my_role|running_[a-z]+)\\(\\)|current_setting\\(''role''\\)'
          from pg_proc p
         where p.pronamespace = 'private'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
         order by 2
        """,
    )


def _has_all(site: Site, role: str, table: Table, verb: str) -> bool:
    granted = site.grants.get((role, table.name, verb), ())
    return len(granted) == len(table.columns)


def _rows(site: Site, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return site.superuser.execute(query, values or None).fetchall()  # type: ignore[arg-type]

"""Every function of ours, called with another tenant's ids by everybody who may call it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, product
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.isolation.catalogue import Routine, routines
from tests.isolation.site import JOB, NOBODY, OWNER, PROGRAM, VISITOR, Site, Who
from tests.isolation.tenants import ACME, BOTH, LATER, OTHER, OTHERS_JOB, REMOVED, Tenant, claims, row

SYSTEM = tuple(
    Who(role, role, claims(reason="a test")) for role in ("trulybot_system", "trulybot_app", "trulybot_worker")
)
NOWHERE = Tenant(NOBODY, "Nobody")
INTRUDERS = (
    Who("another workspace's owner", "member", claims(sub=OTHER.user_id, workspace_id=ACME.workspace_id)),
    Who("a removed member", "member", claims(sub=REMOVED, workspace_id=ACME.workspace_id)),
    Who("another workspace's key", "member", claims(key_id=OTHER.key_id, workspace_id=ACME.workspace_id)),
    Who("another workspace's visitor", "visitor", claims(visitor_id=OTHER.visitor_id, workspace_id=ACME.workspace_id)),
    Who("another workspace's job", "worker", claims(job_id=OTHERS_JOB, workspace_id=ACME.workspace_id), "worker"),
)
MOST_CALLS = 400  # of one function by one caller


def tenants_with_anothers_ids(site: Site) -> Iterator[str]:
    """A member, a key, a visitor and a job call every function they may with what belongs to another workspace."""
    yield from _calls(site, (OWNER, PROGRAM, VISITOR, JOB), given=OTHER)


def system_with_ones_own_ids(site: Site) -> Iterator[str]:
    """What acts for all workspaces, asked about one, neither tells of another nor touches it."""
    yield from _calls(site, SYSTEM, given=ACME)


def strangers_in_this_workspace(site: Site) -> Iterator[str]:
    """Whoever claims a workspace that is not theirs calls every function with what belongs to it."""
    yield from _calls(site, INTRUDERS, given=ACME, victim=ACME)


def system_with_what_nobody_has(site: Site) -> Iterator[str]:
    """Asked for what does not exist, nothing is found."""
    for victim in (ACME, OTHER):
        # Their bots would be silent otherwise. Undone with all the rest.
        site.superuser.execute("delete from public.workspace_deletions")
        yield from _calls(site, SYSTEM[:1], given=NOWHERE, victim=victim)


def visitors_from_elsewhere(site: Site) -> Iterator[str]:
    """A bot admits nobody from a website that its workspace does not allow."""
    site.superuser.execute("delete from public.workspace_deletions")  # it would be silent
    workspaces = next(table for table in site.tables if table.name == "public.workspaces")
    admitted = site.superuser.execute(
        "select private.admit_visitor(%s, 'https://elsewhere.example', gen_random_uuid())",
        (row(workspaces, ACME)["bot_key"],),
    ).fetchone()
    site.superuser.rollback()
    if admitted != (None,):
        yield "a visitor of a website that is not allowed is admitted"


def _calls(site: Site, callers: tuple[Who, ...], *, given: Tenant, victim: Tenant = OTHER) -> Iterator[str]:
    """Everybody's calls; whatever of the victim's workspace shows in an answer, or has changed after it, is told."""
    connection, of_the_victim = site.superuser, theirs(site, victim)
    before = connection.execute(of_the_victim).fetchone()
    found = [
        routine
        for routine in routines(connection, "private", "public")
        # Those of the claims only repeat what the caller has said.
        if not (routine.is_trigger or routine.name.startswith("private.claim"))
        and (not site.only or routine.name in site.only)
    ]
    try:
        for who in callers:
            for routine in found:
                if who.role not in routine.roles or (who in SYSTEM and not _is_about_one(routine)):
                    continue
                connection.execute("savepoint calls")
                answers = _answers(site, who, routine, given)
                after = connection.execute(of_the_victim).fetchone()
                connection.execute("rollback to savepoint calls")
                if any(trace in answers for trace in victim.traces):
                    yield f"{who.name}: {routine.name} tells of another workspace"
                if after != before:
                    yield f"{who.name}: {routine.name} changes another workspace"
    finally:
        connection.rollback()


def _answers(site: Site, who: Who, routine: Routine, given: Tenant) -> str:
    """All that the function answers to all that is tried."""
    said = []
    choices = (_values(site, name, type, given) for name, type in routine.arguments)
    for values in islice(product(*choices), MOST_CALLS):
        arguments = sql.SQL(", ").join(
            sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(type))  # type: ignore[arg-type]  # the catalogue's own
            for value, (_name, type) in zip(values, routine.arguments, strict=True)
        )
        query = sql.SQL("select {}({})").format(sql.Identifier(*routine.name.split(".")), arguments)
        try:
            with site.superuser.transaction():
                site.superuser.execute(
                    "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                    (who.role, who.claims),
                )
                said.append(str(site.superuser.execute(query).fetchall()))
                site.superuser.execute("set local role none")
        except psycopg.Error:  # refused, or not made for such values
            continue
    return "\n".join(said)


def _is_about_one(routine: Routine) -> bool:
    """Some tell or tend everything there is, for the worker and the operator; they ask for nobody in particular."""
    return any(type in ("uuid", "text", "bytea", "uuid[]") for _name, type in routine.arguments)


def _values(site: Site, name: str, type: str, given: Tenant) -> list[Any]:
    """What to try for an argument: of its tenant whatever has this name, or else everything of the type."""
    match type:
        case "uuid":
            known = {
                "workspace_id": [given.workspace_id],
                "user_id": [given.user_id, BOTH] if given is OTHER else [given.user_id],
                "visitor_id": [given.visitor_id],
            }
            ids = [given.user_id, given.workspace_id, *(given.id(table.name) for table in site.tables)]
            return known.get(name, ids)
        case "uuid[]":
            return [[given.user_id, given.workspace_id, *(given.id(table.name) for table in site.tables)]]
        case "text":
            if name in ("role", "bot", "email", "origin"):
                return [*dict.fromkeys(_held(site, given, {"bot": "bot_key"}.get(name, name))), "owner", "viewer"]
            return ["said"]
        case "bytea":
            return _held(site, given, name) or _held(site, given, "hash")
        case "jsonb" | "json":
            return [Jsonb({"workspace_id": str(given.workspace_id)})]
        case "timestamp with time zone":
            return [LATER]
        case "interval":
            return [timedelta(days=1)]
        case "boolean":
            return [True]
        case _:
            return [1]


def _held(site: Site, given: Tenant, column: str) -> list[Any]:
    """What the tenant's rows hold in columns of this name."""
    rows = (row(table, given) for table in site.tables)
    found = [held[column] for held in rows if isinstance(held.get(column), str | bytes)]
    origins = [origin for table in site.tables for origin in row(table, given).get("allowed_origins", ())]
    return found or (origins if column == "origin" else [])


def theirs(site: Site, victim: Tenant) -> sql.Composed:
    """A query for one digest a table of the rows that are the other workspace's."""
    digests = []
    for table in site.tables:
        owned = {table.workspace: victim.workspace_id, "user_id": victim.user_id, "id": row(table, victim).get("id")}
        owns = [
            sql.SQL("{} = {}").format(sql.Identifier(column.name), sql.Literal(owned[column.name]))
            for column in table.columns
            if column.name in owned
        ]
        if owns:
            digests.append(
                sql.SQL(
                    "(select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {} t where {})"
                ).format(sql.Identifier(*table.name.split(".")), sql.SQL(" or ").join(owns))
            )
    jobs = sql.SQL("(select count(*) from queue.procrastinate_jobs where args ->> 'workspace_id' = {})")
    digests.append(jobs.format(sql.Literal(str(victim.workspace_id))))
    return sql.SQL("select ") + sql.SQL(", ").join(digests)

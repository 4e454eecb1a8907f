"""Whose rows can be read, written and moved by whom. Each probe yields what it should not have been able to do."""

from collections.abc import Iterator

from psycopg import sql

from tests.isolation.catalogue import VERBS, Table
from tests.isolation.site import (
    COLLEAGUE,
    JOB,
    OTHER_VISITOR,
    OWNER,
    PROGRAM,
    STRANGERS,
    VISITOR,
    Attempts,
    Site,
    Who,
    name_of,
)
from tests.isolation.tenants import ACME, ACMES_OTHER, OTHER, Tenant, insert, row

UNTOUCHED = (0, "refused")
# What only its visitor may see, though the workspace has other visitors.
VISITORS_OWN = ("public.visitors", "public.conversations", "public.turns", "public.leads")
# What only the person may change, though the workspace has other members.
PERSONS_OWN = ("public.profiles", "public.memberships")


def strangers_through_the_apps_logins(site: Site) -> Iterator[str]:
    """Every stranger × every table × every verb, with the grants as they are."""
    for who in STRANGERS:
        for table in site.workspace_tables:
            with site.acting(who) as attempts:
                yield from _reached(attempts, table, site)


def strangers_past_the_grants(site: Site) -> Iterator[str]:
    """The same, with everything granted: the policies alone must hold."""
    with site.with_every_grant() as connection:
        for who in STRANGERS:
            if who.role in ("trulybot_system", None):  # what has no policy needs none
                continue
            attempts = Attempts(connection, who)
            for table in site.workspace_tables:
                for verb in VERBS:
                    touched = attempts.rows(_statement(verb, table, ACME, table.workspace or ""))
                    if touched not in UNTOUCHED:
                        yield f"{who.name}, past the grants: {verb} {table.name} → {touched}"


def own_rows(site: Site) -> Iterator[str]:
    """What is granted works on one's own rows, or the rest would prove nothing."""
    for who in (OWNER, PROGRAM, VISITOR, JOB):
        for table in site.workspace_tables:
            if who is PROGRAM and table.name in PERSONS_OWN:
                continue
            for verb in VERBS:
                columns = _granted(site, who, table, verb)
                if not columns:
                    continue
                with site.acting(who) as attempts:
                    if verb == "insert":
                        done = _inserts(attempts, table, columns)
                    else:
                        done = attempts.rows(_statement(verb, table, ACME, columns[0])) not in UNTOUCHED
                if not done:
                    yield f"{who.name} cannot {verb} the own {table.name}"


def rows_moved_elsewhere(site: Site) -> Iterator[str]:
    """A member, a key, a visitor and a job try to give their rows to another workspace, with everything granted."""
    with site.with_every_grant() as connection:
        for who in (OWNER, PROGRAM, VISITOR, JOB):
            attempts = Attempts(connection, who)
            for table in site.workspace_tables:
                # A statement that reads nothing of the row is under the policy for updates alone.
                for condition in (" where {column} = {here}", ""):
                    move = sql.SQL("update {} set {column} = {there}" + condition).format(  # type: ignore[arg-type]  # noqa: S608
                        name_of(table),
                        column=sql.Identifier(table.workspace or ""),
                        there=sql.Literal(OTHER.workspace_id),
                        here=sql.Literal(ACME.workspace_id),
                    )
                    if (touched := attempts.rows(move)) not in UNTOUCHED:
                        yield f"{who.name} moves rows of {table.name} to another workspace → {touched}"
                foreign = row(table, OTHER, fresh="planted by another")
                planted = attempts.rows(insert(table, foreign, ending=""), list(foreign.values()))
                if planted not in UNTOUCHED:
                    yield f"{who.name} plants a row of {table.name} in another workspace → {planted}"


def visitors_of_one_workspace(site: Site) -> Iterator[str]:
    """A visitor and another visitor of the same workspace, with everything granted."""
    with site.with_every_grant() as connection:
        attempts = Attempts(connection, OTHER_VISITOR)
        for table in site.workspace_tables:
            if table.name not in VISITORS_OWN:
                continue
            key = table.primary_key[-1]
            of_acme = row(table, ACME)[key]
            for verb in ("select", "update", "delete"):
                statement = _narrowed(verb, table, key, of_acme)
                if (touched := attempts.rows(statement)) not in UNTOUCHED:
                    yield f"another visitor: {verb} {table.name} → {touched}"
            planted = row(table, ACME, fresh="planted by a visitor")
            for without in ((), ("user_id", "key_id")):
                values = {name: value for name, value in planted.items() if name not in without}
                if (touched := attempts.rows(insert(table, values, ending=""), list(values.values()))) not in UNTOUCHED:
                    yield f"another visitor: insert into {table.name} for the first → {touched}"
            yield from _given_away(attempts, table, key, planted)


def visitors_impersonating(site: Site) -> Iterator[str]:
    """A visitor whose conversation says that a person or a program asked; a member whose says that a visitor did."""
    table = next((one for one in site.workspace_tables if one.name == "public.conversations"), None)
    if table is None:
        return
    with site.with_every_grant() as connection:
        for who, pretended in ((VISITOR, ("user_id",)), (VISITOR, ("key_id",)), (OWNER, ("visitor_id",))):
            whole = row(table, ACME, fresh="pretended")
            kept = {*table.primary_key, *pretended, *(("visitor_id",) if who is VISITOR else ())}
            values = {name: value for name, value in whole.items() if name in kept}
            if (
                touched := Attempts(connection, who).rows(insert(table, values, ending=""), list(values.values()))
            ) not in UNTOUCHED:
                yield f"{who.name} begins a conversation under a {pretended[0]} → {touched}"


def members_of_one_workspace(site: Site) -> Iterator[str]:
    """A member and a colleague's profile and membership, with everything granted."""
    with site.with_every_grant() as connection:
        for who in (COLLEAGUE, PROGRAM):
            attempts = Attempts(connection, who)
            for table in site.workspace_tables:
                if table.name in PERSONS_OWN:
                    key = "id" if table.name == "public.profiles" else "user_id"
                    for verb in ("update", "delete"):
                        if (touched := attempts.rows(_narrowed(verb, table, key, ACME.user_id))) not in UNTOUCHED:
                            yield f"{who.name}: {verb} of somebody else's {table.name} → {touched}"
        attempts = Attempts(connection, COLLEAGUE)
        for table in site.workspace_tables:
            if table.name in PERSONS_OWN:
                key = "id" if table.name == "public.profiles" else "user_id"
                take = sql.SQL("update {} set {key} = {them} where {key} = {me}").format(
                    name_of(table),
                    key=sql.Identifier(key),
                    them=sql.Literal(OTHER.user_id),
                    me=sql.Literal(ACMES_OTHER.user_id),
                )
                if (touched := attempts.rows(take)) not in UNTOUCHED:
                    yield f"a member becomes somebody else in {table.name} → {touched}"


def accounts_past_the_grants(site: Site) -> Iterator[str]:
    """People, sessions and keys have no policy for a tenant: with everything granted there is still nothing."""
    with site.with_every_grant() as connection:
        for who in (OWNER, PROGRAM, VISITOR, JOB):
            attempts = Attempts(connection, who)
            for table in site.tables:
                if table.schema != "trulybot_auth" or (site.only and table.name not in site.only):
                    continue
                if (touched := attempts.rows(sql.SQL("select from {}").format(name_of(table)))) not in UNTOUCHED:
                    yield f"{who.name}, past the grants: select {table.name} → {touched}"
                values = row(table, OTHER, fresh="planted")
                if (touched := attempts.rows(insert(table, values, ending=""), list(values.values()))) not in UNTOUCHED:
                    yield f"{who.name}, past the grants: insert {table.name} → {touched}"


def _given_away(attempts: Attempts, table: Table, key: str, planted: dict[str, object]) -> Iterator[str]:
    """Rows of the one visitor made the other's, either way. planted: of the first visitor's."""
    for column in {"visitor_id", "conversation_id"} & set(planted):
        take = sql.SQL("update {} set {} = {}").format(
            name_of(table), sql.Identifier(column), sql.Literal(row(table, ACMES_OTHER)[column])
        )
        if attempts.rows(take) not in (*UNTOUCHED, 1):  # one is their own
            yield f"another visitor takes the {table.name} of all"
        # As above: a statement that reads nothing of the row is under the policy for updates alone.
        for condition in (" where {key} = {own}", ""):
            move = sql.SQL("update {} set {column} = {theirs}" + condition).format(  # type: ignore[arg-type]  # noqa: S608
                name_of(table),
                column=sql.Identifier(column),
                theirs=sql.Literal(planted[column]),
                key=sql.Identifier(key),
                own=sql.Literal(row(table, ACMES_OTHER)[key]),
            )
            if (touched := attempts.rows(move)) not in UNTOUCHED:
                yield f"another visitor gives their {table.name} to the first → {touched}"


def _reached(attempts: Attempts, table: Table, site: Site) -> Iterator[str]:
    for verb in VERBS:
        column = next(iter(_granted(site, attempts.who, table, verb)), table.workspace or "")
        touched = attempts.rows(_statement(verb, table, ACME, column))
        if touched not in UNTOUCHED:
            yield f"{attempts.who.name}: {verb} {table.name} → {touched}"


def _statement(verb: str, table: Table, tenant: Tenant, column: str) -> sql.Composed:
    """column: one that may be written, for an update."""
    if verb == "insert":
        return sql.SQL("insert into {} ({}) values ({})").format(
            name_of(table), sql.Identifier(table.workspace or ""), sql.Literal(tenant.workspace_id)
        )
    return _narrowed(verb, table, table.workspace or "", tenant.workspace_id, column)


def _narrowed(verb: str, table: Table, key: str, value: object, column: str = "") -> sql.Composed:
    begin = {"select": "select from {}", "delete": "delete from {}", "update": "update {} set {column} = {column}"}
    return sql.SQL(begin[verb] + " where {key} = {value}").format(  # type: ignore[arg-type]  # one of those above
        name_of(table), column=sql.Identifier(column or key), key=sql.Identifier(key), value=sql.Literal(value)
    )


def _granted(site: Site, who: Who, table: Table, verb: str) -> tuple[str, ...]:
    """The columns that the role may do this to; of all when a row as a whole is meant."""
    role = who.role or ("trulybot_app" if who.login == "web" else "trulybot_worker")
    return site.grants.get((role, table.name, verb), ())


def _inserts(attempts: Attempts, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether a row of one's own goes in: with all that is granted, with what it must have, or what it points to."""
    whole = {name: value for name, value in row(table, ACME, fresh="another").items() if name in columns}
    needed = {column.name for column in table.columns if column.not_null and not column.has_default} | {"workspace_id"}
    pointing = {name for key in table.foreign_keys for name in key.columns}
    for kept in (set(whole), needed, needed | pointing):
        values = {name: value for name, value in whole.items() if name in kept}
        if attempts.rows(insert(table, values, ending=""), list(values.values())) != "refused":
            return True
    return False

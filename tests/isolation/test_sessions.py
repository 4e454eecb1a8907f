"""What a session of the app's own logins can do beyond tables: as smuggled SQL would."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors, sql

from tests.isolation.catalogue import TENANTS
from tests.isolation.site import JOB, OTHER_VISITOR, OWNER, VISITOR, Site, Who
from tests.isolation.tenants import ACME, OTHER

PEOPLE = (OWNER, VISITOR, JOB)
DENIED = (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedFunction, errors.ActiveSqlTransaction)


@pytest.fixture(params=PEOPLE, ids=lambda who: who.name)
def acting(request: pytest.FixtureRequest, site: Site) -> Iterator[Connection[Any]]:
    """A connection of the app's login, in the middle of somebody's transaction."""
    who: Who = request.param
    with psycopg.connect(site.web_url if who.login == "web" else site.worker_url) as connection:
        become(connection, who)
        yield connection
        connection.rollback()


def become(connection: Connection[Any], who: Who) -> None:
    connection.execute(
        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)", (who.role, who.claims)
    )


@pytest.mark.parametrize(
    "role", ["service_role", "trulybot_definer", "trulybot_owner", "postgres", "anon", "pg_read_all_data"]
)
@pytest.mark.parametrize("how", ["set role {}", "reset role; set role {}", "set session authorization {}"])
def test_nobody_rises(acting: Connection[Any], role: str, how: str):
    with pytest.raises(errors.InsufficientPrivilege):  # noqa: PT012
        for statement in how.split(";"):
            acting.execute(sql.SQL(statement).format(sql.Identifier(role)))  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["web_url", "worker_url"])
def test_a_login_becomes_only_the_roles_that_are_its_own(site: Site, url: str):
    own = {"web_url": {"authenticated", "member", "visitor", "trulybot_system"}, "worker_url": {"worker"}}[url]
    with psycopg.connect(getattr(site, url), autocommit=True) as connection:
        others = [name for (name,) in connection.execute("select rolname from pg_roles where rolname <> current_user")]
        became = set()
        for role in others:
            try:
                connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
                became.add(role)
            except errors.InsufficientPrivilege:
                pass
            connection.execute("reset role")

    assert became == own


@pytest.mark.parametrize(
    "statement",
    [
        "create table public.trap (id int)",
        "create temporary table documents (id int)",
        "create temporary view documents as select 1",
        "create function public.trap() returns int language sql as 'select 1'",
        "create function pg_temp.trap() returns int language sql as 'select 1'",
        "create schema trap",
        "create policy trap on public.documents using (true)",
        "alter table public.documents disable row level security",
        "alter table public.documents no force row level security",
        "alter policy read on public.documents using (true)",
        "alter function private.my_workspace_ids() reset all",
        "alter role current_user superuser",
        "truncate public.documents cascade",
        "copy public.documents to program 'true'",
        "copy public.documents from program 'true'",
        "copy public.documents to '/tmp/documents'",
        "copy public.documents from '/etc/passwd'",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "select lo_export(1, '/tmp/out')",
        "select pg_ls_dir('/')",
        "select * from pg_authid",
        "select * from pg_statistic",
        "select * from pg_user_mapping",
        "select * from trulybot_auth.users",
        "select * from queue.procrastinate_jobs",
        "create extension dblink",
        "create server trap foreign data wrapper postgres_fdw",
        "create publication trap for all tables",
        "create event trigger trap on ddl_command_end execute function public.trap()",
        "load 'auto_explain'",
        "set local session_replication_role = replica",
        "set local row_security = off; select * from public.documents",
        "select setval('queue.procrastinate_jobs_id_seq', 1)",
        "select nextval('queue.procrastinate_jobs_id_seq')",
        "refresh materialized view public.documents",
    ],
)
def test_nobody_does(acting: Connection[Any], statement: str):
    refused = (*DENIED, errors.UndefinedObject, errors.WrongObjectType, errors.FeatureNotSupported)
    with pytest.raises(refused):  # noqa: PT012
        for one in statement.split("; "):
            acting.execute(one)  # type: ignore[arg-type]


def test_copying_out_is_under_the_policies(site: Site):
    with psycopg.connect(site.web_url) as connection:
        become(connection, OWNER)
        with connection.cursor().copy("copy (select workspace_id from public.documents) to stdout") as copy:
            rows = {row[0] for row in copy.rows()}

    assert rows == {str(ACME.workspace_id)}


def test_copying_in_is_refused_where_row_security_holds(site: Site):
    with psycopg.connect(site.web_url) as connection:
        become(connection, OWNER)
        with (
            pytest.raises(errors.FeatureNotSupported, match="row-level security"),
            connection.cursor().copy("copy public.leads (workspace_id, id) from stdin") as copy,
        ):
            copy.write_row((str(OTHER.workspace_id), str(OTHER.user_id)))


@pytest.mark.parametrize("path", ["pg_temp, public", "queue, public", "trulybot_auth, public", "private", ""])
def test_no_search_path_changes_whose_rows_are_seen(site: Site, path: str):
    with psycopg.connect(site.web_url) as connection:
        become(connection, OWNER)
        connection.execute("select set_config('search_path', %s, true)", (path,))
        rows = connection.execute("select distinct workspace_id from public.documents").fetchall()

    assert rows == [(ACME.workspace_id,)]


def test_an_event_tells_ids_and_nothing_else(site: Site):
    """
    LISTEN knows no privileges: any session of a login of ours hears every workspace's events. So they hold the ids of
    a workspace and of a thing and the name of its kind, and what is behind an id is read under the policies.
    """
    with psycopg.connect(site.web_url, autocommit=True) as ears, psycopg.connect(site.web_url) as tx:
        ears.execute("listen trulybot")
        become(tx, OWNER)
        event = {"workspace_id": str(ACME.workspace_id), "topic": "document", "id": str(ACME.user_id)}
        tx.execute("select pg_notify('trulybot', %s)", (json.dumps(event),))
        tx.commit()
        (heard,) = ears.notifies(timeout=5, stop_after=1)

    assert set(json.loads(heard.payload)) == {"workspace_id", "topic", "id"}


def test_what_other_sessions_run_cannot_be_read(site: Site):
    secret = f"select '{OTHER.marker}'"
    with psycopg.connect(site.web_url) as other, psycopg.connect(site.web_url) as mine:
        other.execute(secret)  # type: ignore[arg-type]
        become(mine, OWNER)
        seen = mine.execute("select query from pg_stat_activity").fetchall()

    assert not any(OTHER.marker in (query or "") for (query,) in seen)


def test_the_planners_statistics_tell_nothing_of_anybodys_rows(site: Site):
    site.superuser.commit()
    site.superuser.execute("analyze public.documents")
    site.superuser.commit()
    with psycopg.connect(site.web_url) as connection:
        become(connection, OWNER)
        found = connection.execute("select tablename, most_common_vals::text from pg_stats where schemaname = 'public'")

        assert found.fetchall() == []


def test_there_are_no_large_objects(site: Site):
    assert site.superuser.execute("select count(*) from pg_largeobject_metadata").fetchone() == (0,)
    site.superuser.rollback()


def test_smuggled_sql_could_claim_anything_within_its_logins_roles(site: Site):
    """
    The residual risk, as a test so that it cannot be forgotten: claims are set by the app, and whoever runs SQL of
    their own in its login sets them too. See docs/security/isolation.md for what stands before and behind that.
    """
    with psycopg.connect(site.web_url) as connection:
        become(connection, OTHER_VISITOR)
        connection.execute("reset role")
        become(connection, OWNER)

        assert connection.execute("select count(*) > 0 from documents").fetchone() == (True,)


def test_the_workers_login_cannot_claim_a_workspace_at_all(site: Site):
    """It has a job's claims alone, and a job has to be running."""
    with psycopg.connect(site.worker_url) as connection:
        for role in set(TENANTS) - {"worker"}:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            connection.rollback()
        become(connection, Who("", "worker", OWNER.claims))

        assert connection.execute("select count(*) from documents").fetchone() == (0,)

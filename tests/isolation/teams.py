"""People of two workspaces, and acts in one of them: nothing of the other may come of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from tests.isolation.functions import theirs
from tests.isolation.site import HERE, OWNER, THERE, Site, Who
from tests.isolation.tenants import ACME, ACMES_JOB, ACMES_OTHER, BOTH, EARLIER, LATER, OTHER, SEED, claims

GUEST = "a-guest-of-both@example.com"
SYSTEM = Who("the system", "trulybot_system", claims(reason="a test"))
VIEWER = Who("a viewer", "member", claims(sub=ACMES_OTHER.user_id, workspace_id=HERE))
ADMIN = Who("an admin", "member", claims(sub=BOTH, workspace_id=HERE))
JOB = Who("a job", "worker", claims(job_id=ACMES_JOB, workspace_id=HERE), "worker")
NO_JOB = Who("a job that is none", "worker", claims(job_id=2**62, workspace_id=HERE), "worker")
MAIL = uuid5(SEED, "a mail")
MAIL_JOB = 1_000_010


def acts_that_reach_the_other_workspace(site: Site) -> Iterator[str]:
    """An owner changes and removes somebody who belongs to both, and invites whom both have invited."""
    with _two_teams(site) as connection:
        acts = {
            "change_role": ("select private.change_role(%s, 'viewer')", [BOTH]),
            "remove_member": ("select private.remove_member(%s)", [BOTH]),
            "invite": (
                "select private.invite(gen_random_uuid(), %s, 'viewer', sha256('new'), %s)",
                [GUEST, LATER],
            ),
        }
        query = theirs(site, OTHER)
        before = connection.execute(query).fetchone()
        for name, (call, values) in acts.items():
            with _undone(connection):
                said = _as(connection, OWNER, call, values)
                if said not in ("done", True):
                    yield f"{name} is not done but {said}"
                if connection.execute(query).fetchone() != before:
                    yield f"{name} changes another workspace"
        with _undone(connection):
            _as(connection, SYSTEM, "select private.enter_workspace(%s, %s)", [BOTH, HERE])
            if connection.execute(query).fetchone() != before:
                yield "enter_workspace changes another workspace"


def acts_that_know_of_other_teams(site: Site) -> Iterator[str]:
    """Who belongs elsewhere is unknown here, and how many own another workspace does not count."""
    with _two_teams(site) as connection:
        for call in ("select private.change_role(%s, 'viewer')", "select private.remove_member(%s)"):
            if (said := _as(connection, OWNER, call, [OTHER.user_id])) != "unknown":
                yield f"{call} of another workspace's member: {said}"
            with _undone(connection):
                connection.execute("delete from memberships where workspace_id = %s and user_id = %s", (HERE, BOTH))
                if (said := _as(connection, OWNER, call, [ACME.user_id])) != "last_owner":
                    yield f"{call} of the last owner: {said}"
        if _as(connection, SYSTEM, "select private.join_workspace(sha256('guessed'), %s, %s)", [BOTH, GUEST]):
            yield "a guessed link joins"


def acts_above_ones_role(site: Site) -> Iterator[str]:
    """Nobody removes those above them, and everybody may go; no admin takes an owner's invitation back."""
    with _two_teams(site) as connection:
        if (said := _as(connection, VIEWER, "select private.remove_member(%s)", [BOTH])) != "forbidden":
            yield f"a viewer removes an owner: {said}"
        if (said := _as(connection, VIEWER, "select private.remove_member(%s)", [ACMES_OTHER.user_id])) != "done":
            yield f"a viewer leaves: {said}"
        connection.execute("update memberships set role = 'admin' where user_id = %s", (BOTH,))
        call = "select private.invite(gen_random_uuid(), %s, 'viewer', sha256('new'), %s)"
        if _as(connection, ADMIN, call, [GUEST, LATER]) is not False:
            yield "an admin takes an owner's invitation back"


def ends_that_come_too_early(site: Site) -> Iterator[str]:
    """That another workspace is due ends nothing of this one."""
    with _two_teams(site) as connection:
        connection.execute("update workspace_deletions set due_at = %s where workspace_id = %s", (LATER, THERE))
        connection.execute("update workspace_deletions set due_at = %s where workspace_id = %s", (EARLIER, HERE))
        if _as(
            connection, Who("the worker", "trulybot_worker", "{}"), "select private.delete_due_workspace(%s)", [THERE]
        ):
            yield "a workspace ends before its day"


def locks_on_the_other_workspace(site: Site) -> Iterator[str]:
    """While somebody's role changes here, nobody waits there."""
    with _two_teams(site) as connection:
        _as(connection, OWNER, "select private.change_role(%s, 'owner')", [BOTH])
        query = "select from memberships where workspace_id = %s and user_id = %s for update nowait"
        with psycopg.connect(site.superuser_url) as another:
            try:
                another.execute(query, (THERE, OTHER.user_id))
            except psycopg.errors.LockNotAvailable:
                yield "a change of role holds another workspace's owners"


def acts_in_anothers_name(site: Site) -> Iterator[str]:
    """A member's line of the log names the member; the system's names whom it was told."""
    call = "select private.record_act(gen_random_uuid(), 'sign_in', 'person', %s, null, '{}', null, null, %s)"
    last = "select actor_id from audit_log where workspace_id = %s order by seq desc limit 1"
    with _two_teams(site) as connection:
        for who, named in ((OWNER, ACME.user_id), (SYSTEM, OTHER.user_id)):
            with _undone(connection):
                _as(connection, who, call, [str(OTHER.user_id), HERE])
                written = connection.execute(last, (HERE,)).fetchone()
                if written != (str(named),):
                    yield f"{who.name} is written down as {written}"


def mails_of_no_job(site: Site) -> Iterator[str]:
    """A job that runs keeps mails, and sees the one it was made for; whoever names another job does neither."""
    keep = "select private.keep_mail(gen_random_uuid(), 'alert', 'ana@example.com', null, 'sealed') is null"
    with _two_teams(site) as connection:
        connection.execute(
            """
            insert into queue.procrastinate_jobs (id, queue_name, task_name, status, args)
            values (%s, 'deliver', 'mail.deliver', 'doing', %s)
            """,
            (MAIL_JOB, Jsonb({"mail_id": str(MAIL)})),
        )
        connection.execute(
            """
            insert into trulybot_auth.mails (id, kind, recipient, sealed, state)
            values (%s, 'alert', 'ana@example.com', 'sealed', 'queued')
            """,
            (MAIL,),
        )
        if isinstance(_as(connection, JOB, keep), psycopg.Error):
            yield "a job keeps no mail"
        if not isinstance(_as(connection, NO_JOB, keep), psycopg.errors.InsufficientPrivilege):
            yield "a job that is none keeps a mail"
        seen = "select count(*) from private.mail_to_send()"
        own = Who("the mail's job", "worker", claims(job_id=MAIL_JOB), "worker")
        if _as(connection, own, seen) != 1:
            yield "a mail's job does not see it"
        for who in (JOB, NO_JOB):
            if _as(connection, who, seen) != 0:
                yield f"{who.name} sees a mail"
        if _as(connection, Who("a member", None, claims(job_id=MAIL_JOB)), seen) != 0:
            yield "a mail is seen outside the worker's role"


@contextmanager
def _two_teams(site: Site) -> Iterator[Connection[Any]]:
    """One person owns both workspaces, has made a key in each and is at home there; both have invited a guest."""
    connection = site.superuser
    try:
        connection.execute("delete from public.memberships where user_id = %s", (ACMES_OTHER.user_id,))
        connection.execute("insert into memberships values (%s, %s, 'viewer')", (HERE, ACMES_OTHER.user_id))
        connection.execute(
            "insert into profiles (id, workspace_id, email) values (%s, %s, 'both@example.com')", (BOTH, THERE)
        )
        for workspace in (HERE, THERE):
            _belongings(connection, workspace)
        yield connection
    finally:
        connection.rollback()


def _belongings(connection: Connection[Any], workspace: UUID) -> None:
    hash = uuid5(workspace, "a key").bytes
    connection.execute(
        """
        insert into api_keys (workspace_id, id, name, hash, hint, scopes, created_by)
        values (%s, gen_random_uuid(), 'theirs', %s, 'tb_sk', '{chat}', %s)
        """,
        (workspace, hash, BOTH),
    )
    connection.execute(
        """
        insert into invitations (workspace_id, id, email, role, token_hash, invited_by, expires_at)
        values (%s, gen_random_uuid(), %s, 'owner', %s, %s, %s)
        """,
        (workspace, GUEST, hash, BOTH, LATER),
    )


@contextmanager
def _undone(connection: Connection[Any]) -> Iterator[None]:
    connection.execute("savepoint act")
    try:
        yield
    finally:
        connection.execute("rollback to savepoint act")


def _as(connection: Connection[Any], who: Who, query: str, values: list[Any] | None = None) -> Any:
    """What the statement answers, or the error that it ended in; the role and the claims end with it."""
    try:
        with connection.transaction():
            connection.execute(
                "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                (who.role or "none", who.claims),
            )
            (answer,) = connection.execute(query, values).fetchone() or (None,)  # type: ignore[arg-type]
            connection.execute(sql.SQL("set local role none"))
            return answer
    except psycopg.Error as error:
        return error

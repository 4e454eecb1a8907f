"""
The end of a workspace or an account: announced, put off for two weeks, and then complete.

Until the day comes everything is as it was, except that a workspace's bot greets no new visitor; and whoever asked for
it can take it back. On the day the worker removes the files first and the rows after them, so that a failure in between
leaves rows that are tried again, and never files that nobody knows of.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from trulybot.accounts import passwords, session_queries
from trulybot.accounts.config import Accounts
from trulybot.accounts.models import Person
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.kit.db import Database, Tx
from trulybot.kit.openapi import example
from trulybot.kit.security import SecurityEvent, note
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind
from trulybot.workspaces import members, queries
from trulybot.workspaces.errors import NotConfirmed, OwnsAlone, RoleTooHigh
from trulybot.workspaces.identity import Member

GRACE = timedelta(days=14)  # long enough to come back from a holiday and find the mail

_CONTENTS = {"documents": 41, "passages": 782, "conversations": 120, "leads": 9, "members": 3, "api_keys": 1}


@example(_CONTENTS)
@dataclass(frozen=True)
class Contents:
    """How much of everything a deletion takes."""

    documents: int
    passages: int
    conversations: int
    leads: int
    members: int
    api_keys: int


@dataclass(frozen=True)
class Schedule:
    """due_at: when it is done; none where nothing is planned."""

    requested_at: datetime | None = None
    due_at: datetime | None = None


@example({"removes": _CONTENTS, "requested_at": None, "due_at": None})
@dataclass(frozen=True)
class WorkspaceDeletion:
    removes: Contents
    requested_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True)
class Owned:
    """A workspace that has no other owner. is_alone: it has no other member either."""

    workspace_id: UUID
    name: str
    is_alone: bool


@example({"workspaces": ["Ana's Bakery"], "requested_at": None, "due_at": None})
@dataclass(frozen=True)
class AccountDeletion:
    """workspaces: the names of those that end with the account, since nobody else is in them."""

    workspaces: list[str]
    requested_at: datetime | None
    due_at: datetime | None


async def of_workspace(tx: Tx) -> WorkspaceDeletion:
    """What deleting the open workspace would remove, and when it will, if that is planned."""
    removes = await tx.one(
        Contents,
        """
        select (select count(*) from documents where workspace_id = %(workspace_id)s) as documents,
               (select count(*) from passages where workspace_id = %(workspace_id)s) as passages,
               (select count(*) from conversations where workspace_id = %(workspace_id)s) as conversations,
               (select count(*) from leads where workspace_id = %(workspace_id)s) as leads,
               (select count(*) from memberships where workspace_id = %(workspace_id)s) as members,
               (select count(*) from api_keys where workspace_id = %(workspace_id)s) as api_keys
        """,
        workspace_id=tx.workspace_id,
    )
    planned = (
        await tx.maybe(
            Schedule,
            "select requested_at, due_at from workspace_deletions where workspace_id = %(workspace_id)s",
            workspace_id=tx.workspace_id,
        )
        or Schedule()
    )
    return WorkspaceDeletion(removes, planned.requested_at, planned.due_at)


async def plan_workspace(tx: Tx, name: str, *, by: Member, site: str) -> WorkspaceDeletion:
    """
    Set the open workspace's end. name: its own, as the owner typed it.

    Raises:
        NotConfirmed: It is another name.
        RoleTooHigh: Only an owner may.
    """
    workspace = await queries.workspace(tx)
    if name.strip() != workspace.name:
        raise NotConfirmed(reason="the workspace has another name.")
    if not await tx.value("select private.schedule_deletion(%(due_at)s)", due_at=datetime.now(UTC) + GRACE):
        raise RoleTooHigh
    planned = await of_workspace(tx)
    await audit.record(tx, Action.WORKSPACE_DELETION_PLANNED, by=by, subject=by.workspace_id)
    for owner in [one for one in await members.members(tx) if one.role == "owner"]:
        await mail.send(
            tx,
            Kind.WORKSPACE_DELETION,
            owner.email,
            workspace=workspace.name,
            date=_day(planned.due_at),
            link=f"{site}/dashboard/settings",
        )
    return planned


async def keep_workspace(tx: Tx, *, by: Member) -> None:
    """
    Raises:
        RoleTooHigh: Only an owner may.
    """
    if not await tx.value("select private.cancel_deletion()"):
        raise RoleTooHigh
    await audit.record(tx, Action.WORKSPACE_DELETION_CANCELLED, by=by, subject=by.workspace_id)


async def of_account(tx: Tx, user_id: UUID) -> AccountDeletion:
    """What deleting the account would remove with it; a system transaction."""
    planned = (
        await tx.maybe(
            Schedule,
            "select requested_at, due_at from trulybot_auth.account_deletions where user_id = %(user_id)s",
            user_id=user_id,
        )
        or Schedule()
    )
    ending = [owned.name for owned in await _solely_owned(tx, user_id) if owned.is_alone]
    return AccountDeletion(ending, planned.requested_at, planned.due_at)


async def plan_account(
    db: Database, accounts: Accounts, person: Person, password: str, *, site: str
) -> AccountDeletion:
    """
    Set the account's end.

    Raises:
        NotConfirmed: The session is not fresh, and the password not right.
        OwnsAlone: Others would lose their workspace.
        LimitReached: The password was wrong too often.
    """
    await _prove(db, accounts, person, password)
    async with db.system("end an account") as tx:
        shared = [owned.name for owned in await _solely_owned(tx, person.user_id) if not owned.is_alone]
        if shared:
            raise OwnsAlone(names=", ".join(shared))
        await tx.run(
            """
            insert into trulybot_auth.account_deletions (user_id, due_at)
            values (%(user_id)s, %(due_at)s)
                on conflict (user_id) do nothing
            """,
            user_id=person.user_id,
            due_at=datetime.now(UTC) + GRACE,
        )
        planned = await of_account(tx, person.user_id)
        await audit.record(tx, Action.ACCOUNT_DELETION_PLANNED, by=person, subject=person.user_id)
        if person.email:
            await mail.send(
                tx, Kind.ACCOUNT_DELETION, person.email, date=_day(planned.due_at), link=f"{site}/account/deletion"
            )
        return planned


async def _prove(db: Database, accounts: Accounts, person: Person, password: str) -> None:
    """An old session may be somebody else's by now, and must be no place to guess the password at."""
    async with db.system("end an account") as tx:
        secret = await session_queries.secret(tx, person)
    if secret.is_fresh:
        return
    if password:
        await accounts.limiter.take(accounts.limits.proofs, str(person.user_id))
        if await passwords.matches(password, secret.password_hash):
            await accounts.limiter.clear(accounts.limits.proofs, str(person.user_id))
            return
        note(SecurityEvent.SIGN_IN_FAILED, user_id=person.user_id)
    raise NotConfirmed(reason="give your password, or sign in again first.")


async def keep_account(tx: Tx, person: Person) -> None:
    await tx.run("delete from trulybot_auth.account_deletions where user_id = %(user_id)s", user_id=person.user_id)
    await audit.record(tx, Action.ACCOUNT_DELETION_CANCELLED, by=person, subject=person.user_id)


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


async def _solely_owned(tx: Tx, user_id: UUID) -> list[Owned]:
    return await tx.all(
        Owned,
        "select workspace_id, name, is_alone from private.solely_owned(%(user_id)s)",
        user_id=user_id,
    )

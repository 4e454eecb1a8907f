"""What a team does, each act with its line in the audit log and the mail that tells whom it concerns."""

from uuid import UUID

from fastapi import Request

from trulybot.accounts.config import LOCAL_SITE
from trulybot.accounts.models import Person
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.kit.db import Database, Tx
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind
from trulybot.workspaces import invitations, members, queries
from trulybot.workspaces.identity import Member
from trulybot.workspaces.invitations import NewInvitation
from trulybot.workspaces.members import Role, TeamMember
from trulybot.workspaces.models import Workspace


def site(request: Request) -> str:
    """Where the links in mails lead. Never taken from the request, whose Host header the caller chooses."""
    return request.app.state.site_url or LOCAL_SITE


async def invite(tx: Tx, email: str, role: Role, *, by: Member, site: str) -> NewInvitation:
    """
    Invite an address by mail, and answer with the link.

    Raises:
        AlreadyMember, RoleTooHigh, InvalidEmail: It cannot be.
    """
    invitation, token = await invitations.invite(tx, email, role)
    link = f"{site}/invitations/{token}"
    inviter = await queries.profile(tx, by.user_id)
    await mail.send(
        tx,
        Kind.MEMBER_INVITATION,
        invitation.email,
        locale=inviter.locale,
        workspace=(await queries.workspace(tx)).name,
        inviter=inviter.name or by.email,
        link=link,
    )
    await audit.record(tx, Action.MEMBER_INVITED, by=by, subject=invitation.id, role=role)
    return NewInvitation(**invitation.__dict__, link=link)


async def withdraw(tx: Tx, invitation_id: UUID, *, by: Member) -> None:
    """
    Raises:
        NotFound: There is none, or it is for a role above the caller's reach.
    """
    await invitations.withdraw(tx, invitation_id)
    await audit.record(tx, Action.INVITATION_WITHDRAWN, by=by, subject=invitation_id)


async def accept(db: Database, person: Person, token: str) -> Workspace:
    """
    Join the workspace that somebody was invited to.

    Raises:
        InvitationOver, InvitationOfAnother: It cannot be.
    """
    async with db.system("join a workspace") as tx:
        offer = await invitations.accept(tx, person, token)
        await audit.record(
            tx,
            Action.MEMBER_JOINED,
            by=person,
            subject=person.user_id,
            workspace_id=offer.workspace_id,
            role=offer.role,
        )
    member = Member(person.user_id, offer.workspace_id, offer.role, person.email, person.session_id)
    async with db.workspace(member) as tx:
        return await queries.workspace(tx)


async def change_role(tx: Tx, user_id: UUID, role: Role, *, by: Member) -> TeamMember:
    """
    Raises:
        NotFound, RoleTooHigh, LastOwner: It cannot be.
    """
    changed = await members.change_role(tx, user_id, role)
    await audit.record(tx, Action.ROLE_CHANGED, by=by, subject=user_id, role=role)
    return changed


async def remove(tx: Tx, user_id: UUID, *, by: Member) -> None:
    """
    Raises:
        NotFound, RoleTooHigh, LastOwner: It cannot be.
    """
    # Recorded before it happens, since whoever leaves could not write afterwards; a refusal takes both back.
    action = Action.MEMBER_LEFT if user_id == by.user_id else Action.MEMBER_REMOVED
    await audit.record(tx, action, by=by, subject=user_id)
    await members.remove(tx, user_id)

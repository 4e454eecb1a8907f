"""What can go wrong with a team."""

from trulybot.kit.errors import AppError, Conflict, Forbidden, NotFound


class RoleTooHigh(Forbidden):
    """Your role may not do this to somebody with theirs: owners manage everybody, admins everybody but owners."""

    status, code = 403, "role_too_high"


class LastOwner(Conflict):
    """A workspace keeps at least one owner. Make somebody else an owner first, or delete the workspace."""

    status, code = 409, "last_owner"


class AlreadyMember(Conflict):
    """This person is a member already."""

    status, code = 409, "already_a_member"


class InvitationOver(NotFound):
    """This invitation is not valid any more. Ask for a new one."""

    status, code = 404, "invitation_over"


class InvitationOfAnother(Forbidden):
    """This invitation is for another address. Sign in with the one it was sent to."""

    status, code = 403, "invitation_of_another"


class OwnsAlone(Conflict):
    """You are the only owner of {names}, where others work too. Make one of them an owner first."""

    status, code = 409, "only_owner"


class NotConfirmed(AppError):
    """To be sure that this is wanted: {reason}"""

    status, code = 403, "not_confirmed"

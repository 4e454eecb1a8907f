"""What an operator's program may be told, in GoTrue's words."""

from trulybot.kit.errors import AppError


class NotAllowed(AppError):
    """User not allowed"""

    status, code = 403, "not_admin"


class NoSuchUser(AppError):
    """User not found"""

    status, code = 404, "user_not_found"


class NoUserId(AppError):
    """user_id must be an UUID"""

    status, code = 404, "validation_failed"


class OwnsWorkspaces(AppError):
    """This person alone owns a workspace in which others work. Make one of them an owner first."""

    status, code = 409, "conflict"

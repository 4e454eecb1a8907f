"""Every mail that we send, and what each one needs to be told."""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    # What lets somebody in. `link` leads to our own site; `code` may be typed instead.
    CONFIRMATION = "confirmation"
    MAGIC_LINK = "magic_link"
    RECOVERY = "recovery"
    REAUTHENTICATION = "reauthentication"
    EMAIL_CHANGE = "email_change"  # to the new address
    EMAIL_CHANGE_CURRENT = "email_change_current"  # to the one it shall replace
    INVITE = "invite"  # to an account that an administrator made
    MEMBER_INVITATION = "member_invitation"  # to a workspace

    # What happened to an account, to whoever may not have wanted it.
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a name)
    EMAIL_CHANGED = "email_changed"  # to the address that was replaced
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    LOCKED_OUT = "locked_out"

    # What will be gone, and when; `date` is YYYY-MM-DD and `link` leads to where it is called off.
    ACCOUNT_DELETION = "account_deletion"
    WORKSPACE_DELETION = "workspace_deletion"

    # What an operator or an owner should look at, in words of ours.
    ALERT = "alert"

    @property
    def values(self) -> frozenset[str]:
        return VALUES[self]

    @property
    def lets_in(self) -> bool:
        """Whether it is of no use once its link or code is no longer valid."""
        return "code" in self.values


VALUES: Mapping[Kind, frozenset[str]] = {
    Kind.CONFIRMATION: frozenset({"link", "code"}),
    Kind.MAGIC_LINK: frozenset({"link", "code"}),
    Kind.RECOVERY: frozenset({"link", "code"}),
    Kind.REAUTHENTICATION: frozenset({"code"}),
    Kind.EMAIL_CHANGE: frozenset({"link", "code"}),
    Kind.EMAIL_CHANGE_CURRENT: frozenset({"link", "code", "new_email"}),
    Kind.INVITE: frozenset({"link", "code"}),
    Kind.MEMBER_INVITATION: frozenset({"workspace", "inviter", "link"}),
    Kind.PASSWORD_CHANGED: frozenset(),
    Kind.EMAIL_CHANGED: frozenset(),
    Kind.FACTOR_ADDED: frozenset(),
    Kind.FACTOR_REMOVED: frozenset(),
    Kind.RECOVERY_CODE_USED: frozenset(),
    Kind.LOCKED_OUT: frozenset(),
    Kind.ACCOUNT_DELETION: frozenset({"date", "link"}),
    Kind.WORKSPACE_DELETION: frozenset({"workspace", "date", "link"}),
    Kind.ALERT: frozenset({"subject", "text"}),
}

"""What can go wrong at another's sign-in, in GoTrue's words where clients know them."""

from trulybot.accounts.errors import ValidationFailed
from trulybot.kit.errors import AppError


class UnsupportedProvider(AppError):
    """Unsupported provider: {name} has no OpenID Connect, which signing in here needs"""

    status, code = 400, "oauth_provider_not_supported"


class BadState(AppError):
    """OAuth state is invalid, expired or already used"""

    status, code = 400, "bad_oauth_state"


class BadCallback(AppError):
    """{reason}"""

    status, code = 400, "bad_oauth_callback"


class DeniedThere(AppError):
    """The sign-in was not completed at the provider"""

    status, code = 403, "bad_oauth_callback"


class ExchangeFailed(AppError):
    """Unable to exchange external code"""

    status, code = 400, "bad_oauth_callback"


class BadIdToken(AppError):
    """Bad ID token"""

    status, code = 400, "bad_jwt"


class UnexpectedAudience(AppError):
    """Unacceptable audience in id_token"""

    status, code = 400, "unexpected_audience"


class NonceMissing(ValidationFailed):
    """Passed nonce and nonce in id_token should either both exist or not."""


class NonceMismatch(ValidationFailed):
    """Nonces mismatch"""


class NoEmail(AppError):
    """Error getting user email from external provider"""

    status, code = 422, "validation_failed"


class EmailNotVerified(AppError):
    """Unverified email with {name}. Verify the address there, and sign in again."""

    status, code = 403, "email_not_confirmed"


class EmailInUse(AppError):
    """A user with this email address has already been registered"""

    status, code = 422, "email_exists"


class BannedPerson(AppError):
    """User is banned"""

    status, code = 403, "user_banned"


class DeletedPerson(AppError):
    """This account was deleted"""

    status, code = 403, "user_not_found"


class IdentityAlreadyExists(AppError):
    """Identity is already linked to {whom}"""

    status, code = 422, "identity_already_exists"


class IdentityNotFound(AppError):
    """Identity doesn't exist"""

    status, code = 422, "identity_not_found"


class SingleIdentity(AppError):
    """User must have at least 1 identity after unlinking"""

    status, code = 422, "single_identity_not_deletable"


class EmailConflict(AppError):
    """Unable to unlink identity due to email conflict"""

    status, code = 422, "email_conflict_identity_not_deletable"

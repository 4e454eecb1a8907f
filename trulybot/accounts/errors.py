"""What can go wrong, by the codes and in the words that GoTrue's clients match."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from trulybot.kit.errors import AppError, Unauthenticated


class BadJson(AppError):
    """Could not parse request body as JSON"""

    status, code = 400, "bad_json"


class ValidationFailed(AppError):
    """{reason}"""

    status, code = 400, "validation_failed"


class InvalidEmail(ValidationFailed):
    """{reason}"""


class InvalidPhone(ValidationFailed):
    """{reason}"""


class InvalidPassword(ValidationFailed):
    """{reason}"""


class NoAuthorization(AppError):
    """This endpoint requires a valid Bearer token"""

    status, code = 401, "no_authorization"


class TokenRefused(AppError):
    """The access token does not sign anyone in."""

    status, code = 403, "bad_jwt"


class BadJwt(TokenRefused):
    """invalid JWT: unable to parse or verify signature"""


class SessionNotFound(TokenRefused):
    """Session from session_id claim in JWT does not exist"""

    code = "session_not_found"


class UserNotFound(TokenRefused):
    """User from sub claim in JWT does not exist"""

    code = "user_not_found"


class UserBanned(TokenRefused):
    """User is banned"""

    code = "user_banned"


class BannedAtSignIn(AppError):
    """User is banned"""

    status, code = 400, "user_banned"


class NotAdmin(AppError):
    """Updating app_metadata requires admin privileges"""

    status, code = 403, "not_admin"


class SignupDisabled(AppError):
    """Signups not allowed for this instance"""

    status, code = 422, "signup_disabled"


class AnonymousDisabled(AppError):
    """Anonymous sign-ins are disabled"""

    status, code = 422, "anonymous_provider_disabled"


class PhoneDisabled(AppError):
    """Phone sign-ins are disabled"""

    status, code = 400, "phone_provider_disabled"


class ProviderDisabled(AppError):
    """Provider is not enabled"""

    status, code = 400, "provider_disabled"


class FeatureDisabled(AppError):
    """This feature is not available on this server"""

    status, code = 404, "feature_disabled"


class SamlDisabled(AppError):
    """SAML 2.0 is disabled"""

    status, code = 404, "saml_provider_disabled"


class PasskeysDisabled(AppError):
    """Passkeys are disabled"""

    status, code = 404, "passkey_disabled"


class ManualLinkingDisabled(AppError):
    """Manual linking is disabled"""

    status, code = 404, "manual_linking_disabled"


class UserAlreadyExists(AppError):
    """User already registered"""

    status, code = 422, "user_already_exists"


class EmailExists(AppError):
    """A user with this email address has already been registered"""

    status, code = 422, "email_exists"


class InvalidCredentials(AppError):
    """Invalid login credentials"""

    status, code = 400, "invalid_credentials"


class UnsupportedGrant(AppError):
    """unsupported_grant_type"""

    status, code = 400, "invalid_credentials"


class EmailNotConfirmed(AppError):
    """Email not confirmed"""

    status, code = 400, "email_not_confirmed"


class PhoneNotConfirmed(AppError):
    """Phone not confirmed"""

    status, code = 400, "phone_not_confirmed"


class PhoneExists(AppError):
    """A user with this phone number has already been registered"""

    status, code = 422, "phone_exists"


class FlowStateNotFound(AppError):
    """invalid flow state, no valid flow state found"""

    status, code = 404, "flow_state_not_found"


class WeakPassword(AppError):
    """Password should be at least {length} characters."""

    status, code = 422, "weak_password"

    def __init__(self, *, length: int, reasons: Sequence[str] = ("length",)) -> None:
        super().__init__(length=length)
        self.reasons = list(reasons)


class GuessablePassword(WeakPassword):
    """Password is known to be weak and easy to guess, please choose a different one."""

    def __init__(self) -> None:
        super().__init__(length=0, reasons=("pwned",))


class SecondFactorRequired(Unauthenticated):
    """Show your second factor first."""

    code = "second_factor_required"


class InsufficientAal(AppError):
    """AAL2 session is required to update email or password when MFA is enabled."""

    status, code = 401, "insufficient_aal"


class SamePassword(AppError):
    """New password should be different from the old password."""

    status, code = 422, "same_password"


class CurrentPasswordRequired(AppError):
    """Current password required: this session is too old to change it without"""

    status, code = 400, "current_password_required"


class ReauthenticationNeeded(AppError):
    """Password update requires reauthentication"""

    status, code = 400, "reauthentication_needed"


class ReauthenticationNotValid(AppError):
    """Nonce has expired or is invalid"""

    status, code = 422, "reauthentication_not_valid"


class CurrentPasswordInvalid(AppError):
    """Current password is not valid"""

    status, code = 400, "current_password_invalid"


class RefreshTokenNotFound(AppError):
    """Invalid Refresh Token: Refresh Token Not Found"""

    status, code = 400, "refresh_token_not_found"


class RefreshTokenAlreadyUsed(AppError):
    """Invalid Refresh Token: Already Used"""

    status, code = 400, "refresh_token_already_used"


class SessionExpired(AppError):
    """Invalid Refresh Token: Session Expired"""

    status, code = 400, "session_expired"


class ConcurrentRefresh(AppError):
    """Too many concurrent token refresh requests on the same session"""

    status, code = 409, "conflict"


class TooManyRequests(AppError):
    """Request rate limit reached"""

    status, code = 429, "over_request_rate_limit"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class EntityTooLarge(AppError):
    """Request body is larger than {limit_bytes} bytes"""

    status, code = 413, "request_entity_too_large"

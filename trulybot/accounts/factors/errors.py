"""What can go wrong with second factors, by the codes that GoTrue's clients match."""

from trulybot.accounts.errors import ValidationFailed
from trulybot.kit.errors import AppError


class FactorTypeUnknown(ValidationFailed):
    """factor_type needs to be totp"""


class PhoneFactorsDisabled(AppError):
    """MFA enroll is disabled for Phone"""

    status, code = 422, "mfa_phone_enroll_not_enabled"


class WebAuthnFactorsDisabled(AppError):
    """MFA enroll is disabled for WebAuthn"""

    status, code = 422, "mfa_webauthn_enroll_not_enabled"


class FactorNameTaken(AppError):
    """A factor with the friendly name "{name}" for this user already exists"""

    status, code = 422, "mfa_factor_name_conflict"


class TooManyFactors(AppError):
    """Maximum number of verified factors reached, unenroll to continue"""

    status, code = 422, "too_many_enrolled_mfa_factors"


class FactorNotFound(AppError):
    """Factor not found"""

    status, code = 404, "mfa_factor_not_found"


class ChallengeNotFound(AppError):
    """MFA factor with the provided challenge ID not found"""

    status, code = 404, "mfa_factor_not_found"


class ChallengeExpired(AppError):
    """MFA challenge has expired, verify against another challenge or create a new challenge."""

    status, code = 422, "mfa_challenge_expired"


class AddressMismatch(AppError):
    """Challenge and verify IP addresses mismatch."""

    status, code = 422, "mfa_ip_address_mismatch"


class CodeRefused(AppError):
    """Invalid TOTP code entered"""

    status, code = 422, "mfa_verification_failed"


class AnonymousHasNoFactors(AppError):
    """Anonymous user not allowed to perform these actions"""

    status, code = 403, "no_authorization"


class FactorIdInvalid(AppError):
    """factor_id must be an UUID"""

    status, code = 404, "validation_failed"


class SecondFactorNeeded(AppError):
    """AAL2 required to enroll a new factor"""

    status, code = 403, "insufficient_aal"


class RemovalNeedsSecondFactor(AppError):
    """AAL2 required to unenroll verified factor"""

    status, code = 422, "insufficient_aal"

"""What can go wrong with one-time codes and links, in GoTrue's words."""

from trulybot.kit.errors import AppError


class CodeExpired(AppError):
    """Token has expired or is invalid"""

    status, code = 403, "otp_expired"


class LinkExpired(AppError):
    """Email link is invalid or has expired"""

    status, code = 403, "otp_expired"


class FlowStateExpired(AppError):
    """invalid flow state, flow state has expired"""

    status, code = 422, "flow_state_expired"


class BadCodeVerifier(AppError):
    """code challenge does not match previously saved code verifier"""

    status, code = 400, "bad_code_verifier"


class SmsNotSent(AppError):
    """Unable to get SMS provider"""

    status, code = 422, "sms_send_failed"


class BarePassword(AppError):
    """Updating password of an anonymous user without an email or phone is not allowed"""

    status, code = 422, "validation_failed"

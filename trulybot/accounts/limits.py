"""
How often accounts may be tried, as GoTrue counts it: amounts by its settings' names, codes and words of its own.

GoTrue keeps each by a token bucket for each address that a header names; we by a sliding window for each address that
asked, so that nobody names another.
"""

from dataclasses import dataclass
from functools import cached_property

from trulybot.kit.limits import Limit

MINUTE, HOUR = 60, 3600
FIVE_MINUTES = 5 * MINUTE

REQUESTS, EMAILS, MESSAGES = "over_request_rate_limit", "over_email_send_rate_limit", "over_sms_send_rate_limit"
REQUESTS_SAID = "Request rate limit reached"
AGAIN_SAID = "For security purposes, you can only request this after {seconds} seconds."
EMAILS_SAID = "email rate limit exceeded"
MESSAGES_SAID = "sms rate limit exceeded"

AGAIN_SECONDS = 60  # GoTrue's GOTRUE_SMTP_MAX_FREQUENCY


@dataclass(frozen=True, kw_only=True)
class AccountLimits:
    """The amounts that an operator may set. emails, messages: (amount, seconds), since GoTrue takes both there."""

    otp: int = 30
    token: int = 150
    verify: int = 30
    mfa: int = 15
    anonymous: int = 30
    emails: tuple[int, int] = (30, HOUR)
    messages: tuple[int, int] = (30, HOUR)

    @cached_property
    def requests_for_mail(self) -> Limit:
        return Limit(
            "otp",
            self.otp,
            FIVE_MINUTES,
            "address",
            "Each of these sends a mail or makes an account; a person does so once or twice. "
            "Set by GOTRUE_RATE_LIMIT_OTP.",
            (
                "POST /auth/v1/signup",
                "POST /auth/v1/recover",
                "POST /auth/v1/otp",
                "POST /auth/v1/magiclink",
                "POST /auth/v1/resend",
                "PUT /auth/v1/user",
                "POST /sign-up",
                "POST /forgot-password",
            ),
            REQUESTS,
            REQUESTS_SAID,
        )

    @cached_property
    def sessions(self) -> Limit:
        return Limit(
            "token",
            self.token,
            FIVE_MINUTES,
            "address",
            "Signing in and keeping sessions alive: an office behind one address refreshes each session once an hour. "
            "Set by GOTRUE_RATE_LIMIT_TOKEN_REFRESH.",
            (
                "POST /auth/v1/token",
                "POST /sign-in",
                "/auth/v1/authorize",
                "/auth/v1/callback",
                "GET /sign-in/with/{provider}",
            ),
            REQUESTS,
            REQUESTS_SAID,
        )

    @cached_property
    def verifications(self) -> Limit:
        return Limit(
            "verify",
            self.verify,
            FIVE_MINUTES,
            "address",
            "A code is one of a million and lives an hour, in which this allows 360 guesses. "
            "Set by GOTRUE_RATE_LIMIT_VERIFY.",
            ("/auth/v1/verify", "POST /confirm-email", "POST /reset-password"),
            REQUESTS,
            REQUESTS_SAID,
        )

    @cached_property
    def second_factors(self) -> Limit:
        return Limit(
            "mfa",
            self.mfa,
            MINUTE,
            "address",
            "An app shows a new code every half minute. Set by GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY.",
            (
                "POST /auth/v1/factors/{factor_id}/challenge",
                "POST /auth/v1/factors/{factor_id}/verify",
                "POST /sign-in/second-factor",
            ),
            REQUESTS,
            REQUESTS_SAID,
        )

    @cached_property
    def wrong_codes(self) -> Limit:
        return Limit(
            "wrong-codes",
            10,
            15 * MINUTE,
            "account",
            "Three of a million codes are right at a time. A right one clears the count, so only guessing is held up.",
            code=REQUESTS,
            says=REQUESTS_SAID,
        )

    @cached_property
    def wrong_codes_a_day(self) -> Limit:
        return Limit(
            "wrong-codes-a-day",
            50,
            24 * HOUR,
            "account",
            "Whoever knows a password and guesses day and night needs ten years for an even chance.",
            code=REQUESTS,
            says=REQUESTS_SAID,
        )

    @cached_property
    def proofs(self) -> Limit:
        return Limit(
            "proofs",
            10,
            15 * MINUTE,
            "user",
            "The current password or a code, asked for before a change, at a computer left open. "
            "Signing in elsewhere is not held up by it.",
            code=REQUESTS,
            says=REQUESTS_SAID,
        )

    @cached_property
    def anonymous_people(self) -> Limit:
        return Limit(
            "anonymous-users",
            self.anonymous,
            HOUR,
            "address",
            "Nothing is asked of whoever signs up anonymously. Set by GOTRUE_RATE_LIMIT_ANONYMOUS_USERS.",
            code=REQUESTS,
            says=REQUESTS_SAID,
        )

    @cached_property
    def all_emails(self) -> Limit:
        amount, seconds = self.emails
        return Limit(
            "email-sent",
            amount,
            seconds,
            "all",
            "Mails of the accounts altogether: who sends many to strangers soon counts as a spammer. "
            "Set by GOTRUE_RATE_LIMIT_EMAIL_SENT.",
            code=EMAILS,
            says=EMAILS_SAID,
        )

    @cached_property
    def email_again(self) -> Limit:
        return Limit(
            "email-again",
            1,
            AGAIN_SECONDS,
            "email",
            "A mail takes a moment to arrive; nobody's mailbox is filled through us.",
            code=EMAILS,
            says=AGAIN_SAID,
        )

    @cached_property
    def all_messages(self) -> Limit:
        amount, seconds = self.messages
        return Limit(
            "sms-sent",
            amount,
            seconds,
            "all",
            "Text messages altogether: each costs money. Set by GOTRUE_RATE_LIMIT_SMS_SENT.",
            code=MESSAGES,
            says=MESSAGES_SAID,
        )

    @cached_property
    def message_again(self) -> Limit:
        return Limit(
            "sms-again",
            1,
            AGAIN_SECONDS,
            "phone",
            "A message takes a moment to arrive, and costs money.",
            code=MESSAGES,
            says=AGAIN_SAID,
        )

    @property
    def table(self) -> tuple[Limit, ...]:
        named = [name for name, value in vars(type(self)).items() if isinstance(value, cached_property)]
        return tuple(getattr(self, name) for name in named)

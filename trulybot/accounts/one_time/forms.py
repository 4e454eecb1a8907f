"""What a caller may send about one-time codes and links."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from trulybot.accounts.errors import ValidationFailed
from trulybot.accounts.forms import Text

EMAIL: dict[str, Any] = {"email": "ana@example.com"}


class Recovery(BaseModel):
    email: Text = ""
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [EMAIL]})


class OneTime(BaseModel):
    """channel: how a phone is reached. data: what a new person says of themselves."""

    email: Text = ""
    phone: Text = ""
    create_user: bool | None = True
    data: dict[str, Any] | None = None
    channel: Text = "sms"
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [EMAIL | {"create_user": True}]})


class MagicLink(BaseModel):
    email: Text = ""
    data: dict[str, Any] | None = None
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [EMAIL]})


class Resend(BaseModel):
    """type: signup, email_change, sms or phone_change."""

    type: Text = ""
    email: Text = ""
    phone: Text = ""
    code_challenge: Text = ""
    code_challenge_method: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [EMAIL | {"type": "signup"}]})


class Verification(BaseModel):
    """Either token, the six digits, with the address they were sent to; or token_hash, from the link, alone."""

    type: Text = ""
    email: Text = ""
    phone: Text = ""
    token: Text = ""
    token_hash: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [EMAIL | {"type": "email", "token": "123456"}]})

    def checked(self) -> "Verification":
        """
        Raises:
            ValidationFailed: Something is missing, or too much.
        """
        if not self.type:
            raise ValidationFailed(reason="Verify requires a verification type")
        if bool(self.token) == bool(self.token_hash):
            raise ValidationFailed(reason="Verify requires either a token or a token hash")
        if self.token_hash and (self.email or self.phone):
            raise ValidationFailed(reason="Only the token_hash and type should be provided")
        if self.token and bool(self.email) == bool(self.phone):
            raise ValidationFailed(reason="Only an email address or phone number should be provided on verify")
        return self

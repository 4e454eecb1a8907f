"""What a caller may send about factors."""

from pydantic import BaseModel, ConfigDict

from trulybot.accounts.forms import Text


class NewFactor(BaseModel):
    factor_type: Text = ""
    friendly_name: Text = ""
    issuer: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [{"factor_type": "totp", "friendly_name": "My phone"}]})


class Answer(BaseModel):
    challenge_id: Text = ""
    code: Text = ""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"challenge_id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11", "code": "287082"}]}
    )


class FactorChange(BaseModel):
    friendly_name: Text = ""

    model_config = ConfigDict(json_schema_extra={"examples": [{"friendly_name": "Old phone"}]})

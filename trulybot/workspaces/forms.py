"""What a caller may send about a workspace."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trulybot.workspaces.access import KeyScope

NO_CONTROLS = r"^[^\x00-\x1f]*$"
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROLS)]


class ProfileChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ana Silva", "locale": "pt"}]})

    name: Name | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    workspace_name: Name | None = None


class KeyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "website", "scopes": ["chat"]}]})

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_CONTROLS)]
    scopes: Annotated[list[KeyScope], Field(min_length=1)] | None = None

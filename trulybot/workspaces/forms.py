"""What a caller may send about a workspace."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trulybot.workspaces.access import KeyScope
from trulybot.workspaces.members import Role

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


class NewWorkspace(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ana's Café"}]})

    name: Name


class InvitationRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "ben@example.com", "role": "agent"}]}
    )

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=255)]
    role: Role = "agent"


class Acceptance(BaseModel):
    """token: the last part of the invitation's link."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "k3vq7b2mzt5ncx6wjd4hyap3grfe6u2s"}]}
    )

    token: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class RoleChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "admin"}]})

    role: Role


class WorkspaceEnd(BaseModel):
    """name: the workspace's, typed once more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ana's Bakery"}]})

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class AccountEnd(BaseModel):
    """password: not needed within a day of signing in, nor by people who sign in elsewhere."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "correct horse battery"}]})

    password: Annotated[str, StringConstraints(max_length=1000)] = ""

"""
Who may do what: one table.

A role's row says which scopes its members have; an API key has the scopes it was made with; a visitor has `chat`.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal, get_args

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from trulybot.accounts.tokens import ACCESS_TOKEN
from trulybot.kit.errors import Forbidden
from trulybot.workspaces.identity import Actor, KeyHolder, Member, Visitor, identify

# What a key may be given. It cannot make keys, so that a leaked one ends with its deletion.
KeyScope = Literal["chat", "search", "documents:read", "documents:write", "leads:read"]
Scope = Literal[KeyScope, "keys:write", "widget:write", "workspace:read", "workspace:write"]

ROLES: Final[dict[str, frozenset[Scope]]] = {
    "owner": frozenset(get_args(Scope)),
    "admin": frozenset(get_args(Scope)) - {"workspace:write"},
    "agent": frozenset(("chat", "search", "documents:read", "documents:write", "leads:read", "workspace:read")),
    "viewer": frozenset(("chat", "search", "documents:read", "workspace:read")),
}
VISITOR: Final[frozenset[Scope]] = frozenset(("chat",))
KEY_SCOPES: Final[tuple[KeyScope, ...]] = get_args(KeyScope)

COOKIE = APIKeyCookie(
    name="__Host-trulybot",
    scheme_name="Cookie",
    description="A person at the dashboard; a change must come from one of its own pages",
    auto_error=False,
)
API_KEY = HTTPBearer(
    scheme_name="ApiKey", bearerFormat="tb_sk_…", description="A program, by a key of the workspace", auto_error=False
)
VISITOR_TOKEN = HTTPBearer(
    scheme_name="VisitorToken",
    bearerFormat="JWT",
    description="A visitor, by the `token` of `POST /api/widget/session`, from the website it was given to",
    auto_error=False,
)


class NotPermitted(Forbidden):
    """Your role or key does not include {scope}."""

    status, code = 403, "not_permitted"


def allows(actor: Actor, scope: Scope) -> bool:
    match actor:
        case Member(role=role):
            return scope in ROLES.get(role, frozenset())
        case KeyHolder(scopes=scopes):
            return scope in scopes
        case Visitor():
            return scope in VISITOR


def may(scope: Scope) -> Callable[[Request], Actor]:
    """A dependency: whoever asks, when they may. Use: `who: Annotated[Actor, may("documents:read")]`."""

    described = _visitors if scope in VISITOR else _keys if scope in KEY_SCOPES else _people

    async def permitted(request: Request, _described: Annotated[None, Depends(described)]) -> Actor:
        actor = await identify(request)
        if not allows(actor, scope):
            raise NotPermitted(scope=scope)
        return actor

    return Depends(permitted)  # type: ignore[no-any-return]


async def _people(
    _token: Annotated[object, Security(ACCESS_TOKEN)],
    _cookie: Annotated[object, Security(COOKIE)],
    _workspace: Annotated[
        str | None,
        Header(alias="X-Workspace-Id", description="Which of a person's workspaces; otherwise the last one they used"),
    ] = None,
) -> None:
    """Describes who may call, for `/openapi.json`; `identify` does the work."""


async def _keys(_people: Annotated[None, Depends(_people)], _key: Annotated[object, Security(API_KEY)]) -> None:
    """People and programs."""


async def _visitors(_keys: Annotated[None, Depends(_keys)], _token: Annotated[object, Security(VISITOR_TOKEN)]) -> None:
    """People, programs and visitors."""

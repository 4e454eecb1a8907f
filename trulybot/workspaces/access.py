"""
Who may do what: one table.

A role's row says which scopes its members have; an API key has the scopes it was made with; a visitor has `chat`.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal, get_args

from fastapi import Depends, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import APIKeyCookie, HTTPBearer

from trulybot.accounts.models import Person
from trulybot.accounts.tokens import ACCESS_TOKEN
from trulybot.kit.errors import Forbidden, Unauthenticated
from trulybot.kit.gate import answer_to, asks
from trulybot.kit.limiting import address_of, identified
from trulybot.kit.limits import By
from trulybot.kit.security import acts
from trulybot.workspaces.identity import Actor, KeyHolder, Member, Visitor, identify, signed_in
from trulybot.workspaces.limits import WRONG_CREDENTIALS

# What a key may be given. It cannot make keys, so that a leaked one ends with its deletion.
KeyScope = Literal["chat", "search", "documents:read", "documents:write", "leads:read"]
Scope = Literal[
    KeyScope,
    "audit:read",
    "keys:write",
    "members:read",
    "members:write",
    "widget:write",
    "workspace:read",
    "workspace:write",
]

ROLES: Final[dict[str, frozenset[Scope]]] = {
    "owner": frozenset(get_args(Scope)),
    "admin": frozenset(get_args(Scope)) - {"workspace:write"},
    "agent": frozenset(
        ("chat", "search", "documents:read", "documents:write", "leads:read", "members:read", "workspace:read")
    ),
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

    async def admit(request: Request) -> Actor:
        actor = await answer_to(_counted, request)
        if not allows(actor, scope):
            raise NotPermitted(scope=scope)
        return actor

    @asks(admit)
    async def permitted(request: Request, _described: Annotated[None, Depends(described)]) -> Actor:
        return await admit(request)

    permitted.scope = scope  # type: ignore[attr-defined]
    return Depends(permitted)  # type: ignore[no-any-return]


def scope_of(dependant: Dependant) -> Scope | None:
    """What a route with these dependencies asks of whoever calls it; None when it asks nothing of a workspace."""
    waiting = [dependant]
    while waiting:
        one = waiting.pop()
        scope: Scope | None = getattr(one.call, "scope", None)
        if scope is not None:
            return scope
        waiting += one.dependencies
    return None


async def _account(
    _token: Annotated[object, Security(ACCESS_TOKEN)], _cookie: Annotated[object, Security(COOKIE)]
) -> None:
    """Describes who may call, for `/openapi.json`; `identify` does the work."""


async def _people(
    _account: Annotated[None, Depends(_account)],
    _workspace: Annotated[
        str | None,
        Header(alias="X-Workspace-Id", description="Which of a person's workspaces; otherwise the last one they used"),
    ] = None,
) -> None:
    """People, each in a workspace of theirs."""


async def _keys(_people: Annotated[None, Depends(_people)], _key: Annotated[object, Security(API_KEY)]) -> None:
    """People and programs."""


async def _visitors(_keys: Annotated[None, Depends(_keys)], _token: Annotated[object, Security(VISITOR_TOKEN)]) -> None:
    """People, programs and visitors."""


async def _person(request: Request) -> Person:
    person = await signed_in(request)
    await identified(request, {"user": str(person.user_id)})
    return person


@asks(_person)
async def _signed_in(request: Request, _described: Annotated[None, Depends(_account)]) -> Person:
    return await answer_to(_person, request)


async def _counted(request: Request) -> Actor:
    """Who asks, within the limits of whoever they are."""
    address = address_of(request.scope)
    try:
        actor = await identify(request)
    except Unauthenticated:
        if "authorization" in request.headers:
            await request.app.state.limiter.take(WRONG_CREDENTIALS, address)
        raise
    acts(workspace_id=actor.workspace_id, user_id=actor.user_id if isinstance(actor, Member) else None)
    match actor:
        case Member():
            keys: dict[By, str] = {"user": str(actor.user_id), "workspace": str(actor.workspace_id)}
        case KeyHolder():
            keys = {"key": f"{actor.workspace_id}/{actor.key_id}", "workspace": str(actor.workspace_id)}
        case Visitor():
            keys = {"visitor": f"{actor.workspace_id}/{actor.visitor_id}", "visitor's address": address}
    await identified(request, keys)
    return actor


# A person, whether or not they belong to a workspace.
SignedIn = Annotated[Person, Depends(_signed_in)]

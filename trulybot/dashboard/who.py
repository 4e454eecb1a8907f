"""Who may open a page: people of the workspace, by the same table as the API."""

from typing import Annotated, Any

from fastapi import Depends

from trulybot.kit.errors import NotFound
from trulybot.workspaces.access import Scope, may
from trulybot.workspaces.identity import Actor, Member


def member(scope: Scope) -> Any:
    """A dependency: the member who asks, when they may. Use: `who: Annotated[Member, member("members:read")]`."""

    async def permitted(who: Annotated[Actor, may(scope)]) -> Member:
        if not isinstance(who, Member):  # a program has no pages
            raise NotFound
        return who

    return Depends(permitted)

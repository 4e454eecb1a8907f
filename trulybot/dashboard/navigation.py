"""The frame of the dashboard's pages: who is signed in, where, and where they may go."""

from dataclasses import dataclass
from typing import Any

from trulybot.kit.db import Tx
from trulybot.workspaces import service as workspaces
from trulybot.workspaces.access import Scope, allows
from trulybot.workspaces.identity import Member


@dataclass(frozen=True)
class Link:
    path: str
    text: str


PAGES: tuple[tuple[Link, Scope], ...] = (
    (Link("/dashboard", "Bot"), "documents:read"),
    (Link("/dashboard/sources", "Web pages"), "documents:read"),
    (Link("/dashboard/answers", "Answers"), "documents:read"),
    (Link("/dashboard/unanswered", "Unanswered"), "documents:read"),
    (Link("/dashboard/conflicts", "Conflicts"), "documents:read"),
    (Link("/dashboard/history", "History"), "documents:read"),
    (Link("/dashboard/behaviour", "Behaviour"), "workspace:read"),
    (Link("/dashboard/quality", "Quality"), "documents:read"),
    (Link("/dashboard/team", "Team"), "members:read"),
    (Link("/dashboard/keys", "API keys"), "keys:write"),
    (Link("/dashboard/audit", "Audit log"), "audit:read"),
    (Link("/dashboard/settings", "Settings"), "workspace:read"),
)


def links(who: Member) -> list[Link]:
    """The pages that this member may open."""
    return [link for link, scope in PAGES if allows(who, scope)]


async def frame(tx: Tx, who: Member, here: str) -> dict[str, Any]:
    """What signed_in.html shows around a page. here: the page's path."""
    return {"email": who.email, "workspace": await workspaces.workspace(tx), "links": links(who), "here": here}

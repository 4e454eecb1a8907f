"""
Every address that the web application answers.

They are put together once a process, and before the first request: FastAPI prepares a router that was included when it
is first asked, for each application anew, and for all of ours that took half a second.
"""

from collections.abc import Iterable, Iterator

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from trulybot.accounts import account_pages as own_pages
from trulybot.accounts import pages as account_pages
from trulybot.accounts import routes as accounts
from trulybot.accounts.factors import pages as factor_pages
from trulybot.bots import routes as bots
from trulybot.conflicts import routes as conflicts
from trulybot.conversations import feedback
from trulybot.conversations import routes as conversations
from trulybot.curated import routes as curated
from trulybot.dashboard import (
    answers_pages,
    audit_pages,
    behaviour_pages,
    conflict_pages,
    history_pages,
    quality_pages,
    settings_pages,
    source_pages,
    team_pages,
    unanswered_pages,
)
from trulybot.dashboard import routes as dashboard
from trulybot.documents import routes as documents
from trulybot.evaluation.gate import routes as publish_gate
from trulybot.evaluation.sets import routes as golden_sets
from trulybot.history import routes as history
from trulybot.kit import pages, reference
from trulybot.knowledge import routes as knowledge
from trulybot.leads import routes as leads
from trulybot.mail import pages as mailbox
from trulybot.operations import health
from trulybot.sources import routes as sources
from trulybot.unanswered import routes as unanswered
from trulybot.widget import routes as widget
from trulybot.workspaces import audit_routes, deletion_routes, session_routes, team_routes
from trulybot.workspaces import pages as workspace_pages
from trulybot.workspaces import routes as workspaces

ACCOUNTS = ("/auth/v1", "/api/auth")

_PARTS = (
    workspaces,
    team_routes,
    audit_routes,
    deletion_routes,
    session_routes,
    documents,
    bots,
    curated,
    unanswered,
    knowledge,
    conflicts,
    sources,
    leads,
    conversations,
    feedback,
    golden_sets,
    publish_gate,
    history,
    widget,
    health,
    dashboard,
    answers_pages,
    unanswered_pages,
    source_pages,
    team_pages,
    audit_pages,
    history_pages,
    conflict_pages,
    behaviour_pages,
    settings_pages,
    quality_pages,
    workspace_pages,
    account_pages,
    own_pages,
    factor_pages,
    mailbox,
    reference,
    pages,
)


def _everywhere(prefixes: Iterable[str]) -> Iterator[BaseRoute]:
    for prefix in prefixes:
        under = APIRouter()
        under.include_router(accounts.router, prefix=prefix)
        yield from under.routes


ACCOUNT_ROUTES = list(_everywhere(ACCOUNTS))
ROUTES = [*(route for part in _PARTS for route in part.router.routes), *ACCOUNT_ROUTES]

for _ in iter_route_contexts(ROUTES):  # to list them prepares them
    pass

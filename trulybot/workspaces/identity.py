"""Who is asking: a person, a key, a visitor; each with the claims that the database's policies read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.models import Person
from trulybot.accounts.pages import session_cookie
from trulybot.kit.csrf import same_origin
from trulybot.kit.db import Tx
from trulybot.kit.errors import Forbidden, Unauthenticated
from trulybot.workspaces import visitors

API_KEY_PREFIX = "tb_sk_"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class NoWorkspace(Forbidden):
    """You are not a member of this workspace."""

    status, code = 403, "not_a_member"


class SessionOfAnotherSite(Forbidden):
    """This session belongs to another website."""

    status, code = 403, "session_of_another_site"


@dataclass(frozen=True)
class Member:
    """A person in one of their workspaces."""

    user_id: UUID
    workspace_id: UUID
    role: str
    email: str
    session_id: UUID
    database_role = "authenticated"

    def claims(self) -> Mapping[str, str]:
        return {"sub": str(self.user_id), "role": "authenticated", "session_id": str(self.session_id)}


@dataclass(frozen=True)
class KeyHolder:
    """A program with an API key of the workspace."""

    key_id: UUID
    workspace_id: UUID
    scopes: tuple[str, ...]
    database_role = "authenticated"

    def claims(self) -> Mapping[str, str]:
        return {"key_id": str(self.key_id), "role": "authenticated"}


@dataclass(frozen=True)
class Visitor:
    """Someone on a website that embeds the widget."""

    visitor_id: UUID
    workspace_id: UUID
    origin: str
    database_role = "visitor"

    def claims(self) -> Mapping[str, str]:
        return {"visitor_id": str(self.visitor_id), "role": "visitor"}


@dataclass(frozen=True)
class JobOwner:
    """A job of a workspace, while it runs."""

    job_id: int
    workspace_id: UUID
    database_role = "worker"

    def claims(self) -> Mapping[str, str]:
        return {"job_id": str(self.job_id), "role": "worker"}


@dataclass(frozen=True)
class Everywhere:
    """A person across all their workspaces: for the few questions that are not about one."""

    member: Member
    database_role = "authenticated"

    @property
    def workspace_id(self) -> None:
        return None

    def claims(self) -> Mapping[str, str]:
        return self.member.claims()


Actor = Member | KeyHolder | Visitor


async def identify(request: Request) -> Actor:
    """
    Find out who sent a request, by its bearer token or else its cookie.

    Raises:
        Unauthenticated: Nobody we know, or no longer.
        Forbidden: Known, but from another origin or without a workspace to act in.
    """
    accounts: Accounts = request.app.state.accounts
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer" and token:
        if token.startswith(API_KEY_PREFIX):
            return await _key(request, token)
        visitor = visitors.read(request.app.state.visitor_key, token)
        if visitor is not None:
            return _from_its_origin(request, visitor)
        async with request.app.state.db.system("who has this token") as tx:
            return await _member(tx, await sessions.person_by_bearer(tx, accounts, token), request)
    secret = session_cookie(request)
    if secret is None:
        raise Unauthenticated
    if request.method not in SAFE_METHODS:
        same_origin(request)
    async with request.app.state.db.system("who has this cookie") as tx:
        person = await sessions.person_by_cookie(tx, accounts, secret)
        if person is None:
            raise Unauthenticated
        return await _member(tx, person, request)


async def _key(request: Request, token: str) -> KeyHolder:
    async with request.app.state.db.system("whose key is this") as tx:
        found = await tx.maybe(
            _Key,
            "select workspace_id, id, scopes from private.key_by_hash(%(hash)s)",
            hash=hashlib.sha256(token.encode()).digest(),
        )
    if found is None:
        raise Unauthenticated
    return KeyHolder(found.id, found.workspace_id, tuple(found.scopes))


def _from_its_origin(request: Request, token: visitors.VisitorToken) -> Visitor:
    # Browsers send Origin with every request to another site, so a token that was copied elsewhere shows.
    if request.headers.get("origin") != token.origin:
        raise SessionOfAnotherSite
    return Visitor(token.visitor_id, token.workspace_id, token.origin)


async def _member(tx: Tx, person: Person, request: Request) -> Member:
    """The person in the workspace that the request names, or in the last one they used."""
    memberships = await tx.all(
        _Membership,
        "select workspace_id, role from private.memberships_of(%(user_id)s)",
        user_id=person.user_id,
    )
    named = request.headers.get("x-workspace-id")
    for membership in memberships:
        if named is None or str(membership.workspace_id) == named.lower():
            return Member(person.user_id, membership.workspace_id, membership.role, person.email, person.session_id)
    raise NoWorkspace


@dataclass(frozen=True)
class _Key:
    workspace_id: UUID
    id: UUID
    scopes: list[str]


@dataclass(frozen=True)
class _Membership:
    workspace_id: UUID
    role: str

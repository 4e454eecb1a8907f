"""Who is asking: a person, a key, a visitor; each with the claims that the database's policies read."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fastapi import Request

from trulybot.accounts import sessions
from trulybot.accounts.bearers import claims_of
from trulybot.accounts.config import Accounts
from trulybot.accounts.cookies import session_cookie
from trulybot.accounts.errors import SecondFactorRequired, TokenRefused
from trulybot.accounts.models import Person
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.csrf import same_origin
from trulybot.kit.db import Tx
from trulybot.kit.errors import Forbidden, Unauthenticated
from trulybot.kit.security import SecurityEvent, not_found, note
from trulybot.workspaces import visitors

API_KEY_PREFIX = "tb_sk_"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class NoWorkspace(Forbidden):
    """You are not a member of this workspace."""

    status, code = 403, "not_a_member"


class SessionOfAnotherSite(Forbidden):
    """This session belongs to another website."""

    status, code = 403, "session_of_another_site"
    headers: ClassVar[Mapping[str, str]] = {"Vary": "Origin"}


@dataclass(frozen=True)
class Member:
    """A person in one of their workspaces."""

    user_id: UUID
    workspace_id: UUID
    role: str
    email: str
    session_id: UUID
    database_role = "member"
    actor_kind = "person"

    @property
    def actor_id(self) -> str:
        return str(self.user_id)

    def claims(self) -> Mapping[str, str]:
        return {"sub": str(self.user_id), "role": "authenticated", "session_id": str(self.session_id)}


@dataclass(frozen=True)
class KeyHolder:
    """A program with an API key of the workspace."""

    key_id: UUID
    workspace_id: UUID
    scopes: tuple[str, ...]
    database_role = "member"
    actor_kind = "key"

    @property
    def actor_id(self) -> str:
        return str(self.key_id)

    def claims(self) -> Mapping[str, str]:
        return {"key_id": str(self.key_id), "role": "authenticated"}


@dataclass(frozen=True)
class Visitor:
    """Someone on a website that embeds the widget."""

    visitor_id: UUID
    workspace_id: UUID
    origin: str
    database_role = "visitor"
    actor_kind = "visitor"

    @property
    def actor_id(self) -> str:
        return str(self.visitor_id)

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
    database_role = "member"

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
    token = _bearer(request)
    if token.startswith(API_KEY_PREFIX):
        return await _key(request, token)
    visitor = visitors.read(request.app.state.visitor_key, token) if token else None
    if visitor is not None:
        return _from_its_origin(request, visitor)
    _refuse_strangers(request)
    claims = await _claims(request, token)
    async with request.app.state.db.system("who is this") as tx:
        return await _member(tx, await _person(tx, request, claims), request)


async def signed_in(request: Request) -> Person:
    """
    Who is signed in, whether or not they belong to a workspace.

    Raises:
        Unauthenticated: Nobody; a key or a visitor is no person.
    """
    _refuse_strangers(request)
    claims = await _claims(request, _bearer(request))
    async with request.app.state.db.system("who is this") as tx:
        return await _person(tx, request, claims)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_strangers(request: Request) -> None:
    """Who brings nothing is refused before a connection is taken, and a change that another site asks for too."""
    if _bearer(request):
        return
    if session_cookie(request) is None:
        raise Unauthenticated
    if request.method not in SAFE_METHODS:
        same_origin(request)


async def _claims(request: Request, token: str) -> AccessClaims | None:
    """What an access token says. Its issuer may have to be asked for keys, so no transaction is open yet."""
    try:
        return await claims_of(request.app.state.db, request.app.state.accounts, token) if token else None
    except TokenRefused as error:
        raise Unauthenticated from error


async def _person(tx: Tx, request: Request, claims: AccessClaims | None) -> Person:
    """The person of the access token, or else of the browser's cookie."""
    accounts: Accounts = request.app.state.accounts
    if claims is not None:
        try:
            person: Person | None = await sessions.live_person(tx, claims)
        except TokenRefused as error:
            raise Unauthenticated from error
    else:
        person = await sessions.person_by_cookie(tx, accounts, session_cookie(request) or "")
    if person is None:
        raise Unauthenticated
    if person.needs_second_factor:
        raise SecondFactorRequired
    return person


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
        note(SecurityEvent.CROSS_TENANT, workspace_id=token.workspace_id, rule="origin")
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
            if membership is not memberships[0]:  # the one they are in from now on
                await tx.run(
                    "select private.enter_workspace(%(user_id)s, %(workspace_id)s)",
                    user_id=person.user_id,
                    workspace_id=membership.workspace_id,
                )
            return Member(person.user_id, membership.workspace_id, membership.role, person.email, person.session_id)
    if named is not None:
        with suppress(ValueError):
            not_found([UUID(named)], user_id=person.user_id)
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

"""
What we believe of a Supabase project, fixed when the server starts: its issuer, where its keys are, which algorithms.

Source: Supabase, JWT Signing Keys, and the source of its auth server.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid5

from joserfc.jwk import OctKey

from trulybot.accounts import foreign_tokens, outgoing
from trulybot.accounts.errors import BadJwt, BannedAtSignIn, EmailNotConfirmed, InvalidCredentials
from trulybot.accounts.foreign_tokens import Head, IssuerKeys, Key, Refused
from trulybot.accounts.tokens import AUDIENCE, ROLE, UUID_TEXT
from trulybot.kit.log import get_logger

log = get_logger()

ASYMMETRIC = ("ES256", "RS256")
LEGACY = "HS256"

Aal = Literal["aal1", "aal2"]


class CodeNeeded(InvalidCredentials):
    """This account asks for a second step. Enter the code of your authenticator app as well."""


@dataclass(frozen=True)
class OutsideClaims:
    """What a checked token of the project says. session_id: as it is among our own sessions."""

    issuer: str
    subject: UUID
    session_id: UUID
    email: str
    metadata: Mapping[str, Any]
    is_anonymous: bool
    aal: Aal
    amr: Sequence[Mapping[str, Any]]
    issued_at: int
    expires_at: int


@dataclass(frozen=True)
class Project:
    """jwks_file: the project's keys, for a server that cannot reach it. jwt_secret: of a project with HS256 tokens."""

    url: str
    anon_key: str = field(repr=False)
    jwt_secret: str | None = field(default=None, repr=False)
    jwks_file: Path | None = None

    @property
    def issuer(self) -> str:
        return f"{self.url}/auth/v1"

    @cached_property
    def keys(self) -> IssuerKeys:
        return IssuerKeys(self._published)

    async def verify(self, token: str) -> OutsideClaims:
        """
        Raises:
            BadJwt: It is not the project's for a person, or its time is over.
            Away: The project's keys cannot be had now.
        """
        algorithms = (*ASYMMETRIC, LEGACY) if self.jwt_secret else ASYMMETRIC
        try:
            claims = await foreign_tokens.read(token, self._key, algorithms=algorithms)
        except Refused as error:
            raise BadJwt from error
        holds = (
            claims.get("iss") == self.issuer
            and claims.get("aud") == AUDIENCE
            and claims.get("role") == ROLE
            and foreign_tokens.in_time(claims)
        )
        if not holds:
            raise BadJwt
        return self._read(claims, token)

    async def sign_in(self, email: str, password: str, code: str = "") -> OutsideClaims:
        """
        Ask the project whether this is somebody's password. The session that it opens for that is closed again.

        code: of the person's authenticator app, where they have one.

        Raises:
            InvalidCredentials, EmailNotConfirmed, BannedAtSignIn: The project says no.
            CodeNeeded: The password is right, and there is a second step.
            Away: The project does not answer.
        """
        answer = await self._post("token?grant_type=password", {"email": email, "password": password})
        token = answer.content.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            raise _refusal(answer)
        try:
            factor = _factor(answer.content.get("user"))
            return await self.verify(await self._step_up(token, factor, code) if factor else token)
        finally:
            await self._sign_out(token)

    async def _published(self) -> Mapping[str, Any]:
        if self.jwks_file is None:
            return await outgoing.read(f"{self.issuer}/.well-known/jwks.json")
        try:
            keys = json.loads(self.jwks_file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            log.warning("supabase.keys_unreadable", file=str(self.jwks_file))
            raise outgoing.Away from error
        return keys if isinstance(keys, dict) else {}

    async def _key(self, head: Head) -> Key:
        """The secret is for HS256 alone and the published keys for all else, so neither can pass for the other."""
        if head.algorithm == LEGACY:
            return OctKey.import_key(self.jwt_secret or "")
        return await self.keys.find(head)

    def _read(self, claims: Mapping[str, Any], token: str) -> OutsideClaims:
        subject, session = claims.get("sub"), claims.get("session_id", token)
        if not isinstance(subject, str) or not UUID_TEXT.fullmatch(subject) or not isinstance(session, str):
            raise BadJwt
        email, metadata, amr = claims.get("email"), claims.get("user_metadata"), claims.get("amr")
        return OutsideClaims(
            issuer=self.issuer,
            subject=UUID(subject),
            # Ours has another form, so that no project can name a session of somebody else's here. A token that names
            # none is a session of its own.
            session_id=uuid5(UUID(subject), f"{self.issuer} {session}"),
            email=email if isinstance(email, str) else "",
            metadata=metadata if isinstance(metadata, dict) else {},
            is_anonymous=claims.get("is_anonymous") is True,
            aal="aal2" if claims.get("aal") == "aal2" else "aal1",
            amr=[proof for proof in map(_proof, amr) if proof] if isinstance(amr, list) else [],
            issued_at=int(claims.get("iat", 0)),
            expires_at=int(claims["exp"]),
        )

    async def _step_up(self, token: str, factor: str, code: str) -> str:
        if not code:
            raise CodeNeeded
        challenge = await self._post(f"factors/{factor}/challenge", {}, token)
        proof = {"challenge_id": str(challenge.content.get("id", "")), "code": code}
        answer = await self._post(f"factors/{factor}/verify", proof, token)
        stronger = answer.content.get("access_token")
        if answer.status != 200 or not isinstance(stronger, str):
            raise CodeNeeded
        return stronger

    async def _sign_out(self, token: str) -> None:
        try:
            await self._post("logout?scope=local", {}, token)
        except outgoing.Away:
            log.warning("supabase.session_left_open")

    async def _post(self, path: str, body: Mapping[str, Any], token: str | None = None) -> outgoing.Answer:
        headers = {"apikey": self.anon_key, "Authorization": f"Bearer {token or self.anon_key}"}
        return await outgoing.ask(f"{self.issuer}/{path}", body=body, headers=headers)


def _refusal(answer: outgoing.Answer) -> Exception:
    """In our words for the codes we know; whatever else went wrong there, nobody is signed in here."""
    code = answer.content.get("error_code") or answer.content.get("code")
    if answer.status == 429:
        return outgoing.Away()
    known = {"email_not_confirmed": EmailNotConfirmed, "user_banned": BannedAtSignIn}
    return known.get(str(code), InvalidCredentials)()


def _factor(user: object) -> str | None:
    """The id of the person's authenticator app."""
    factors = user.get("factors") if isinstance(user, dict) else None
    for factor in factors if isinstance(factors, list) else ():
        if isinstance(factor, dict) and (factor.get("status"), factor.get("factor_type")) == ("verified", "totp"):
            id = str(factor.get("id"))
            return id if UUID_TEXT.fullmatch(id) else None
    return None


def _proof(entry: object) -> Mapping[str, Any] | None:
    """How and when the person proved who they are, of what the project says about it."""
    if not isinstance(entry, dict):
        return None
    method, moment = entry.get("method"), entry.get("timestamp")
    if not isinstance(method, str) or not re.fullmatch(r"[a-z_/]{1,40}", method) or type(moment) is not int:
        return None
    return {"method": method, "timestamp": moment}

"""Access tokens: short-lived, signed, and checked without the database."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.security import HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, OctKey

from trulybot.accounts.errors import BadJwt
from trulybot.accounts.keys import SigningKeys
from trulybot.accounts.models import Session, User

ACCESS_TOKEN = HTTPBearer(
    scheme_name="AccessToken",
    bearerFormat="JWT",
    description="A person, by the `access_token` of `POST /auth/v1/token`",
    auto_error=False,
)
AUDIENCE = "authenticated"
ROLE = "authenticated"
PROGRAMS = frozenset(("anon", "service_role", "supabase_admin"))
LEEWAY_SECONDS = 10  # a token made this moment on a machine whose clock is a little ahead
HEADER = {"alg", "typ", "kid"}  # all that our tokens have; one with jku, jwk or x5u is somebody else's
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class AccessClaims:
    """What a checked access token says. The session may have ended since: see `sessions.live_person`."""

    user_id: UUID
    session_id: UUID
    email: str
    expires_at: int
    aal: str = "aal1"


@dataclass(frozen=True)
class Issued:
    access_token: str
    expires_in: int
    expires_at: int


@dataclass(frozen=True)
class Tokens:
    keys: SigningKeys
    issuer: str
    lifetime_seconds: int

    def issue(self, user: User, session: Session) -> Issued:
        now = int(time.time())
        expires_at = now + self.lifetime_seconds
        claims = {
            "iss": self.issuer,
            "sub": str(user.id),
            "aud": AUDIENCE,
            "exp": expires_at,
            "iat": now,
            "email": user.email,
            "phone": user.phone,
            "app_metadata": user.app_metadata,
            "user_metadata": user.user_metadata,
            "role": user.role,
            "aal": session.aal,
            "amr": session.amr,
            "session_id": str(session.id),
            "is_anonymous": user.is_anonymous,
        }
        header = {"alg": self.keys.algorithm, "typ": "JWT"} | ({"kid": self.keys.key_id} if self.keys.key_id else {})
        token = jwt.encode(header, claims, self.keys.signing, algorithms=[self.keys.algorithm])
        return Issued(token, self.lifetime_seconds, expires_at)

    def verify(self, token: str) -> AccessClaims:
        """
        Check a token's signature and every claim that we rely on.

        Raises:
            BadJwt: It is not one of ours, or its time is over.
        """
        try:
            decoded = jwt.decode(token, self._key, algorithms=[self.keys.algorithm])
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise BadJwt from error
        if set(decoded.header) != (HEADER if self.keys.key_id else HEADER - {"kid"}) or decoded.header["typ"] != "JWT":
            raise BadJwt
        return self._checked(decoded.claims)

    def _key(self, token: GuestProtocol) -> ECKey | OctKey:
        """Our key of that id. The id is only looked up, so what stands in it does not matter."""
        key_id = token.headers().get("kid", "")
        key = self.keys.verifying.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise BadJwt
        return key

    def _checked(self, claims: Mapping[str, Any]) -> AccessClaims:
        now = time.time()
        expires_at, issued_at, valid_from = _time(claims, "exp"), _time(claims, "iat"), _time(claims, "nbf", 0)
        holds = (
            claims.get("iss") == self.issuer
            and claims.get("aud") == AUDIENCE
            and _is_a_persons(claims.get("role"))
            and now < expires_at
            and max(issued_at, valid_from) <= now + LEEWAY_SECONDS
        )
        if not holds:
            raise BadJwt
        email = claims.get("email")
        return AccessClaims(
            _uuid(claims, "sub"),
            _uuid(claims, "session_id"),
            email if isinstance(email, str) else "",
            expires_at,
            "aal2" if claims.get("aal") == "aal2" else "aal1",
        )


def _is_a_persons(role: object) -> bool:
    """A program's token says no more than its role, and is never somebody's."""
    return isinstance(role, str) and role != "" and role not in PROGRAMS


def _time(claims: Mapping[str, Any], name: str, default: int | None = None) -> int:
    seconds = claims.get(name, default)
    if type(seconds) is not int:  # a JSON true is an int to Python, but no time
        raise BadJwt
    return seconds


def _uuid(claims: Mapping[str, Any], name: str) -> UUID:
    text = claims.get(name)
    if not isinstance(text, str) or not UUID_TEXT.fullmatch(text):
        raise BadJwt
    return UUID(text)

"""A visitor's token: short-lived, and bound to one visitor of one workspace on one origin."""

import time
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

LIFETIME_SECONDS = 3600
AUDIENCE = "visitor"
ALGORITHM = "HS256"  # read by nobody but us, so a secret of our own is enough


@dataclass(frozen=True)
class VisitorToken:
    visitor_id: UUID
    workspace_id: UUID
    origin: str


def issue(key: OctKey, token: VisitorToken) -> str:
    claims = {
        "aud": AUDIENCE,
        "sub": str(token.visitor_id),
        "workspace_id": str(token.workspace_id),
        "origin": token.origin,
        "exp": int(time.time()) + LIFETIME_SECONDS,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, key)


def read(key: OctKey, token: str) -> VisitorToken | None:
    """What a token says, or None when it is not one of ours or has run out."""
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        if claims["aud"] != AUDIENCE or int(claims["exp"]) < time.time():
            return None
        return VisitorToken(UUID(claims["sub"]), UUID(claims["workspace_id"]), str(claims["origin"]))
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return None

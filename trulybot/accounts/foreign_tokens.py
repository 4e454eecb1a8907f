"""
Tokens that others have signed: read with the keys that their issuer publishes at an address of ours to choose.

Nothing in a token says where its key is. Its key id is looked up among the issuer's keys, and the algorithm must be one
that we allow and that the key is for; `jku`, `jwk`, `x5u` and `x5c` are refused unread.
"""

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey, import_key

from trulybot.accounts.outgoing import Kept

ASYMMETRIC = ("ES256", "RS256", "PS256", "ES384", "RS384", "PS384", "ES512", "RS512", "PS512", "EdDSA", "Ed25519")
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
BRINGS_A_KEY = frozenset(("jku", "jwk", "x5u", "x5c"))
LEEWAY_SECONDS = 30  # between the issuer's clock and ours
LONGEST_TOKEN = 16_384  # characters; a token with every group of a large firm has some 8,000
LEAST_RSA_BITS = 2048

# A key id that we do not know has the keys read anew, at most this often: ids are free to make up.
LOOKS = 3
PER_SECONDS = 60

Key = ECKey | RSAKey | OKPKey | OctKey


class Refused(Exception):
    """The token is not one that its issuer signed for this use, or its time is over."""


@dataclass(frozen=True)
class Head:
    algorithm: str
    key_id: str | None


class IssuerKeys:
    """The keys that an issuer publishes."""

    def __init__(
        self, read: Callable[[], Awaitable[Mapping[str, Any]]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept = Kept(read, clock)
        self._clock = clock
        self._looked_at: list[float] = []

    async def find(self, head: Head) -> Key:
        """
        The key that a token names.

        Raises:
            Refused: The issuer has none such.
            Away: The issuer does not tell.
        """
        key = _chosen(await self._kept.get(), head)
        if key is None and self._may_look():
            key = _chosen(await self._kept.renew(), head)
        if key is None:
            raise Refused
        return key

    def _may_look(self) -> bool:
        now = self._clock()
        self._looked_at = [then for then in self._looked_at if now - then < PER_SECONDS]
        if len(self._looked_at) >= LOOKS:
            return False
        self._looked_at.append(now)
        return True


async def read(token: str, find: Callable[[Head], Awaitable[Key]], *, algorithms: Sequence[str]) -> Mapping[str, Any]:
    """
    The claims of a token that `find`'s key has signed. What they say is not checked yet: see `in_time`.

    Raises:
        Refused: It is not signed so.
        Away: The key cannot be had now.
    """
    head = head_of(token)
    if head.algorithm not in algorithms:
        raise Refused
    key = await find(head)
    try:
        decoded = jwt.decode(token, key, algorithms=[head.algorithm])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Refused from error
    return decoded.claims


def head_of(token: str) -> Head:
    """
    Raises:
        Refused: It is no token, or one that brings its own key.
    """
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3 or not all(parts):
        raise Refused
    header = _json(parts[0])
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or not isinstance(key_id, str | None) or BRINGS_A_KEY & header.keys():
        raise Refused
    return Head(algorithm, key_id)


def claimed_issuer(token: str) -> str:
    """Whom a token says it is from: only to choose whose rules it is checked by. "" where it says nothing."""
    try:
        issuer = _json(token.split(".")[1]).get("iss") if len(token) <= LONGEST_TOKEN else None
    except (Refused, IndexError):
        return ""
    return issuer if isinstance(issuer, str) else ""


def in_time(claims: Mapping[str, Any]) -> bool:
    """Whether it is good now, by exp (required), iat and nbf."""
    now = time.time()
    ends, begins = _time(claims.get("exp")), [_time(claims.get(name, 0)) for name in ("iat", "nbf")]
    if ends is None or None in begins:
        return False
    return now < ends + LEEWAY_SECONDS and all((moment or 0) <= now + LEEWAY_SECONDS for moment in begins)


def _time(value: object) -> float | None:
    """Seconds since 1970; OpenID Connect allows fractions. None for what is no time: true, 1e400, a text."""
    if type(value) not in (int, float) or not -1e12 < value < 1e12:  # type: ignore[operator]
        return None
    return float(value)  # type: ignore[arg-type]


def _chosen(published: Mapping[str, Any], head: Head) -> Key | None:
    """The one key of that id that fits the algorithm; without an id the only one that does."""
    listed = published.get("keys")
    fitting = [key for key in listed if _fits(key, head)] if isinstance(listed, list) else []
    if not fitting or (head.key_id is None and len(fitting) > 1):
        return None
    try:
        key = import_key(fitting[0])
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < LEAST_RSA_BITS:
        return None
    return key


def _fits(key: object, head: Head) -> bool:
    return (
        isinstance(key, dict)
        and key.get("kty") == KEY_TYPES.get(head.algorithm[:2])
        and key.get("use", "sig") == "sig"
        and key.get("alg", head.algorithm) == head.algorithm
        and key.get("crv") == CURVES.get(head.algorithm)
        and (head.key_id is None or key.get("kid") == head.key_id)
    )


def _json(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError) as error:
        raise Refused from error
    if not isinstance(value, dict):
        raise Refused
    return value

"""
A little work for a browser that looks like a program: cheap for one visitor, dear for ten thousand.

The challenge is signed, so nothing is kept of it until it is solved, and then only that it was.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trulybot.kit.limits import Limit, Limiter, LimitReached

ALGORITHM = "SHA-256"
DIFFICULTY_BITS = 17  # 131,000 hashes in the middle: a fifth of a second on a desktop, a second on an old phone
LIFETIME_SECONDS = 300
ONCE = Limit(
    "solved-challenges",
    1,
    2 * LIFETIME_SECONDS,
    "all",
    "A solved challenge opens one session. It is remembered for longer than it could be sent again.",
)

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}$")]


class Proof(BaseModel):
    """The challenge as it was given, and the number that solves it."""

    model_config = ConfigDict(extra="forbid")

    algorithm: Literal["SHA-256"]
    difficulty: Annotated[int, Field(ge=1, le=32)]
    salt: Hex
    expires_at: int
    signature: Hex
    number: Annotated[int, Field(ge=0, le=2**53)]


def challenge(key: bytes, subject: str) -> Mapping[str, Any]:
    """For `subject` alone: find a number so that SHA-256 of "{salt}:{number}" begins with `difficulty` zero bits."""
    salt, expires_at = secrets.token_hex(16), int(time.time()) + LIFETIME_SECONDS
    return {
        "algorithm": ALGORITHM,
        "difficulty": DIFFICULTY_BITS,
        "salt": salt,
        "expires_at": expires_at,
        "signature": _signature(key, subject, salt, expires_at, DIFFICULTY_BITS),
    }


async def holds(proof: Proof, key: bytes, subject: str, limiter: Limiter) -> bool:
    """Whether it solves a challenge of ours for `subject`, in time and for the first time."""
    expected = _signature(key, subject, proof.salt, proof.expires_at, proof.difficulty)
    if not hmac.compare_digest(expected, proof.signature) or proof.expires_at < time.time():
        return False
    digest = hashlib.sha256(f"{proof.salt}:{proof.number}".encode()).digest()
    if int.from_bytes(digest) >> (256 - proof.difficulty):
        return False
    try:
        await limiter.take(ONCE, proof.salt)
    except LimitReached:
        return False
    return True


def _signature(key: bytes, subject: str, salt: str, expires_at: int, difficulty: int) -> str:
    return hmac.new(key, f"{subject}\n{salt}\n{expires_at}\n{difficulty}".encode(), hashlib.sha256).hexdigest()

"""Keys for each purpose, all from the one secret that an operator keeps."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret_key: str, purpose: str, *, length: int = 32) -> bytes:
    """A key of `length` bytes that tells nothing of those for other purposes. Source: RFC 5869."""
    return HKDF(SHA256(), length, salt=None, info=f"trulybot {purpose}".encode()).derive(secret_key.encode())

"""The keys that access tokens are signed and checked with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey

from trulybot.kit.keys import derive

ALGORITHM = "ES256"
SHARED_ALGORITHM = "HS256"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# 16 bytes more than the order has, so that the remainder is even to within 2^-128. Source: FIPS 186-5, A.2.1.
SCALAR_BYTES = 48


class UnusableKeys(ValueError):
    """GOTRUE_JWT_KEYS holds no private key for ES256 (kty EC, crv P-256, d)."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class SigningKeys:
    """The key that signs access tokens, and all that are good for checking one, by key id."""

    signing: ECKey | OctKey
    verifying: Mapping[str, ECKey | OctKey]
    algorithm: str = ALGORITHM

    @classmethod
    def derived(cls, secret_key: str) -> "SigningKeys":
        """The same secret makes the same key, so every process signs alike and nothing has to be kept."""
        scalar = int.from_bytes(derive(secret_key, "access token signature", length=SCALAR_BYTES))
        private = ec.derive_private_key(scalar % (P256_ORDER - 1) + 1, ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key = ECKey.import_key(pem)
        return cls(key, {_key_id(key): key})

    @classmethod
    def given(cls, jwks: Sequence[Mapping[str, Any]]) -> "SigningKeys":
        """
        Keys of a GoTrue configuration. Those of other kinds are passed over: we sign and accept ES256 alone.

        Raises:
            UnusableKeys: None of them can sign.
        """
        keys = [key for key in map(_p256, jwks) if key is not None]
        signing = next((key for key in keys if key.is_private and "sign" in (key.get("key_ops") or ["sign"])), None)
        if signing is None:
            raise UnusableKeys
        return cls(signing, {_key_id(key): key for key in keys})

    @classmethod
    def shared(cls, secret: str) -> "SigningKeys":
        """One secret signs and checks, as in older configurations of GoTrue; its tokens name no key."""
        key = OctKey.import_key(secret)
        return cls(key, {"": key}, SHARED_ALGORITHM)

    @property
    def key_id(self) -> str:
        """ "" where the tokens name none."""
        return _key_id(self.signing) if isinstance(self.signing, ECKey) else ""

    def published(self) -> list[dict[str, Any]]:
        """The public halves, as /.well-known/jwks.json lists them."""
        return [
            {
                **{part: key.as_dict(private=False)[part] for part in ("kty", "crv", "x", "y")},
                "alg": ALGORITHM,
                "use": "sig",
                "key_ops": ["verify"],
                "kid": key_id,
            }
            for key_id, key in self.verifying.items()
            if isinstance(key, ECKey)
        ]


def _p256(jwk: Mapping[str, Any]) -> ECKey | None:
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        return None
    try:
        return ECKey.import_key(dict(jwk))
    except (JoseError, ValueError) as error:
        raise UnusableKeys from error


def _key_id(key: ECKey) -> str:
    return str(key.kid or key.thumbprint())

"""
PKCE: a sign-in ends with an authorization code, which only the client that began it can exchange. Source: RFC 7636.

Whatever proves who somebody is may end so: a link in a mail, or another provider's sign-in. `begin` keeps the client's
challenge, `finish` issues the code once the person is known, `redeem` exchanges it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from uuid import UUID

from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import FlowStateNotFound, ValidationFailed
from trulybot.accounts.one_time import queries
from trulybot.accounts.one_time.errors import BadCodeVerifier, FlowStateExpired
from trulybot.accounts.one_time.models import Challenge, Flow
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7

CODE_SECONDS = 300
CODE_BYTES = 24
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]+")


def read_challenge(text: str, method: str) -> Challenge | None:
    """
    The challenge as it was sent; None when there is none.

    Raises:
        ValidationFailed: It is none that RFC 7636 knows.
    """
    if not text and not method:
        return None
    if not text or not method:
        raise ValidationFailed(
            reason="PKCE flow requires both a code challenge and a code challenge method, or neither"
        )
    if not 43 <= len(text) <= 128:
        raise ValidationFailed(reason="code challenge has to be between 43 and 128 characters")
    if not CHALLENGE.fullmatch(text):
        raise ValidationFailed(
            reason="code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes"
        )
    if method.lower() not in ("s256", "plain"):
        raise ValidationFailed(reason="code challenge method must be one of s256 or plain")
    return Challenge(text, method.lower())


async def begin(tx: Tx, challenge: Challenge, *, authentication_method: str) -> UUID:
    """authentication_method: how the person will prove who they are, as the tokens' amr names it."""
    flow_id = uuid7()
    await queries.add_flow(
        tx,
        id=flow_id,
        challenge=challenge.text,
        method=challenge.method,
        authentication_method=authentication_method,
    )
    return flow_id


async def finish(tx: Tx, accounts: Accounts, flow_id: UUID, user_id: UUID) -> str:
    """
    The authorization code for the person whom this flow turned out to be about.

    Raises:
        FlowStateNotFound: It has been finished already, or was given up.
    """
    code = secrets.token_urlsafe(CODE_BYTES)
    if not await queries.issue_code(tx, flow_id, user_id=user_id, code_hash=_hash(accounts, code)):
        raise FlowStateNotFound
    return code


async def redeem(tx: Tx, accounts: Accounts, code: str, verifier: str) -> Flow:
    """
    Exchange an authorization code, once.

    Raises:
        FlowStateNotFound, FlowStateExpired: There is no such code, or no longer.
        BadCodeVerifier: Another client began this.
    """
    flow = await queries.flow_by_code(tx, _hash(accounts, code), seconds=CODE_SECONDS)
    if flow is None:
        raise FlowStateNotFound
    if flow.is_over:
        raise FlowStateExpired
    if not hmac.compare_digest(_challenge(verifier, flow.method).encode(), flow.challenge.encode()):
        raise BadCodeVerifier
    await queries.remove_flow(tx, flow.id)
    return flow


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier.encode(errors="replace").decode()
    digest = hashlib.sha256(verifier.encode(errors="surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(accounts: Accounts, code: str) -> bytes:
    return hmac.digest(accounts.one_time_key, b"code " + code.encode(errors="surrogatepass"), "sha256")

"""
Codes and links, made and taken.

A code has six digits, so it is good for few tries, with the address it was sent to. The link's text is independent of
it: whoever guesses at links spends nobody's code, and whoever spends a code leaves the link as good as it was.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from trulybot.accounts.config import Accounts
from trulybot.accounts.one_time import queries
from trulybot.accounts.one_time.models import Kind, Made, Taken
from trulybot.kit.db import Tx

MOST_TRIES = 5
CODE = re.compile(r"[0-9]{6}")
LINK_BYTES = 28  # as many as GoTrue's, which are a SHA-224; ours are random

# GoTrue marks so the links of which the client expects an authorization code.
PKCE = "pkce_"


async def make(
    tx: Tx,
    accounts: Accounts,
    *,
    user_id: UUID,
    kind: Kind,
    address: str,
    seconds: int | None = None,
    flow_id: UUID | None = None,
    with_link: bool = True,
) -> Made:
    """A new token in place of the one before. seconds: how long it is good; else as long as those in mails are."""
    code = f"{secrets.randbelow(10**6):06}"
    link = (PKCE if flow_id else "") + secrets.token_hex(LINK_BYTES) if with_link else ""
    await queries.keep(
        tx,
        user_id=user_id,
        kind=kind,
        address=address,
        code_hash=_code_hash(accounts, user_id, kind, code),
        link_hash=_hash(accounts, link) if link else None,
        flow_id=flow_id,
        seconds=seconds or accounts.otp_seconds,
    )
    return Made(code, link)


async def take_code(tx: Tx, accounts: Accounts, *, user_id: UUID, kind: Kind, address: str, code: str) -> Taken | None:
    """Spend a code. None: it is not right, expired, or was tried too often; keep the transaction, which counts that."""
    tried = await queries.try_code(tx, user_id=user_id, kind=kind, address=address, most_tries=MOST_TRIES)
    if tried is None or not hmac.compare_digest(tried.code_hash, _code_hash(accounts, user_id, kind, code)):
        return None
    if not await queries.remove(tx, user_id, kind, code_hash=tried.code_hash):
        return None
    return Taken(user_id, kind, address, tried.flow_id)


async def take_link(tx: Tx, accounts: Accounts, link: str, kinds: Sequence[Kind]) -> Taken | None:
    """Spend a link. None: there is no such, or it has expired."""
    return await queries.take_link(tx, _hash(accounts, link), kinds)


def _code_hash(accounts: Accounts, user_id: UUID, kind: Kind, code: str) -> bytes:
    # With the person and the kind, so that equal codes do not look equal.
    return _hash(accounts, f"{kind} {user_id} {code}")


def _hash(accounts: Accounts, secret: str) -> bytes:
    return hmac.digest(accounts.one_time_key, secret.encode(errors="surrogatepass"), "sha256")

"""Whether it is an operator's program that calls."""

import hashlib
import hmac
import time
from typing import Annotated

from fastapi import Depends, Request, Security
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from trulybot.accounts.admin.errors import NotAllowed
from trulybot.accounts.asking import bearer
from trulybot.accounts.config import Accounts, accounts
from trulybot.accounts.tokens import ACCESS_TOKEN
from trulybot.kit.gate import answer_to, asks
from trulybot.kit.security import SecurityEvent, note

ROLES = ("service_role", "supabase_admin")
ALGORITHM = "HS256"


async def _operator(request: Request) -> None:
    known, token = accounts(request), bearer(request)
    if _is_key(known, token):
        return
    role = _role(known, token)
    if role in ROLES:
        return
    if role is None:
        known.tokens.verify(token)
    note(SecurityEvent.SIGNATURE_FAILED, path="admin")
    raise NotAllowed


@asks(_operator)
async def operator(request: Request, _described: Annotated[object, Security(ACCESS_TOKEN)]) -> None:
    """
    Let an operator's program pass: by TRULYBOT_ADMIN_KEY, or by a service_role token under GOTRUE_JWT_SECRET.

    Raises:
        NoAuthorization, BadJwt: Nothing, or nothing of ours.
        NotAllowed: Somebody else of ours, as a person.
    """
    await answer_to(_operator, request)


Operator = Depends(operator)


def _is_key(known: Accounts, token: str) -> bool:
    if known.admin_key is None:
        return False
    given, key = (hashlib.sha256(text.encode(errors="replace")).digest() for text in (token, known.admin_key))
    return hmac.compare_digest(given, key)


def _role(known: Accounts, token: str) -> str | None:
    """Of a program's token under GOTRUE_JWT_SECRET; it says no more than its role, and until when it is good."""
    if known.jwt_secret is None:
        return None
    try:
        claims = jwt.decode(token, OctKey.import_key(known.jwt_secret), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    role, until = claims.get("role"), claims.get("exp")
    is_good = until is None or (type(until) is int and time.time() < until)
    return role if isinstance(role, str) and is_good and "sub" not in claims else None

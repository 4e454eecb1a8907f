"""Who calls the GoTrue API, and how its routes name what may go wrong."""

import re
from typing import Annotated

from fastapi import Depends, Request, Security

from trulybot.accounts.bearers import claims_of
from trulybot.accounts.config import accounts
from trulybot.accounts.errors import (
    BadJson,
    BadJwt,
    EntityTooLarge,
    NoAuthorization,
    SessionNotFound,
    TooManyRequests,
    UserBanned,
    UserNotFound,
)
from trulybot.accounts.tokens import ACCESS_TOKEN, AccessClaims
from trulybot.accounts.wire import ErrorBody, OlderErrorBody, gotrue_example
from trulybot.kit.edge import RequestRefused
from trulybot.kit.errors import AppError
from trulybot.kit.gate import answer_to, asks
from trulybot.kit.openapi import Responses, described

BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)

OURS: Responses = {
    **described([RequestRefused, TooManyRequests], ErrorBody | OlderErrorBody, gotrue_example),
    "5XX": {
        "model": ErrorBody | OlderErrorBody,
        "description": "Our fault, or the server is busy; never the caller's mistake.",
    },
}
# What every call that sends a body, and every call that needs a session, may be answered with.
UNREAD = (BadJson, EntityTooLarge)
SIGNED_OUT = (NoAuthorization, BadJwt, UserNotFound, UserBanned, SessionNotFound)


def errors(*kinds: type[AppError]) -> Responses:
    """What a route answers when these go wrong, for its `responses=`."""
    return described(kinds, ErrorBody | OlderErrorBody, gotrue_example)


def bearer(request: Request) -> str:
    """
    The token that a request is sent with.

    Raises:
        NoAuthorization: None.
    """
    sent = BEARER.fullmatch(request.headers.get("authorization", ""))
    if sent is None:
        raise NoAuthorization
    return sent[1]


async def _claims(request: Request) -> AccessClaims:
    return await claims_of(request.app.state.db, accounts(request), bearer(request))


@asks(_claims)
async def access_claims(request: Request, _described: Annotated[object, Security(ACCESS_TOKEN)]) -> AccessClaims:
    """What the bearer token says; whether its session still stands is asked in the transaction that relies on it."""
    return await answer_to(_claims, request)


Claims = Annotated[AccessClaims, Depends(access_claims)]

"""
A request that is sent again is not done again.

A caller that does not know whether its POST arrived sends it once more with the same `Idempotency-Key`, and gets the
first answer. A router takes part by `APIRouter(route_class=Repeatable)`.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request, Response
from fastapi.routing import APIRoute

from trulybot.kit.db import Database, Identity
from trulybot.kit.errors import Conflict, InvalidInput
from trulybot.kit.gate import answers_of

HEADER = "idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
ANSWER_BYTES = 1_000_000  # of an answer that is kept; there is no longer one to a POST that makes something
NONCE_BYTES = 12

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class KeyReused(Conflict):
    """This Idempotency-Key was sent before with another request. Use a new one for each."""

    status, code = 409, "idempotency_key_reused"


class InProgress(Conflict):
    """The same request is being worked on. Ask again in a moment."""

    status, code = 409, "request_in_progress"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


@dataclass(frozen=True)
class _Kept:
    body_hash: bytes
    status: int | None
    answer: bytes | None


class Repeatable(APIRoute):
    """A route that answers a repeated POST as it did the first time, for a day."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            if not KEY.fullmatch(key):
                raise InvalidInput(
                    details=[{"field": "Idempotency-Key", "message": "is not 1 to 255 visible characters"}]
                )
            who = next((one for one in await answers_of(self, request) if isinstance(one, Identity)), None)
            if who is None or who.database_role != "member":
                return await handle(request)  # visitors' messages have ids of their own
            return await _Once(request, key, who).do(handle)

        return handle_once


class _Once:
    """One request with its key. The key opens the kept answer, and is kept nowhere."""

    def __init__(self, request: Request, key: str, who: Identity) -> None:
        self.request, self.who = request, who
        self.db: Database = request.app.state.db
        self._seal = AESGCM(hmac.digest(request.app.state.repeat_key, key.encode(), "sha256"))
        # A new session or token is the same person still.
        claims = {name: value for name, value in who.claims().items() if name != "session_id"}
        named = json.dumps([claims, request.method, request.url.path, key], sort_keys=True)
        self.key_hash = hashlib.sha256(named.encode()).digest()

    async def do(self, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        """
        Do it, or answer as before.

        Raises:
            KeyReused: The key was for something else.
            InProgress: It is being done.
        """
        body_hash = await self._body_hash()
        kept = await self._begin(body_hash)
        if kept is not None:
            return self._again(kept, body_hash)
        try:
            response = await handle(self.request)
        except BaseException:
            await self._forget()
            raise
        body = getattr(response, "body", None)
        if response.status_code < 300 and isinstance(body, bytes) and len(body) <= ANSWER_BYTES:
            await self._keep(response, body)
        else:
            await self._forget()
        return response

    async def _body_hash(self) -> bytes:
        """Of files only their number of bytes: reading them twice would cost more than telling them apart is worth."""
        if self.request.headers.get("content-type", "").startswith("multipart/"):
            return hashlib.sha256(self.request.headers.get("content-length", "").encode()).digest()
        return hashlib.sha256(await self.request.body()).digest()

    async def _begin(self, body_hash: bytes) -> _Kept | None:
        """Take the key; what is kept of it when it is taken. One whose process died is free after a minute."""
        async with self.db.workspace(self.who) as tx:
            await tx.run(
                """
                delete from repeatable_requests
                 where created_at < now() - interval '24 hours'
                    or (status is null and created_at < now() - interval '1 minute')
                """
            )
            taken = await tx.value(
                """
                insert into repeatable_requests (key_hash, body_hash)
                values (%(key_hash)s, %(body_hash)s)
                    on conflict (workspace_id, key_hash) do nothing
                returning true
                """,
                key_hash=self.key_hash,
                body_hash=body_hash,
            )
            if taken:
                return None
            return await tx.one(
                _Kept,
                "select body_hash, status, answer from repeatable_requests where key_hash = %(key_hash)s",
                key_hash=self.key_hash,
            )

    def _again(self, kept: _Kept, body_hash: bytes) -> Response:
        if kept.body_hash != body_hash:
            raise KeyReused
        if kept.status is None or kept.answer is None:
            raise InProgress
        try:
            body = self._seal.decrypt(kept.answer[:NONCE_BYTES], kept.answer[NONCE_BYTES:], self.key_hash)
        except InvalidTag as error:  # SECRET_KEY is another since
            raise KeyReused from error
        headers = {"Idempotent-Replayed": "true"}
        return Response(body or None, kept.status, headers, media_type="application/json" if body else None)

    async def _keep(self, response: Response, body: bytes) -> None:
        nonce = os.urandom(NONCE_BYTES)
        async with self.db.workspace(self.who) as tx:
            await tx.run(
                "update repeatable_requests set status = %(status)s, answer = %(answer)s where key_hash = %(key_hash)s",
                status=response.status_code,
                answer=nonce + self._seal.encrypt(nonce, body, self.key_hash),
                key_hash=self.key_hash,
            )

    async def _forget(self) -> None:
        async with self.db.workspace(self.who) as tx:
            await tx.run("delete from repeatable_requests where key_hash = %(key_hash)s", key_hash=self.key_hash)

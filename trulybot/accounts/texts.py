"""
Text messages: sent by a program of the operator, which knows their provider.

It is asked as GoTrue asks its "send SMS hook": a POST of `{"user": {…}, "sms": {"otp": "…"}}`, signed by the Standard
Webhooks scheme, so that a hook made for GoTrue serves here as it is.
Source: Supabase docs, Send SMS Hook; Standard Webhooks 1.0.
"""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from trulybot.kit.ids import uuid7

HOOK_SECONDS = 5.0  # as GoTrue


class TextNotSent(Exception):
    """The hook did not take the message."""


class Texts(Protocol):
    async def send(self, phone: str, code: str, *, user: Mapping[str, Any]) -> str:
        """
        Send a code, and return the message's id.

        phone: digits of the international number, without +. user: as the API shows it.

        Raises:
            TextNotSent: It was not taken.
        """
        ...


@dataclass(frozen=True)
class HookTexts:
    """secrets: the keys themselves; the message is signed with each, so that one can follow another."""

    url: str
    secrets: Sequence[bytes] = field(repr=False)

    async def send(self, phone: str, code: str, *, user: Mapping[str, Any]) -> str:
        message_id, now = f"msg_{uuid7().hex}", int(time.time())
        body = json.dumps({"user": {**user, "phone": phone}, "sms": {"otp": code, "phone": phone}})
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(_signature(key, f"{message_id}.{now}.{body}") for key in self.secrets),
        }
        try:
            async with httpx.AsyncClient(timeout=HOOK_SECONDS, follow_redirects=False, trust_env=False) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TextNotSent from error
        if not answer.is_success:
            raise TextNotSent
        return message_id


def _signature(key: bytes, signed: str) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed.encode(), "sha256")).decode()

"""
What a CDN's rules would do, for those who have none: countries, bad bots, requests that are attacks on their face.

Everything that is refused here, and every attack that is only seen, is noted as a security event.
"""

import json
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit import agents, injections
from trulybot.kit.countries import Countries, CountryRefused
from trulybot.kit.errors import AppError, Forbidden, MethodNotAllowed
from trulybot.kit.security import SecurityEvent, note

QUERY_CHARACTERS = 8192
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

# Health is asked by whoever watches over us, and a payment provider calls from where it is.
EVERY_COUNTRY = ("/api/monitoring/", "/metrics", "/api/payments/webhook")
VISITORS = ("/widget.js", "/widget/", "/api/widget/config/", "/api/widget/session", "/api/chat")

# Parameters in which people write, or whole addresses stand: what is found there is counted, and decided elsewhere.
PROSE = frozenset(("q", "query", "search", "message", "question", "error_description", "next", "redirect_to", "url"))
# What a business writes for its customers may be about anything, SQL and scripts too.
KNOWLEDGE = ("/api/text-upload", "/api/knowledge/", "/api/documents", "/api/sources", "/dashboard/documents")
LOOKED_AT_BYTES = 65_536  # of a body; longer ones hold documents


class RequestRefused(AppError):
    """This request looks like an attack, and was not carried out."""

    status, code = 400, "request_refused"


class AddressTooLong(AppError):
    """The address is too long."""

    status, code = 414, "uri_too_long"


class BotRefused(Forbidden):
    """Automated programs are not served here. Use the API with a key."""

    status, code = 403, "bot_refused"


def refuse_if_filled(trap: str) -> None:
    """
    For a form's field that no person sees.

    Raises:
        RequestRefused: A program has filled whatever it found.
    """
    if trap:
        note(SecurityEvent.BOT_REFUSED, kind="form filler")
        raise RequestRefused


class Edge:
    """Refuses what no visitor, owner or program of theirs would send."""

    def __init__(self, app: ASGIApp, *, countries: Countries) -> None:
        self.app, self.countries = app, countries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] not in METHODS:
            raise MethodNotAllowed
        self._check_country(scope)
        _check_agent(scope)
        _check_address(scope)
        await self.app(scope, _watched(scope, receive), send)

    def _check_country(self, scope: Scope) -> None:
        if scope["path"].startswith(EVERY_COUNTRY):
            return
        try:
            self.countries.check(scope)
        except CountryRefused:
            note(SecurityEvent.COUNTRY_REFUSED)
            raise


def _check_agent(scope: Scope) -> None:
    if not scope["path"].startswith(VISITORS):
        return
    headers = Headers(scope=scope)
    kind = agents.kind_of(headers.get("user-agent", ""))
    # Whoever has a key of the workspace is its guest, whatever they call themselves.
    if kind is not None and not headers.get("authorization", "").startswith("Bearer tb_sk_"):
        note(SecurityEvent.BOT_REFUSED, kind=kind)
        raise BotRefused


def _check_address(scope: Scope) -> None:
    query = scope["query_string"].decode("latin-1")
    if len(query) > QUERY_CHARACTERS:
        raise AddressTooLong
    sent = scope.get("raw_path") or scope["path"].encode()
    _refuse("path", injections.in_no_prose(sent.decode("latin-1")))
    if not query:
        return
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        _refuse("query", injections.in_no_prose(name))
        if name in PROSE:
            _see("query", injections.in_prose(value))
        else:
            _refuse("query", injections.in_no_prose(value))


def _watched(scope: Scope, receive: Receive) -> Receive:
    """The body as it comes, looked through once it is whole."""
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded") or scope["path"].startswith(KNOWLEDGE):
        return receive
    kept = bytearray()
    is_done = False

    async def receive_and_look() -> Message:
        nonlocal is_done
        message = await receive()
        if not is_done:
            kept.extend(message.get("body", b""))
            is_done = not message.get("more_body", False) or len(kept) > LOOKED_AT_BYTES
            if is_done and len(kept) <= LOOKED_AT_BYTES:
                _see("body", _rule_in(kind, bytes(kept)))
        return message

    return receive_and_look


def _rule_in(kind: str, body: bytes) -> str | None:
    try:
        if kind == "application/json":
            texts = injections.strings(json.loads(body))
        else:
            texts = (value for _, value in parse_qsl(body.decode("utf-8", "replace"), max_num_fields=1000))
        return next((rule for text in texts if (rule := injections.in_prose(text)) is not None), None)
    except (ValueError, RecursionError):
        return None  # whoever is to read it will say what is wrong with it


def _refuse(place: str, rule: str | None) -> None:
    _see(place, rule)
    if rule is not None:
        raise RequestRefused


def _see(place: str, rule: str | None) -> None:
    if rule is not None:
        note(SecurityEvent.INJECTION, rule=rule, place=place)

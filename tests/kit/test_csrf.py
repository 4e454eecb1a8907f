from typing import Any

import pytest
from fastapi import Request

from trulybot.kit.csrf import CrossSite, same_origin
from trulybot.kit.errors import UnsupportedType

FORM = {"content-type": "application/x-www-form-urlencoded", "content-length": "3"}


def request(method: str = "POST", scheme: str = "https", **headers: str) -> Request:
    sent = {"host": "bot.example.com"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    return Request(scope)


def test_our_own_form_passes():
    same_origin(request(**FORM, origin="https://bot.example.com", sec_fetch_site="same-origin"))
    same_origin(request(**FORM, origin="https://bot.example.com:443"))
    same_origin(request(**FORM, referer="https://bot.example.com/sign-in?next=/x"))
    same_origin(request("DELETE", origin="https://bot.example.com"))
    same_origin(request(scheme="http", host="127.0.0.1:8000", origin="http://127.0.0.1:8000"))


def test_reading_needs_no_proof():
    same_origin(request("GET", origin="https://evil.example", sec_fetch_site="cross-site"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://bot.example.com.evil.example"},
        {"origin": "https://evilbot.example.com"},
        {"origin": "http://bot.example.com"},
        {"origin": "https://bot.example.com:8443"},
        {"origin": "https://evil.example", "referer": "https://bot.example.com/"},
        {"referer": "https://evil.example/?https://bot.example.com"},
        {"referer": "https://bot.example.com@evil.example/"},
        {"origin": "https://bot.example.com", "sec_fetch_site": "cross-site"},
        {"origin": "https://bot.example.com", "sec_fetch_site": "same-site"},
        {"origin": "https://[", "host": "["},
        {"origin": "file://"},
    ],
    ids=str,
)
def test_whatever_another_site_can_send_is_refused(headers: dict[str, str]):
    with pytest.raises(CrossSite):
        same_origin(request(**FORM, **headers))


@pytest.mark.parametrize("type", ["text/plain", "text/plain; application/json", ""])
def test_a_body_that_is_neither_form_nor_json_is_refused(type: str):
    with pytest.raises(UnsupportedType):
        same_origin(request(origin="https://bot.example.com", content_type=type, content_length="3"))

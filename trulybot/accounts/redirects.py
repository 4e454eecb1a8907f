"""
Where a link in a mail, or another provider's sign-in, may lead in the end: our own site, or what the operator allows.

Only settings decide that. What a request says of where it came from, as Host and X-Forwarded-Host, is the caller's own
word, and a link made of it would carry somebody's session to the caller.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

# All that RFC 3986 lets into a URI. Browsers read the rest in ways of their own: a backslash is a slash, a tab nothing.
URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2048}")
DEFAULT_PORTS = {"http": 80, "https": 443}
SCRIPTS = ("javascript", "data", "vbscript", "file", "blob", "about")
DECIMAL_ADDRESS = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")

# One part of a glob at a time. `*` and `?` stop at . and /, `**` does not. Source: GoTrue, GOTRUE_URI_ALLOW_LIST.
GLOB = re.compile(r"\*\*|\*|\?|\{|\}|,|\[!?[^\]]+\]|\\.|.", re.DOTALL)


def allowed(wanted: str, *, site: str, patterns: Sequence[str]) -> str:
    """`wanted` if somebody may be led there, else our own site."""
    return wanted if _may(wanted, site, patterns) else site


def with_query(url: str, values: Mapping[str, str]) -> str:
    """The address with these in its query, in place of any of the same name."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in values]
    return parts._replace(query=urlencode([*kept, *values.items()])).geturl()


def with_fragment(url: str, values: Mapping[str, str]) -> str:
    """The address with these behind its #: what stands there reaches the page, and no server."""
    return urlsplit(url)._replace(fragment=urlencode(values)).geturl()


def _may(wanted: str, site: str, patterns: Sequence[str]) -> bool:
    if not URI.fullmatch(wanted):
        return False
    try:
        asked, ours = urlsplit(wanted), urlsplit(site)
        ports = _port(asked), _port(ours)
    except ValueError:
        return False
    if not asked.scheme or asked.scheme in SCRIPTS or "@" in asked.netloc:
        return False
    at_home = asked.hostname is not None and (asked.scheme, asked.hostname) == (ours.scheme, ours.hostname)
    if at_home and (ports[0] == ports[1] or _is_loopback(asked)):
        return True
    if _is_bare_address(asked) and not _is_loopback(asked):
        return False
    return any(_matches(pattern, asked, wanted.partition("#")[0]) for pattern in patterns)


def _matches(glob: str, asked: SplitResult, target: str) -> bool:
    # The host once more by itself: `https://evil?x.example.com/` is a host named evil, whatever the whole looks like.
    host = glob.partition("://")[2].partition("/")[0]
    return bool(_pattern(glob).fullmatch(target) and (not host or _pattern(host).fullmatch(asked.netloc)))


def _port(parts: SplitResult) -> int | None:
    return parts.port or DEFAULT_PORTS.get(parts.scheme)


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_bare_address(parts: SplitResult) -> bool:
    """No name, in any of the spellings that a browser takes for an address: 2130706433 and 0x7f.1 as well."""
    host = parts.hostname or ""
    return ":" in host or bool(DECIMAL_ADDRESS.fullmatch(host.rstrip(".").rpartition(".")[2] or "x"))


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    depth, parts = 0, []
    for token in GLOB.findall(glob):
        match token:
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^./]*")
            case "?":
                parts.append("[^./]")
            case "{":
                depth += 1
                parts.append("(?:")
            case "}" if depth:
                depth -= 1
                parts.append(")")
            case "," if depth:
                parts.append("|")
            case _ if len(token) > 2 and token[0] == "[":
                negated = token[1] == "!"
                inside = re.escape(token[2 if negated else 1 : -1]).replace(r"\-", "-")
                parts.append(f"[{'^' if negated else ''}{inside}]")
            case _:
                parts.append(re.escape(token.removeprefix("\\") if len(token) == 2 else token))
    return re.compile("".join(parts) + ")" * depth)

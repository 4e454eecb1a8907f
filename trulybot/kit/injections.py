"""
What an attack looks like in text: traversal, SQL, scripts, forged headers.

No defence: parameters, escaping and names of our own making are that, and hold without this. It is a smoke detector.
Where nobody writes prose (addresses, parameters, ids) what it finds is refused; in what people write it is only
counted, since a customer may well ask what `<script>` is for.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_plus

LONGEST = 65_536  # characters that are looked at; a probe is short

COMMENT = re.compile(r"/\*[^*]{0,100}\*/")

# Hard to write by accident: two of its words in this order are no sentence in any language.
ANYWHERE: Final = {
    "traversal": r"(?:\.\.[\\/]+){2}|[\\/]etc[\\/]+(?:passwd|shadow)\b|[\\/]windows[\\/]+win\.ini\b|\b(?:php|file)://[\w/]",
    "sql.union": r"\bunion\s+(?:all\s+|distinct\s+)?select\b",
    "sql.always": (
        r"['\"]\s{0,9}\)*\s{0,9}(?:or|and)\s+\(*\s{0,9}['\"]?[\w%]{1,20}['\"]?\s{0,9}=\s{0,9}\(*['\"]?[\w%]"
        r"|\b\d+\s+(?:or|and)\s+\(?(\d+)\s{0,9}=\s{0,9}\1\b"
    ),
    "sql.second": (
        r";\s{0,9}(?:drop\s+(?:table|schema|database|role)|delete\s+from|insert\s+into|update\s+\w{1,63}\s+set"
        r"|alter\s+(?:table|role)|truncate\s+table|set\s+role\s|exec\s+(?:xp_|sp_)|select\s+(?:pg_\w+\(|\*|version\())"
    ),
    "sql.time": r"\bpg_sleep\s{0,9}\(|\b(?:sleep|benchmark)\(\s{0,9}\d|\bwaitfor\s+delay\s+['\"]",
    "sql.catalogue": r"\binformation_schema\.\w|\bpg_catalog\.\w|\bxp_cmdshell\b",
    "script": (
        r"<\s{0,9}script\b|<[a-z][^<>]{0,300}[\s/\"']on[a-z]{3,30}\s{0,9}=|<iframe\b[^<>]{0,300}\bsrcdoc\b"
        r"|\bjavascript:\S|\bdata:text/html\b"
    ),
    "header": r"[\r\n]\s{0,9}(?:set-cookie|location|content-type|content-length)\s{0,9}:",
    "lookup": r"\$\{(?:jndi|\$\{)[^}]{0,100}:",
}
# What a sentence may hold, and an address, an id or a parameter never does.
NO_PROSE: Final = {
    "traversal": r"(?:^|[\\/])\.\.(?:[\\/]|$)|\x00",
    # True or not: were only `1=1` refused, the difference would look like an answer of the database.
    "sql.compared": r"(?:^|[\s'\")\d])(?:or|and)\s+\(*['\"]?\d{1,9}['\"]?\)*\s{0,9}[=<>]\s{0,9}['\"]?\d",
    "sql.comment": r"['\"]\s{0,9}\)*\s{0,9};?\s{0,9}(?:--|/\*)",
    "script": r"<\s{0,9}/?\s{0,9}(?:script|iframe|object|embed|svg|math|base|meta|img)\b",
    "header": r"[\r\n]",
}


def _compiled(rules: dict[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in rules.items()]


_ANYWHERE, _NO_PROSE = _compiled(ANYWHERE), _compiled(NO_PROSE)


def in_prose(text: str) -> str | None:
    """The rule that what somebody wrote matches."""
    return _first(_ANYWHERE, text)


def in_no_prose(text: str) -> str | None:
    """The rule that a part of an address matches, however often it was percent-encoded."""
    for _ in range(3):
        rule = _first(_ANYWHERE, text) or _first(_NO_PROSE, text)
        decoded = unquote_plus(text)
        if rule is not None or decoded == text:
            return rule
        text = decoded
    return None


def strings(value: Any) -> Iterator[str]:
    """Every text in what was sent as JSON, the names of its fields among them."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one


def _first(rules: list[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    text = COMMENT.sub(" ", text[:LONGEST])
    return next((name for name, pattern in rules if pattern.search(text)), None)

"""
What a mail says: the words of a language, in a frame that all mails share, as text and as HTML.

Values are what people typed. They are text wherever they stand, on one line where a line is all there is, and nothing
in them becomes a link: a workspace may be called "Win at evil.com", and its invitations go to strangers.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trulybot.mail.kinds import Kind
from trulybot.mail.service import Mail

LETTERS = Path(__file__).parent / "letters"
LANGUAGES = ("en", "hi", "es")  # the first for everybody whose language we do not write

LONGEST_NAME = 80  # characters of a name in a sentence of ours
LONGEST_SUBJECT = 200
NAMES = frozenset(("workspace", "inviter", "new_email"))  # chosen by people, perhaps to deceive the reader

JOINERS = "\u200c\u200d"  # invisible, but Devanagari and emoji are written with them
# A mail client makes a link of "evil.com" and of "evil://"; with something invisible in between it does not.
LINKED = re.compile(r"(?<=[\w\])])\.(?=\w)|(?<=\w):(?=/)|(?<=\w)@(?=\w)")
UNLINKED = "\u2060"


@dataclass(frozen=True)
class Letter:
    """A mail as it is read. subject: one line."""

    language: str
    subject: str
    text: str
    html: str


def write(mail: Mail) -> Letter:
    language = language_of(mail.locale)
    words, frame = letters(language)[mail.kind], letters(language)["frame"]
    values = shown(mail.kind, mail.values, frame) | {"to": one_line(mail.to)}

    def said(text: str) -> str:
        return _plain().from_string(text).render(values)

    code = values.get("code", "")
    parts = {
        "language": language,
        "subject": said(words["subject"])[:LONGEST_SUBJECT],
        "opening": [said(paragraph) for paragraph in words["opening"]],
        "action": words.get("action", ""),
        "link": values.get("link", ""),
        "link_label": frame["link"],
        "code": code,
        "code_label": frame["code" if "link" in values else "only_code"],
        "closing": [said(paragraph) for paragraph in words.get("closing", [])],
        "footer": said(frame["footer"]),
    }
    text = _plain().get_template("frame.txt").render(parts)
    html = _html().get_template("frame.html").render(parts)
    return Letter(language, parts["subject"], text, html)


def language_of(locale: str | None) -> str:
    """Ours for a locale such as "hi-IN" or "es_MX"."""
    primary = re.split("[-_]", locale or "", maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else LANGUAGES[0]


def shown(kind: Kind, values: Mapping[str, str], frame: Mapping[str, Any]) -> dict[str, str]:
    """The values as they may stand in a mail of this language."""
    ready = {name: one_line(value) for name, value in values.items()}
    for name in NAMES & ready.keys():
        ready[name] = unlinked(shortened(ready[name]))
    if kind is Kind.ALERT:
        ready["text"] = "\n".join(one_line(line) for line in values["text"].splitlines())
    if "date" in ready:
        day = date.fromisoformat(ready["date"])
        ready["date"] = frame["date"].format(day=day.day, month=frame["months"][day.month - 1], year=day.year)
    return ready


def one_line(text: str) -> str:
    """Without line ends, control characters, and what turns the direction of writing around or cannot be seen."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    kept = (
        character
        for character in spaced
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in JOINERS
    )
    return " ".join("".join(kept).split())


def shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def unlinked(name: str) -> str:
    return LINKED.sub(lambda match: f"{UNLINKED}{match[0]}{UNLINKED}", name)


@cache
def letters(language: str) -> dict[str, dict[str, Any]]:
    """The words of a language, by kind, and those of the frame."""
    return tomllib.loads((LETTERS / f"{language}.toml").read_text("utf-8"))


@cache
def _plain() -> Environment:
    return _environment(autoescape=False)


@cache
def _html() -> Environment:
    return _environment(autoescape=True)


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(LETTERS),
        autoescape=autoescape,  # noqa: S701  (of the text part, which is no HTML)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

"""The same question in the same words, however it is typed."""

import hashlib
import re
import unicodedata

# `\w` leaves out the vowel signs that Indic and Thai words are made of.
_WORD = re.compile("(?:[^\\W_]|[\u0300-\u036f\u064b-\u0655\u0900-\u0963\u0971-\u0dff\u0e31-\u0e4e])+")
READ_CHARACTERS = 2000  # of a question: further than any phrasing is long


def wording(text: str) -> str:
    """The words alone, in lower case: "Opening hours?" and "opening  HOURS" are the same."""
    plain = unicodedata.normalize("NFKC", text[:READ_CHARACTERS]).casefold()
    return " ".join(_WORD.findall(plain))


def wording_hash(text: str) -> bytes:
    """A text of nothing but signs is worded as it stands."""
    return hashlib.sha256((wording(text) or text).encode()).digest()

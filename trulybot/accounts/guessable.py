"""
Passwords that are guessed first: the 30,000 most frequent of leaked lists, and what anybody would try for this person.

The list is the one that the `zxcvbn` package ships. Only those as long as we accept are kept in memory, some 2 MB, and
only once somebody chooses a password; the package's other lists are never loaded.
"""

import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

SHORTEST = 8  # characters; what is shorter is refused for that
PRODUCT = "trulybot"
APPENDED = "0123456789!?.,-_*#@$"  # what people add when a word is refused


def is_guessable(password: str, *, about: Iterable[str]) -> bool:
    """about: the person's email and the site's address; "" tells nothing."""
    folded = password.casefold()
    return folded in _leaked() or folded.strip(APPENDED) in _words(about)


def _words(about: Iterable[str]) -> set[str]:
    """Each email, its name and its domain; each host, and the names in it."""
    words = {PRODUCT}
    for text in about:
        name, _, domain = text.casefold().rpartition("@")
        host = domain if name else urlsplit(domain).hostname or ""
        words |= {text.casefold(), name, name.partition("+")[0], host, *host.split(".")[:-1]}
    return {word.strip(APPENDED) for word in words} - {""}


@cache
def _leaked() -> frozenset[str]:
    """All in lower case, as the list has them."""
    package = importlib.util.find_spec("zxcvbn")
    assert package is not None  # noqa: S101  (a dependency of ours)
    assert package.submodule_search_locations is not None  # noqa: S101
    # Importing the package would build every dictionary that it knows, of which we need one.
    file = Path(package.submodule_search_locations[0]) / "frequency_lists.py"
    spec = importlib.util.spec_from_file_location("frequency_lists", file)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lists)
    return frozenset(word for word in lists.FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)

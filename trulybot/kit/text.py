"""Text as people send it, made storable."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 cannot hold: NUL goes, half of a surrogate pair becomes U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# What is never seen and changes what is: controls, which a terminal or a spreadsheet obeys; marks that turn the reading
# direction around, for everything that follows on the page; and tags, which a model reads and a person does not. The
# joiners that Indian scripts, Persian and emoji need stay, and so do the marks that only one letter obeys.
UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def one_line(text: str) -> str:
    """A name or a title as it is shown beside others: on one line, and without what would disturb them."""
    return " ".join(UNSEEN.sub("", storable(text)).split())


Text = Annotated[str, AfterValidator(storable)]
Line = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(one_line)]

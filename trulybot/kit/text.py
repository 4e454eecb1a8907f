"""Text as people send it, made storable."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 cannot hold: NUL goes, half of a surrogate pair becomes U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def one_line(text: str) -> str:
    return " ".join(storable(text).split())


Text = Annotated[str, AfterValidator(storable)]
Line = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(one_line)]

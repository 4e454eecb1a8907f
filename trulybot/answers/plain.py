"""What an answer may not carry, whoever wrote it: a picture that loads by itself and tells somebody that it did."""

import re

# Markdown's pictures, with their address in place or given elsewhere, and HTML's. What they show in words stays.
IMAGE = re.compile(r"!\[([^\]\[]{0,500})\](?:\([^()\n]{0,2000}\)|\[[^\]\n]{0,200}\])?")
LOADING = re.compile(
    r"<\s*/?\s*(?:img|picture|source|video|audio|iframe|object|embed|link|script|style|svg|image|base|meta)\b[^>]{0,4000}>?",
    re.IGNORECASE,
)


def without_pictures(text: str) -> str:
    """The text, in which nothing loads when somebody shows it as Markdown or HTML."""
    before = ""
    while text != before:  # what is left when one is taken out may be another
        before, text = text, LOADING.sub("", IMAGE.sub(r"\1", text))
    return text

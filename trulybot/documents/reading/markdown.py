"""Markdown, by way of the HTML it means."""

import re

from markdown_it import MarkdownIt

from trulybot.documents.reading import html
from trulybot.documents.reading.models import Limits, Reading

# Notes for a site's generator, between two lines of three dashes at the very top.
FRONT_MATTER = re.compile(r"---\n((?:\w[\w-]*:.*\n|[ \t#-].*\n|\n)*)(?:---|\.\.\.)(?:\n|$)")
TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE)


def read(text: str, limits: Limits) -> Reading:
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    title = None
    if front_matter := FRONT_MATTER.match(text):
        if named := TITLE.search(front_matter[1]):
            title = named[1].strip().strip("\"'")
        text = text[front_matter.end() :]
    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": 50}).enable(["table", "strikethrough"])
    reading = html.read(markdown.render(text), limits, "md")
    headings = [section.heading[0] for section in reading.sections[:1] if section.heading]
    return Reading("md", title or next(iter(headings), None), reading.sections)

"""Have what was fetched read by a process of its own, and write down what a page says."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from trulybot.documents.reading import reader, texts
from trulybot.documents.reading.models import Limits, ReadingError, Section
from trulybot.sources.fetching.models import REASONS, Fetched, FetchError
from trulybot.sources.fetching.sitemap import Sitemap

LIMITS = Limits(cpu_seconds=15, wall_seconds=30.0)  # a page of 10 MB takes two
TITLE_CHARACTERS = 500


@dataclass(frozen=True)
class Page:
    """links, canonical: addresses as they are written. noindex, nofollow: what the page or its server asks."""

    title: str
    sections: Sequence[Section]
    links: Sequence[str]
    canonical: str
    noindex: bool
    nofollow: bool

    def written(self) -> bytes:
        """The text of the page as plain HTML, without anything of its frame: what is kept, and told apart by."""
        lines = [f"<!doctype html><html><head><title>{escape(self.title)}</title></head><body><main>"]
        before: tuple[str, ...] = ()
        for section in self.sections:
            for level, heading in enumerate(section.heading):
                if before[: level + 1] != section.heading[: level + 1]:
                    lines.append(f"<h{min(level + 1, 6)}>{escape(heading)}</h{min(level + 1, 6)}>")
            before = section.heading
            lines += [
                f"<p>{'<br>'.join(map(escape, block.split(chr(10))))}</p>" for block in section.text.split("\n\n")
            ]
        return "\n".join([*lines, "</main></body></html>"]).encode()


async def read_page(fetched: Fetched) -> Page:
    """Raises: FetchError."""
    answer = await _answer("page", fetched.content, url=fetched.url, charset=fetched.charset or "")
    try:
        sections = [Section(tuple(map(_text, heading)), _text(text)) for heading, text in answer["sections"]]
        robots = f"{_robots_header(fetched.robots)},{answer['robots']}".lower()
        asked = {word.strip() for word in robots.split(",")}
        return Page(
            title=_text(answer["title"])[:TITLE_CHARACTERS],
            sections=sections,
            links=[str(link) for link in answer["links"]],
            canonical=str(answer["canonical"]),
            noindex=bool(asked & {"noindex", "none"}),
            nofollow=bool(asked & {"nofollow", "none"}),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise FetchError("reader_crashed", where="answer of a wrong shape") from error


async def read_sitemap(fetched: Fetched) -> Sitemap:
    """Raises: FetchError."""
    answer = await _answer("sitemap", fetched.content)
    try:
        return Sitemap([str(url) for url in answer["pages"]], [str(url) for url in answer["sitemaps"]])
    except (TypeError, KeyError) as error:
        raise FetchError("reader_crashed", where="answer of a wrong shape") from error


async def _answer(what: str, content: bytes, **more: str) -> Mapping[str, Any]:
    task = json.dumps({"what": what, "limits": asdict(LIMITS), "parent": os.getpid(), **more})
    command = [sys.executable, "-s", "-m", "trulybot.sources.fetching.child", task]
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(file.write, content)
        file.seek(0)
        try:
            output = await reader.output_of(command, file, LIMITS)
            answer = await asyncio.to_thread(json.loads, output)
        except ReadingError as error:
            raise FetchError(error.code, where=error.where) from error
        except (ValueError, RecursionError) as error:
            raise FetchError("reader_crashed", where="answer of a wrong shape") from error
    if not isinstance(answer, dict):
        raise FetchError("reader_crashed", where="answer of a wrong shape")
    code = answer.get("error")
    if code is not None:
        raise FetchError(code if code in REASONS else "reader_crashed", where=str(answer.get("where"))[:100])
    return answer


def _robots_header(value: str) -> str:
    """What X-Robots-Tag asks of everyone, or of us by name: "noindex, otherbot: nofollow" asks no nofollow of us."""
    ours, name = [], ""
    for part in value.split(","):
        agent, colon, rest = part.partition(":")
        names = colon and agent.strip().lower() != "unavailable_after"
        name = agent.strip().lower() if names else name
        if name in ("", "trulybot"):
            ours.append(rest if names else part)
    return ",".join(ours)


def _text(value: object) -> str:
    """Believe nothing: the child may have been taken over by the page it read."""
    if not isinstance(value, str) or texts.UNWANTED.search(value):
        raise ValueError
    return value

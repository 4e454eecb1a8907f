"""The process that reads one page or sitemap, within the limits of the one that reads files."""

import json
import sys
from dataclasses import asdict

from trulybot.documents.reading.child import checked, confine, lock_files, where
from trulybot.documents.reading.models import Limits, Reading, ReadingError
from trulybot.sources.fetching import page, sitemap
from trulybot.sources.fetching.models import FetchError


def main() -> None:
    task = json.loads(sys.argv[1])
    limits = Limits(**task["limits"])
    confine(limits, task["parent"])
    lock_files()
    answer = _answer(task, sys.stdin.buffer.read(limits.file_bytes + 1), limits)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _answer(task: dict[str, str], content: bytes, limits: Limits) -> dict[str, object]:
    try:
        if task["what"] == "sitemap":
            return asdict(sitemap.read(content))
        return _page(page.read(content, task["url"], task["charset"], limits), limits)
    except (ReadingError, FetchError) as error:
        return {"error": error.code, "where": where(error)}
    except MemoryError as error:
        return {"error": "out_of_memory", "where": where(error)}
    except Exception as error:  # noqa: BLE001  (a parser's bug costs its page, and the parent logs where it is)
        return {"error": "reader_crashed", "where": where(error)}


def _page(read: page.Page, limits: Limits) -> dict[str, object]:
    """A page without text may still lead on to others."""
    try:
        reading = checked(Reading("html", read.title, read.sections), limits)
        sections = [[section.heading, section.text] for section in reading.sections]
    except ReadingError as error:
        if error.code != "no_text":
            raise
        sections = []
    return {**asdict(read), "sections": sections}


if __name__ == "__main__":
    main()

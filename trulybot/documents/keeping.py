"""What documents and curated answers held before: kept for a while, so that an owner can go back, and then no more."""

from dataclasses import dataclass
from datetime import timedelta

from trulybot.documents.files import Files
from trulybot.kit.db import Database

KEPT = timedelta(days=90)  # a mistake that nobody noticed in a season is no mistake any more
VERSIONS = 20  # of each: a page that changes every day goes back three weeks, and not at everybody's cost


async def sweep(db: Database, files: Files) -> None:
    """Forget earlier contents that are too old or too many, with the files that only they needed."""
    async with db.chore("earlier contents of documents that are over") as tx:
        swept = await tx.all(
            _File,
            "select file_key from private.sweep_document_versions(%(kept)s, %(versions)s)",
            kept=KEPT,
            versions=VERSIONS,
        )
        await tx.run("select private.sweep_answer_versions(%(kept)s, %(versions)s)", kept=KEPT, versions=VERSIONS)
    for file in swept:
        files.forget(file.file_key)


@dataclass(frozen=True)
class _File:
    file_key: str

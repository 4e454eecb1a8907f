"""
What happens to a document after it was taken in: read, cut, indexed by keywords, then by meaning.

Keywords come first for everything that waits, because they cost a hundredth of an embedding: a large upload
can be asked about at once, and gets better while it is embedded.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

from trulybot.curated import service as curated
from trulybot.curated.errors import AnswersFull
from trulybot.documents import keywords, passage_queries
from trulybot.documents.embedding import embed_some
from trulybot.documents.files import Files
from trulybot.documents.models import Indexed, IndexedPassage, Waiting
from trulybot.documents.passages import cut
from trulybot.documents.reading import reader
from trulybot.documents.reading.models import Reading, ReadingError, Section
from trulybot.documents.service import MEDIA_TYPE_OF, TITLE_CHARACTERS
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.log import get_logger
from trulybot.llm.embeddings import Embedder

log = get_logger()

TEXTS_AT_ONCE = 50  # indexed in one transaction of a few tenths of a second
TURN_SECONDS = 20.0  # of one workspace, before the worker looks at the others again
ATTEMPTS = 2  # to index a document; what ends its reader, or us, twice is set aside
# These may be the machine's fault: the second reading decides, once the machine has had time to come to itself.
MAY_PASS = ("reader_crashed", "out_of_memory", "too_slow")
PAUSE_SECONDS = 30
TABLES = ("csv", "xlsx")  # may be lists of questions with their answers


async def ingest(
    db: Database, files: Files, embedder: Embedder, job: Identity, former: Sequence[Embedder] = ()
) -> bool:
    """
    Work through what waits in a workspace, for one turn. Answers with whether something still waits.

    Raises:
        EmbeddingsUnavailable: Everything is indexed by keywords, but the embedder does not answer. Come again.
    """
    until = time.monotonic() + TURN_SECONDS
    while time.monotonic() < until:
        if not (await _index_some(db, files, job) or await embed_some(db, embedder, former, job)):
            return False
    return True


async def _index_some(db: Database, files: Files, job: Identity) -> bool:
    async with db.workspace(job) as tx:
        waiting = await passage_queries.take_waiting(tx, TEXTS_AT_ONCE)
        for document in waiting:
            await tx.publish("document", document.id)
    if not waiting:
        return False
    if waiting[0].attempts > ATTEMPTS:
        await _give_up(db, job, waiting[0], ReadingError("reader_crashed"))
    elif waiting[0].file_key is not None:
        await _index_file(db, files, waiting[0], job)
    else:
        await _index_texts(db, waiting, job)
    return True


async def _index_texts(db: Database, documents: Sequence[Waiting], job: Identity) -> None:
    indexed = await asyncio.to_thread(_index_all, documents)
    empty = {one.id for one, passages in indexed if not passages}
    async with db.workspace(job) as tx:
        await passage_queries.swap_in(tx, [one for one, passages in indexed if passages])
    for document in documents:
        if document.id in empty:
            await _give_up(db, job, document, ReadingError("no_text"))


def _index_all(documents: Sequence[Waiting]) -> list[tuple[Indexed, list[IndexedPassage]]]:
    """The passages of each, cut and counted; plain computing, for a thread."""
    return [
        (_indexed(document, sections, None, document.media_type, passages), passages)
        for document in documents
        for sections in [[Section((), document.content or "")]]
        for passages in [list(_passages(document.title, sections))]
    ]


async def _index_file(db: Database, files: Files, document: Waiting, job: Identity) -> None:
    assert document.file_key is not None  # noqa: S101  (a file that was refused does not wait)
    try:
        reading = await reader.read(files.path(document.file_key), document.title, document.media_type)
    except ReadingError as error:
        await _could_not_read(db, document, error, job)
        return
    except FileNotFoundError:
        await _give_up(db, job, document, ReadingError("damaged_file", where="the file is not there"))
        return
    title = reading.title[:TITLE_CHARACTERS] if reading.title else None
    passages = _passages(title or document.title, reading.sections)
    indexed = _indexed(document, reading.sections, title, MEDIA_TYPE_OF[reading.kind], passages)
    try:
        async with db.workspace(job) as tx:
            if await passage_queries.swap_in(tx, [indexed]) and reading.kind in TABLES:
                await _keep_answers(tx, document, reading)
            await tx.publish("document", document.id)
    except AnswersFull:
        await _give_up(db, job, document, ReadingError("too_many_answers"))


async def _keep_answers(tx: Tx, document: Waiting, reading: Reading) -> None:
    """A list of questions answers like the owner's own words, besides being found like any text."""
    entries = [(one.question, one.alternatives, one.answer) for one in reading.answered]
    await curated.take_from(tx, document.id, entries)


async def _could_not_read(db: Database, document: Waiting, error: ReadingError, job: Identity) -> None:
    if error.code not in MAY_PASS or document.attempts >= ATTEMPTS:
        await _give_up(db, job, document, error)
        return
    log.warning("document.read_again", document_id=str(document.id), code=error.code, where=error.where)
    async with db.workspace(job) as tx:
        await passage_queries.wait(tx, document, PAUSE_SECONDS)
        await tx.enqueue_later("documents.read_again", PAUSE_SECONDS, queue="ingest")


async def _give_up(db: Database, job: Identity, document: Waiting, error: ReadingError) -> None:
    log.info("document.failed", document_id=str(document.id), code=error.code, where=error.where)
    async with db.workspace(job) as tx:
        await passage_queries.fail(tx, document, error.code, error.message)
        await tx.publish("document", document.id)


def _indexed(
    document: Waiting,
    sections: Sequence[Section],
    title: str | None,
    media_type: str,
    passages: Iterable[IndexedPassage],
) -> Indexed:
    content = "\n\n".join(section.text for section in sections)
    return Indexed(document.id, document.content_hash, title, content, media_type, passages)


def _passages(title: str, sections: Sequence[Section]) -> Iterator[IndexedPassage]:
    """Cut into passages, and count their terms, one at a time."""
    for passage in cut(sections):
        heading = _below(title, passage.heading)
        terms = keywords.weights(title, heading, passage.text)
        yield IndexedPassage(
            id=uuid7(),
            ordinal=passage.ordinal,
            page=passage.page,
            heading=heading,
            text=passage.text,
            terms=terms,
            length=keywords.length(terms),
        )


def _below(title: str, heading: str) -> str:
    """The path of headings without the title, which many a document repeats as its first heading."""
    return heading.removeprefix(title).removeprefix(" › ") if heading.partition(" › ")[0] == title else heading

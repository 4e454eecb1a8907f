"""
What is done for a workspace behind new uploads, so that its search stays fast as it grows and of one model.

Where passages are many, the commonest terms are counted and the vectors stand in an index; a small workspace has
neither. When the settings name another embedding model, every passage gets a vector of that one beside the old one,
which goes on answering; when all are there, one transaction changes over, and the old ones go. Each step is small and
leaves everything right, so being ended between two of them costs nothing but time.
"""

import asyncio
import time
from collections.abc import Sequence

from trulybot.documents import passage_queries
from trulybot.documents import tending_queries as queries
from trulybot.documents.embedding import PASSAGES_AT_ONCE, embed, read_headlines
from trulybot.documents.passage_queries import INDEXED
from trulybot.documents.tending_queries import FIRST
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.log import get_logger
from trulybot.llm.embeddings import Embedder

log = get_logger()

# Passages: from so many on, and below so many no more. Common terms are counted in advance where counting them for each
# question takes longer than the search.
COUNTED = (8_000, 5_000)
# All vectors are compared up to where the index is as quick: 30,000 take 25 ms. In an index that holds a site's large
# workspaces the walk to a small one's is long, twice what comparing ten thousand takes.
INDEXED_FROM = (30_000, 20_000)
GROWN = 0.1  # by so much more or less, and the terms are counted anew
COMMON_TERM = 1_000  # passages that hold it: fewer are counted when they are asked for
MOVED_AT_ONCE = 200  # vectors put into the index in one transaction: some tenths of a second
REMOVED_AT_ONCE = 1_000
HEADLINES_AT_ONCE = 100  # read in one go: half a second
TURN_SECONDS = 20.0  # of one workspace, before the next one's
LOOK_SECONDS = 1.0  # until we look again whether new documents still wait


async def tend(db: Database, embedder: Embedder, former: Sequence[Embedder], job: Identity) -> bool:
    """
    Bring a workspace's indexes on, for one turn. Answers with whether something is left to do.

    Raises:
        EmbeddingsUnavailable: Come again.
    """
    until = time.monotonic() + TURN_SECONDS
    await _count_terms(db, job)
    return not (
        await _index(db, job, until)
        and await _embed_anew(db, embedder, former, job, until)
        and await _read_headlines(db, embedder, job, until)
        and await _forget_others(db, embedder, job, until)
    )


async def queue_after_ingestion(tx: Tx) -> None:
    """A large workspace that has grown is tended once its new documents are through."""
    if (await queries.state(tx)).passages >= COUNTED[0]:
        await tx.enqueue("documents.tend", queue="tend", lock=f"tend:{tx.workspace_id}")


async def _count_terms(db: Database, job: Identity) -> None:
    async with db.workspace(job) as tx:
        now = await queries.state(tx)
        if now.passages >= COUNTED[0] and abs(now.passages - now.counted) > GROWN * now.passages:
            await queries.count_terms(tx, least=COMMON_TERM)
        elif now.passages < COUNTED[1] and now.counted:
            await queries.forget_terms(tx)


async def _index(db: Database, job: Identity, until: float) -> bool:
    """Whether the vectors stand where they should."""
    async with db.workspace(job) as tx:
        now = await queries.state(tx)
        large = now.passages >= INDEXED_FROM[now.indexing != "none"]
        wanted = now.dimensions if large and now.dimensions in INDEXED else 0
        if not wanted and now.indexing == "none":
            return True
        if wanted and now.indexing == "none":
            await queries.set_indexing(tx, "growing")
        elif not wanted:
            await queries.set_indexing(tx, "none")  # first, so that nobody looks where something is missing
    after = FIRST
    while time.monotonic() < until:
        async with db.workspace(job) as tx:
            last = await queries.index(tx, dimensions=wanted or 0, limit=MOVED_AT_ONCE, after=after)
            if last is None:
                if wanted and now.indexing != "whole":
                    await queries.set_indexing(tx, "whole")
                    log.info("vectors.indexed", workspace_id=str(job.workspace_id), passages=now.passages)
                return True
            after = last
    return False


async def _embed_anew(
    db: Database, embedder: Embedder, former: Sequence[Embedder], job: Identity, until: float
) -> bool:
    """Whether the vectors of the model of the settings answer."""
    async with db.workspace(job) as tx:
        answering = (await queries.state(tx)).embedding_model
        if answering in (None, embedder.model):
            return True
        if answering not in [one.model for one in former]:
            # No question can be compared with the old vectors any more, so there is nothing to wait for.
            await passage_queries.answer_with(tx, embedder.model)
            await _embed_the_rest(tx)
            log.warning("embedding.changed_at_once", workspace_id=str(job.workspace_id), before=answering)
            return True
    after, embedded = FIRST, 0
    while time.monotonic() < until:
        if await _documents_wait(db):
            await asyncio.sleep(LOOK_SECONDS)
            continue
        async with db.workspace(job) as tx:
            passages = await queries.without(tx, embedder.model, limit=PASSAGES_AT_ONCE, after=after)
            if not passages:
                await passage_queries.answer_with(tx, embedder.model)
                await _embed_the_rest(tx)
                log.info("embedding.changed", workspace_id=str(job.workspace_id), before=answering)
                return True
        await embed(db, embedder, passages, job)
        after, embedded = passages[-1].id, embedded + len(passages)
    log.info("embedding.anew", workspace_id=str(job.workspace_id), passages=embedded)
    return False


async def _read_headlines(db: Database, embedder: Embedder, job: Identity, until: float) -> bool:
    """Whether every headline has its English vector, also of passages from before there was such a model."""
    if embedder.english is None:
        return True
    while time.monotonic() < until:
        async with db.workspace(job) as tx:
            passages = await queries.without_english(tx, embedder.model, limit=HEADLINES_AT_ONCE)
        if not passages:
            return True
        if await _documents_wait(db):
            await asyncio.sleep(LOOK_SECONDS)
            continue
        vectors = await read_headlines(embedder, passages)
        async with db.workspace(job) as tx:
            await queries.give_english(tx, embedder.model, vectors)
    return False


async def _embed_the_rest(tx: Tx) -> None:
    """What came in meanwhile and has no vector yet gets one."""
    await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{tx.workspace_id}")


async def _documents_wait(db: Database) -> bool:
    async with db.chore("whether new documents wait") as tx:
        return bool(await tx.value("select private.documents_wait()"))


async def _forget_others(db: Database, embedder: Embedder, job: Identity, until: float) -> bool:
    """Whether no vectors are left of a model that answers no more."""
    while time.monotonic() < until:
        async with db.workspace(job) as tx:
            if not await queries.forget_others(tx, embedder.model, limit=REMOVED_AT_ONCE):
                return True
    return False


async def queue_what_is_due(db: Database, model: str, *, english: bool = False) -> list[str]:
    """
    Queue the tending of every workspace that needs it. Answers with the models that answer in any.

    english: whether a model that knows English alone stands beside the one of the settings.

    The owner's own answers do not wait until the passages have changed over: questions are compared with them by the
    model of the settings alone.
    """
    async with db.chore("workspaces to tend") as tx:
        queued = await tx.value(
            "select private.queue_tending(%(models)s, %(counted)s::bigint[], %(indexed)s::bigint[])",
            models=[model],
            counted=list(COUNTED),
            indexed=list(INDEXED_FROM),
        )
        rephrased = await tx.value("select private.queue_phrasings(%(models)s)", models=[model])
        if english:
            queued += await tx.value("select private.queue_english(%(model)s)", model=model)
        models: list[str] = await tx.value("select array(select private.answering_models())")
    if queued or rephrased:
        log.info("workspaces.to_tend", count=queued, answers=rephrased)
    return models

"""
A run through a source: visit its pages one after the other, take in what is new, take out what is gone.

What is to be done stands in the database, never in memory: a run that was stopped in the middle is gone on with by
whoever takes it up, and a page that is visited twice is the same document.
"""

import asyncio
import time
from collections.abc import Sequence

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.documents import held as held_documents
from trulybot.documents import service as documents
from trulybot.documents.files import Files
from trulybot.documents.models import Failure
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import SOURCE_PAGES, SOURCE_RUNS
from trulybot.knowledge.gate import is_gated
from trulybot.sources import queries as source_queries
from trulybot.sources import run_queries as queries
from trulybot.sources.fetching import links, robots, urls
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.sources.fetching.models import PASSING, FetchError
from trulybot.sources.models import KnownPage, Run
from trulybot.sources.visiting import Outcome, crashed, visit

log = get_logger()
clock = time.monotonic

TURN_SECONDS = 60.0  # of one workspace, before the worker looks at the others again
DEPTH = 10  # links from the start; a help centre has four
FOUND_TIMES = 10  # so many pages are noted for each that may be taken in; calendars would be endless
FETCHES_TIMES = 3  # so many are fetched for each that may be taken in
SITEMAPS_READ = 50  # of an index
RUN_BYTES = 500 * 1024**2
RUN_SECONDS = 6 * 3600
VISITS = 2  # of a page, when a fault of ours ends the first
DOWN_AFTER = 5  # pages in a row that did not answer: the site is down, and what we knew of it stays
DOWN = ("unreachable", "too_slow", "not_resolved", "tls_failed", "server_error", "too_often")

# A run that failed for a reason that may pass is tried again after so long, then the source is paused.
AGAIN_IN = ("10 minutes", "1 hour", "6 hours", "1 day")


async def sync(db: Database, files: Files, fetcher: Fetcher, job: Identity) -> bool:
    """Work through the sources of a workspace that wait, for one turn. Answers with whether something still waits."""
    until = clock() + TURN_SECONDS
    fetcher = fetcher.on_behalf_of(job.workspace_id)
    while clock() < until:
        async with db.workspace(job) as tx:
            run = await queries.take_up(tx)
            if run is not None:
                await tx.publish("source", run.id)
        if run is None:
            return False
        try:
            await _Turn(db, files, fetcher, job, run, until).go_on()
        except FetchError as error:
            await _fail(db, job, run, Failure(error.code, error.message))
    return True


class _Turn:
    """As much of a run as fits into a turn."""

    def __init__(self, db: Database, files: Files, fetcher: Fetcher, job: Identity, run: Run, until: float) -> None:
        self.db, self.files, self.fetcher, self.job, self.run, self.until = db, files, fetcher, job, run, until
        self.fetches, self.fetched_bytes = run.fetches, run.fetched_bytes
        self.sitemaps = run.sitemaps
        self.down = 0

    async def go_on(self) -> None:
        """
        Raises:
            FetchError: The source itself cannot be read, or its site is down.
        """
        rules = await robots.rules_of(self.fetcher, self.run.url)
        await self._begin()
        while clock() < self.until:
            if self.sitemaps:
                if not await self._read_sitemap(self.sitemaps[0], rules):
                    return
                continue
            async with self.db.workspace(self.job) as tx:
                page = await queries.next_page(tx, self.run)
                good = (await queries.progress(tx, self.run)).good
            if page is None or good >= self.run.max_pages:
                await self._end(complete=True)
                return
            if self._costs_too_much():
                await self._end(complete=False)
                return
            if not await self._visit(page, rules):
                return

    async def _begin(self) -> None:
        """Note where the run begins, once: its page. What a sitemap lists is read by and by."""
        if self.run.kind == "sitemap":
            return
        async with self.db.workspace(self.job) as tx:
            if (await queries.progress(tx, self.run)).seen == 0 and await queries.hold(tx, self.run):
                await queries.see(tx, self.run, [self.run.url], depth=0, most=self._most_found)

    async def _read_sitemap(self, url: str, rules: robots.Rules) -> bool:
        """
        Note the pages of one sitemap, and the sitemaps of an index. False when the run is over meanwhile.

        Raises:
            FetchError: It cannot be read, or was the last and there is no page in any.
        """
        await asyncio.sleep(await self._seconds_until_visit(url, rules))
        listed = await links.of_sitemap(self.fetcher, url, self.run.url)
        further = listed.sitemaps if url == self.run.url else ()  # an index of indexes is none
        left = [*self.sitemaps[1:], *(one for one in further if one != url)][:SITEMAPS_READ]
        self.fetched_bytes += listed.bytes
        async with self.db.workspace(self.job) as tx:
            if not await queries.hold(tx, self.run, fetched_bytes=listed.bytes):
                return False
            await queries.see(tx, self.run, listed.pages[: self._most_found], depth=0, most=self._most_found)
            seen = (await queries.progress(tx, self.run)).seen
            self.sitemaps = left if seen < self._most_found else []
            await queries.leave_sitemaps(tx, self.run, self.sitemaps)
            await tx.publish("source", self.run.id)
        if not self.sitemaps and not seen:
            raise FetchError("not_a_sitemap")
        return True

    async def _visit(self, page: KnownPage, rules: robots.Rules) -> bool:
        """
        Visit a page and keep what came of it. False when the run is over meanwhile.

        A fault of ours is given a second visit, then the run goes on without the page.
        """
        for _ in range(VISITS):
            wait = await self._seconds_until_visit(page.url, rules)
            await asyncio.sleep(wait)
            try:
                outcome = await visit(self.fetcher, self.files, self.run, page, rules, self.job)
                held = await self._note(page, outcome)
            except Exception:
                log.error("source.page_failed", source_id=str(self.run.id), page_id=str(page.id), exc_info=True)
                continue
            break
        else:
            outcome = crashed()
            held = await self._note(page, outcome)
        SOURCE_PAGES.labels(outcome.visit.state).inc()
        self._see_whether_down(page, outcome)
        return held

    async def _note(self, page: KnownPage, outcome: Outcome) -> bool:
        """Write down what came of a visit, and what it has cost. False when the run is over meanwhile."""
        self.fetches += outcome.fetches
        self.fetched_bytes += outcome.fetched_bytes
        try:
            async with self.db.workspace(self.job) as tx:
                cost = {"fetches": outcome.fetches, "fetched_bytes": outcome.fetched_bytes}
                held = await queries.hold(tx, self.run, **cost)
                unused = await self._keep(tx, page, outcome) if held else outcome.file_keys
        except BaseException:
            documents.forget_files(self.files, outcome.file_keys)
            raise
        documents.forget_files(self.files, unused)
        return held

    async def _keep(self, tx: Tx, page: KnownPage, outcome: Outcome) -> Sequence[str | None]:
        """Write down what came of a visit. Answers with the files that nothing needs."""
        visit, unused, holds = outcome.visit, list[str | None](), await is_gated(tx)
        if outcome.document is not None and holds and visit.state == "unchanged" and page.document_id is not None:
            # What is held, or was withdrawn, is not brought again before the page changes.
            await queries.mark(tx, self.run, page.id, visit)
            unused = outcome.file_keys
        elif outcome.document is not None:
            added = await documents.keep(tx, [outcome.document], created_by=None, held=holds)
            unused, document_id = added.unused_files, await held_documents.in_whose_place(tx, added.documents[0])
            if page.document_id not in (None, document_id):  # it forwards to another page than before
                await self._take_out(tx, await queries.of_page(tx, page.id))
            await queries.keep(tx, self.run, page.id, visit, document_id)
        else:
            if outcome.gone:
                await self._take_out(tx, await queries.of_page(tx, page.id))
            await queries.mark(tx, self.run, page.id, visit)
        if self.run.kind != "page" and page.depth < DEPTH:
            await queries.see(tx, self.run, outcome.links, depth=page.depth + 1, most=self._most_found)
        await tx.publish("source", self.run.id)
        return unused

    async def _take_out(self, tx: Tx, held: Sequence[queries.Held]) -> None:
        await documents.take_out(tx, [one.document_id for one in held if not one.shared])
        await queries.unlink(tx, [one.id for one in held])
        await queries.count_removed(tx, self.run, len(held))

    async def _end(self, *, complete: bool) -> None:
        """
        The run is through. What a complete one did not come by is gone; an incomplete one cannot know.

        Raises:
            FetchError: Nothing at all is known from the source.
        """
        async with self.db.workspace(self.job) as tx:
            if not await queries.hold(tx, self.run):
                return
            if complete:
                await self._take_out(tx, await queries.vanished(tx, self.run))
                await queries.forget_unseen(tx, self.run)
            known = await queries.knows_anything(tx, self.run)
            why = None if known else await queries.commonest_failure(tx, self.run)
            if known:
                again_in = queries.every(self.run.refresh)
                await queries.end(
                    tx, self.run, state="ready", error=None, failures=0, again_in=again_in, succeeded=True
                )
                await _try_what_is_held(tx)
                await tx.publish("source", self.run.id)
                counts = (await source_queries.get(tx, self.run.id)).pages
                await audit.record(
                    tx,
                    Action.SOURCE_SYNCED,
                    by=None,
                    subject=self.run.id,
                    taken_in=counts.taken_in,
                    removed=counts.removed,
                )
        if not known:
            raise FetchError(why.code if why is not None else "no_text")
        SOURCE_RUNS.labels("ready").inc()
        log.info("source.synced", source_id=str(self.run.id), run=self.run.number, complete=complete)

    async def _seconds_until_visit(self, url: str, rules: robots.Rules) -> float:
        async with self.db.chore("a turn at a host") as tx:
            seconds = await tx.value(
                "select private.seconds_until_visit(%(host)s, %(delay)s)",
                host=urls.host(url),
                delay=rules.delay_seconds,
            )
        return float(seconds)

    def _see_whether_down(self, page: KnownPage, outcome: Outcome) -> None:
        """
        Raises:
            FetchError: The first page failed, or so many in a row that the others would too.
        """
        error = outcome.visit.error
        self.down = self.down + 1 if error is not None and error.code in DOWN else 0
        starts = page.depth == 0 and self.run.kind != "sitemap" and page.url == self.run.url
        if error is not None and outcome.visit.state == "failed" and (starts or self.down >= DOWN_AFTER):
            raise FetchError(error.code)

    def _costs_too_much(self) -> bool:
        age = time.time() - self.run.began_at.timestamp()
        most_fetches = FETCHES_TIMES * self.run.max_pages + DOWN_AFTER
        return self.fetches >= most_fetches or self.fetched_bytes >= RUN_BYTES or age >= RUN_SECONDS

    @property
    def _most_found(self) -> int:
        return self.run.max_pages * FOUND_TIMES


async def _fail(db: Database, job: Identity, run: Run, error: Failure) -> None:
    """A run did not get through: what is known stays, and the source comes again later, or is paused."""
    failures = run.failures + 1
    again_in = queries.every(run.refresh)
    if error.code in PASSING:
        again_in = AGAIN_IN[failures - 1] if failures <= len(AGAIN_IN) else None
    paused = failures > len(AGAIN_IN) and (error.code in PASSING or run.refresh != "never")
    async with db.workspace(job) as tx:
        if not await queries.hold(tx, run):
            return
        state = "paused" if paused else "failed"
        again_in = None if paused else again_in
        await queries.end(tx, run, state=state, error=error, failures=failures, again_in=again_in, succeeded=False)
        await _try_what_is_held(tx)
        await tx.publish("source", run.id)
        await audit.record(tx, Action.SOURCE_FAILED, by=None, subject=run.id, code=error.code)
    SOURCE_RUNS.labels(state).inc()
    log.info("source.failed", source_id=str(run.id), run=run.number, code=error.code)


async def _try_what_is_held(tx: Tx) -> None:
    """The publish gate waits until a run is over, since each page more would be another change to try."""
    if await is_gated(tx):
        await tx.enqueue("evaluation.begin")

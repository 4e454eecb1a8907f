"""
Searches beside how much a workspace holds: 100 to 200,000 passages, and a thousand workspaces beside each other.

All stand in one database at once, as a site's workspaces do. Of what is measured everything is the product's own:
schema, policies, login, SQL, and the worker that counts the terms of the large ones and puts their index to use.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np
import psutil

from bench import corpus
from bench.beneath import Sql, Statement
from bench.bulk import TABLES, Bulk, bulk, fill, neighbour, without_indexes
from bench.product import Product, running
from bench.timing import in_turn, timed
from trulybot.answers.language import detect
from trulybot.answers.usual import particular
from trulybot.documents.tending import COUNTED, INDEXED_FROM
from trulybot.evaluation.server import CannotMeasure, Workspace
from trulybot.evaluation.table import show
from trulybot.llm import e5

SIZES = (100, 1_000, 10_000, 200_000)
NEIGHBOURS, OF_A_NEIGHBOUR = 1_000, 100  # workspaces side by side, and passages of each
QUESTIONS = 60
LOOK_SECONDS = 0.2
TEND_SECONDS = 300.0
MEGABYTE = 1_000_000
HEAD = ("passages", "search p50", "p95", "one core", "SQL alone p50", "ratio", "recall@10", "aim")
AIM = "p95 < 100 ms, recall ≥ .98"


@dataclass(frozen=True)
class Full:
    """A workspace with so many passages."""

    workspace: Workspace
    passages: int


def run(port: int, sizes: Sequence[int] = SIZES) -> None:
    with TemporaryDirectory(prefix="trulybot-bench-") as place:
        Path(place).chmod(0o711)  # PostgreSQL runs as another user when we are root
        with running(Path(place) / "data", port) as product:
            rows = bulk(product)
            full, told = filled(product, rows, sizes)
            show(HEAD, [_row(product, rows, one) for one in full])
            print("\n".join([*told, *_bytes(rows)]))
    load = " ".join(f"{one / (psutil.cpu_count() or 1):.1f}" for one in psutil.getloadavg())
    print(f"load a core, over 1, 5 and 15 minutes: {load}")


def filled(product: Product, rows: Bulk, sizes: Sequence[int]) -> tuple[list[Full], list[str]]:
    """Workspaces of these sizes, with their neighbours, and what it took to make them."""
    full = [Full(product.workspace(f"{size} passages"), size) for size in sizes]
    began = time.perf_counter()
    with without_indexes(rows):
        for one in full:
            fill(rows, one.workspace.id, one.passages)
        for _ in range(NEIGHBOURS):
            neighbour(rows, OF_A_NEIGHBOUR)
        seconds = time.perf_counter() - began
    count = sum(sizes) + NEIGHBOURS * OF_A_NEIGHBOUR
    told = [
        f"{count:,} passages put in: {seconds:.0f} s",
        *(f"{name}: {took:.0f} s" for name, took in rows.seconds.items()),
    ]
    told += [
        f"{one.passages:,} passages tended: {timed(_tend, rows, one):.0f} s"
        for one in full
        if one.passages >= COUNTED[0]
    ]
    return full, told


def _row(product: Product, rows: Bulk, full: Full) -> Sequence[str]:
    database = Sql(product, full.workspace)
    questions = corpus.questions(QUESTIONS)
    asked, statements = database.ask(questions), database.statements(questions)
    ours, alone = in_turn(
        QUESTIONS,
        lambda number: database.find(asked[number % QUESTIONS]),
        lambda number: database.run(statements[number % QUESTIONS]),
    )
    p50, p95 = ours.median, np.percentile(ours.milliseconds, 95)
    return (
        f"{full.passages:,}",
        f"{p50:.1f} ms",
        f"{p95:.1f} ms",
        f"{_one_core(database, statements):.1f} ms",
        f"{alone.median:.1f} ms",
        f"{p50 / alone.median:.2f}",
        f"{_recall(rows, full.workspace.id, database):.3f}",
        AIM,
    )


def _one_core(database: Sql, statements: Sequence[Sequence[Statement]]) -> float:
    """Milliseconds of a processor that PostgreSQL takes for a search, however much else the machine does."""
    before = database.processor_seconds()
    for one in statements:
        database.run(one)
    return (database.processor_seconds() - before) * 1000 / len(statements)


def _recall(rows: Bulk, workspace_id: UUID, database: Sql) -> float:
    """How many of the ten nearest passages, found by comparing all, are among what the search looked at."""
    held = []
    for question in database.ask(corpus.questions(QUESTIONS)):
        assert question.vector is not None
        vector = particular(question.vector, detect(question.text), e5.MODEL)
        seen = {passage.passage_id for passage in database.find(question).passages}
        nearest = rows.connection.execute(
            """
            select passage_id from passage_vectors
             where workspace_id = %s order by embedding <=> %s::halfvec limit 10
            """,
            (workspace_id, str(list(vector))),
        ).fetchall()
        held.append(len({row[0] for row in nearest} & seen) / len(nearest))
    return float(np.mean(held))


def _tend(rows: Bulk, full: Full) -> None:
    """Have the worker tend the workspace, as it does after an upload, and wait until it is through."""
    rows.connection.execute(
        """
        insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
        values ('tend', 'documents.tend', 'tend:' || %s::text, jsonb_build_object('workspace_id', %s::text))
        """,
        (str(full.workspace.id), str(full.workspace.id)),
    )
    deadline = time.monotonic() + TEND_SECONDS
    while rows.connection.execute("select id from queue.procrastinate_jobs where queue_name = 'tend'").fetchone():
        if time.monotonic() > deadline:
            raise CannotMeasure(f"the worker did not come through in {TEND_SECONDS:.0f} s")
        time.sleep(LOOK_SECONDS)
    state = rows.connection.execute(
        "select indexing, counted > 0 from knowledge where workspace_id = %s", (full.workspace.id,)
    )
    if state.fetchone() != ("whole" if full.passages >= INDEXED_FROM[0] else "none", True):
        raise CannotMeasure("the worker did not count the words, or put the index to use")


def _bytes(rows: Bulk) -> Iterator[str]:
    for table in TABLES:
        size = rows.connection.execute(
            "select pg_table_size(%(table)s::regclass), pg_indexes_size(%(table)s::regclass)", {"table": table}
        ).fetchone() or (0, 0)
        yield f"{table}: {size[0] / MEGABYTE:,.0f} MB, and {size[1] / MEGABYTE:,.0f} MB of indexes"

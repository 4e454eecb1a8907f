"""
Searches beside how much a workspace holds: 100 to 200,000 passages, and a thousand workspaces side by side.

The passages are made up and their vectors mixed from those that our embedder gives to real texts of the corpus, since
embedding 200,000 would take hours: two of them in changing parts and some noise, which keeps the narrow cone that
this model's vectors lie in, and its clusters. Everything else is the product's own: schema, policies, login, SQL.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from bench import corpus
from bench.beneath import Sql
from bench.product import SECRET_KEY, Product, running
from bench.timing import timed
from trulybot.answers.language import detect
from trulybot.answers.usual import particular
from trulybot.documents import keywords
from trulybot.evaluation.server import Workspace
from trulybot.evaluation.table import show
from trulybot.kit.ids import uuid7
from trulybot.llm import e5
from trulybot.llm.embeddings import OpenAIEmbedder
from trulybot.operations.embedded import SUPERUSER
from trulybot.settings import login_password

SIZES = (100, 1_000, 10_000, 200_000)
NEIGHBOURS, OF_A_NEIGHBOUR = 1_000, 100  # workspaces side by side, and passages of each
REAL = 600  # texts that are really embedded
QUESTIONS = 60
WORDS = 100_000  # that nobody knows, as a large collection's names and numbers; one in k as often as the first
NOISE = 0.01
LOOK_SECONDS = 0.2
HEAD = ("passages", "filled", "indexed", "bytes", "search p50", "p95", "SQL alone p50", "ratio", "recall@10", "aim")

Vectors = Any


@dataclass(frozen=True)
class Made:
    """Real vectors to mix from, questions with theirs, and a superuser's connection to put rows in by."""

    vectors: Vectors
    questions: Sequence[str]
    connection: "psycopg.Connection[Any]"
    chance: "np.random.Generator"


def run(port: int, sizes: Sequence[int] = SIZES) -> None:
    with TemporaryDirectory(prefix="trulybot-bench-") as place:
        Path(place).chmod(0o711)  # PostgreSQL runs as another user when we are root
        with running(Path(place) / "data", port) as product:
            made = _made(product)
            rows = [_measured(product, made, size) for size in sizes]
            show(HEAD, [*rows, _side_by_side(product, made)])


def _made(product: Product) -> Made:
    async def embed() -> Vectors:
        embedder = OpenAIEmbedder.local(product.data / "embedder.sock")
        texts = [f"{one['title']}\n{one['text']}" for one in corpus.documents(REAL)]
        vectors = await embedder.embed_passages(texts)
        await embedder.close()
        return np.array(vectors, np.float32)

    connection = psycopg.connect(_url(product, SUPERUSER), autocommit=True, options="-c search_path=public,extensions")
    return Made(asyncio.run(embed()), corpus.questions(QUESTIONS), connection, np.random.default_rng(corpus.SEED))


def _url(product: Product, login: str) -> str:
    password = login_password(SECRET_KEY, login)
    return f"postgresql://{login}:{password}@/trulybot?host={product.data / 'postgres'}"


def _measured(product: Product, made: Made, size: int) -> Sequence[str]:
    workspace = product.workspace(f"{size} passages")
    filled = timed(_fill, made, workspace.id, size)
    indexed = timed(_tend, made, workspace.id)
    made.connection.execute("vacuum analyze passages, passage_terms, passage_vectors, documents")
    return _row(f"{size:,}", product, made, workspace, f"{filled:.0f} s", f"{indexed:.0f} s")


def _side_by_side(product: Product, made: Made) -> Sequence[str]:
    began = time.perf_counter()
    for _ in range(NEIGHBOURS):
        workspace_id = uuid7()
        made.connection.execute(
            "insert into workspaces (id, name, slug, bot_key) values (%s, 'One of many', %s, %s)",
            (workspace_id, str(workspace_id), str(workspace_id)),
        )
        made.connection.execute("insert into knowledge (workspace_id) values (%s)", (workspace_id,))
        _fill(made, workspace_id, OF_A_NEIGHBOUR)
    workspace = product.workspace("among many")
    _fill(made, workspace.id, OF_A_NEIGHBOUR)
    filled = time.perf_counter() - began
    made.connection.execute("vacuum analyze passages, passage_terms, passage_vectors, documents")
    return _row(f"{NEIGHBOURS:,} × {OF_A_NEIGHBOUR}", product, made, workspace, f"{filled:.0f} s", "")


def _row(what: str, product: Product, made: Made, workspace: Workspace, filled: str, indexed: str) -> Sequence[str]:
    sql = Sql(product, workspace)
    asked, statements = sql.ask(made.questions), sql.statements(made.questions)
    ours, alone = [], []
    for question, queries in zip(asked, statements, strict=True):
        ours.append(timed(sql.find, question) * 1000)
        alone.append(timed(sql.run, queries) * 1000)
    p50, p95, beneath = np.percentile(ours, 50), np.percentile(ours, 95), np.percentile(alone, 50)
    return (
        what,
        filled,
        indexed,
        f"{_bytes(made) / 1e6:,.0f} MB",
        f"{p50:.1f} ms",
        f"{p95:.1f} ms",
        f"{beneath:.1f} ms",
        f"{p50 / beneath:.1f}",
        f"{_recall(made, workspace.id, sql):.3f}",
        "p95 < 100 ms, recall ≥ .98",
    )


def _bytes(made: Made) -> int:
    """Of passages, words and vectors with their indexes, of all workspaces so far."""
    tables = ("passages", "passage_terms", "passage_vectors")
    rows = made.connection.execute(
        "select sum(pg_total_relation_size(name::regclass)) from unnest(%s::text[]) name", (list(tables),)
    )
    return int((rows.fetchone() or (0,))[0])


def _recall(made: Made, workspace_id: UUID, sql: Sql) -> float:
    """How many of the ten nearest passages are among what the search looked at."""
    held = []
    for question in sql.ask(made.questions):
        assert question.vector is not None
        vector = particular(question.vector, detect(question.text), e5.MODEL)
        seen = {passage.passage_id for passage in sql.find(question).passages}
        nearest = made.connection.execute(
            """
            select passage_id from passage_vectors
             where workspace_id = %s order by embedding <=> %s::halfvec limit 10
            """,
            (workspace_id, str(list(vector))),
        ).fetchall()
        held.append(len({row[0] for row in nearest} & seen) / len(nearest))
    return float(np.mean(held))


def _tend(made: Made, workspace_id: UUID) -> None:
    """Have the worker tend the workspace, as it does after an upload, and wait until it is through."""
    made.connection.execute(
        """
        insert into queue.procrastinate_jobs (queue_name, task_name, lock, args)
        values ('tend', 'documents.tend', 'tend:' || %s::text, jsonb_build_object('workspace_id', %s::text))
        """,
        (str(workspace_id), str(workspace_id)),
    )
    while (
        made.connection.execute("select from queue.procrastinate_jobs where queue_name = 'tend'").fetchone() is not None
    ):
        time.sleep(LOOK_SECONDS)


def _fill(made: Made, workspace_id: UUID, size: int) -> None:
    document_id, ids, length = uuid7(), [uuid7() for _ in range(size)], 0
    dice = random.Random(workspace_id.int)
    texts = list(_texts(made, size, dice))
    with made.connection.transaction(), made.connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(
            """
            insert into documents (workspace_id, id, title, source, content_hash, media_type, bytes, status, passages,
                                   indexed)
            values (%s, %s, 'Help', 'text', %s, 'text/plain', 1, 'ready', %s, true)
            """,
            (workspace_id, document_id, document_id.bytes, size),
        )
        with cursor.copy("copy passages (workspace_id, id, document_id, ordinal, length, text) from stdin") as rows:
            for place, (id, (text, terms)) in enumerate(zip(ids, texts, strict=True)):
                rows.write_row((workspace_id, id, document_id, place, keywords.length(terms), text))
                length += keywords.length(terms)
        with cursor.copy("copy passage_terms (workspace_id, term, passage_id, frequency, length) from stdin") as rows:
            for id, (_text, terms) in zip(ids, texts, strict=True):
                for term, often in terms.items():
                    rows.write_row((workspace_id, term, id, often, keywords.length(terms)))
        with cursor.copy("copy passage_vectors (workspace_id, passage_id, model, embedding) from stdin") as rows:
            for id, vector in zip(ids, _vectors(made, size), strict=True):
                rows.write_row((workspace_id, id, e5.MODEL, "[" + ",".join(f"{one:.5g}" for one in vector) + "]"))
        cursor.execute(
            "update knowledge set passages = %s, terms = %s, embedding_model = %s where workspace_id = %s",
            (size, length, e5.MODEL, workspace_id),
        )


def _texts(made: Made, size: int, dice: random.Random) -> Iterator[tuple[str, dict[str, float]]]:
    shares = 1 / np.arange(1, WORDS + 1)
    words = iter(made.chance.choice(WORDS, 5 * size, p=shares / shares.sum()))
    for document in corpus.documents(size, seed=dice.randrange(1 << 30)):
        text = f"{document['text']} {' '.join(f'item{number}' for number in islice(words, 5))}"
        yield text, keywords.weights(document["title"], "", text)


def _vectors(made: Made, size: int) -> Iterator[Any]:
    for _ in range(size):
        one, other = made.vectors[made.chance.integers(REAL, size=2)]
        share = made.chance.uniform(0.5, 1)
        mixed = share * one + (1 - share) * other + NOISE * made.chance.standard_normal(len(one))
        yield mixed / np.linalg.norm(mixed)

"""
Many passages put into a running product at once, in the form that the product itself gives them.

They are made up, and their vectors mixed from those that our embedder gives to real texts of the corpus, since
embedding 200,000 would take hours: two of them in changing parts and some noise, which keeps the narrow cone that
this model's vectors lie in, and its clusters. Rows go in by COPY, and the indexes are built when all are there; a
superuser does both, since row security and checks of every row's references would take most of the time.
"""

import asyncio
import random
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import psycopg
from psycopg import sql
from psycopg.types.numeric import Int2

from bench import corpus
from bench.product import SECRET_KEY, Product
from bench.timing import timed
from trulybot.documents import keywords
from trulybot.documents.sentences import spoken_sentences
from trulybot.documents.tending import INDEXED_FROM
from trulybot.kit.ids import uuid7
from trulybot.llm import e5
from trulybot.llm.embeddings import OpenAIEmbedder
from trulybot.operations.embedded import SUPERUSER
from trulybot.settings import login_password

REAL = 400  # texts that are really embedded
WITH_SENTENCES = 60  # of them, whose sentences are too
WORDS = 100_000  # that nobody knows, as a large collection's names and numbers; one in k as often as the first
UNKNOWN = 5  # of them in each passage
NOISE = 0.01
AT_ONCE = 10_000  # passages made before they are sent
TABLES = ("passages", "passage_terms", "passage_vectors")
# What builds them is given more room than the product's sessions have: operators who move in do the same.
BUILDING = "-c search_path=public,extensions -c maintenance_work_mem=1GB -c session_replication_role=replica"

Vectors = Any


@dataclass
class Bulk:
    """
    A superuser's connection, and real vectors to mix from.

    sentences: those of some texts, as pgvector's bytes. seconds: what each index took to build.
    """

    connection: "psycopg.Connection[Any]"
    vectors: Vectors
    sentences: Sequence[bytes]
    chance: "np.random.Generator"
    seconds: dict[str, float] = field(default_factory=dict)


def bulk(product: Product) -> Bulk:
    password = login_password(SECRET_KEY, SUPERUSER)
    connection = psycopg.connect(
        f"postgresql://{SUPERUSER}:{password}@/trulybot?host={product.data / 'postgres'}",
        autocommit=True,
        options=BUILDING,
    )
    vectors, sentences = asyncio.run(_embedded(product))
    (halfvec,) = connection.execute("select 'halfvec'::regtype::oid::int").fetchone() or (0,)
    arrays = [_array([_bytes(one) for one in some], halfvec) for some in sentences]
    return Bulk(connection, vectors, arrays, np.random.default_rng(corpus.SEED))


async def _embedded(product: Product) -> tuple[Vectors, list[Vectors]]:
    embedder = OpenAIEmbedder.local(product.data / "embedder.sock")
    documents = corpus.documents(REAL)
    vectors = await embedder.embed_passages([f"{one['title']}\n{one['text']}" for one in documents])
    sentences = [
        np.array(await embedder.embed_passages(spoken_sentences(one["title"], "", one["text"])), np.float32)
        for one in documents[:WITH_SENTENCES]
    ]
    await embedder.close()
    return np.array(vectors, np.float32), sentences


@contextmanager
def without_indexes(bulk: Bulk) -> Iterator[None]:
    """Fill inside: afterwards the indexes of words and vectors are built, and everything is as if it had grown."""
    made = bulk.connection.execute(
        """
        select indexrelid::regclass::text,
               coalesce('alter table ' || indrelid::regclass || ' add primary key '
                        || nullif(replace(pg_get_constraintdef(c.oid), 'PRIMARY KEY', ''), ''),
                        pg_get_indexdef(indexrelid)),
               coalesce('alter table ' || indrelid::regclass || ' drop constraint ' || quote_ident(conname),
                        'drop index ' || indexrelid::regclass)
          from pg_index
          left join pg_constraint c on c.conindid = indexrelid and c.contype = 'p'
         where indrelid in ('passage_terms'::regclass, 'passage_vectors'::regclass)
        """
    ).fetchall()
    for _, _, drop in made:
        bulk.connection.execute(drop)
    yield
    for name, create, _ in made:
        bulk.seconds[name] = timed(bulk.connection.execute, create)
    for table in TABLES:
        bulk.connection.execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(table)))


def neighbour(bulk: Bulk, size: int) -> UUID:
    """A workspace that nobody has a key to, full."""
    workspace_id = uuid7()
    bulk.connection.execute(
        "insert into workspaces (id, name, slug, bot_key) values (%s, 'One of many', %s, %s)",
        (workspace_id, str(workspace_id), str(workspace_id)),
    )
    bulk.connection.execute("insert into knowledge (workspace_id) values (%s)", (workspace_id,))
    fill(bulk, workspace_id, size)
    return workspace_id


def fill(bulk: Bulk, workspace_id: UUID, size: int) -> None:
    document_id, total = uuid7(), 0
    bulk.connection.execute(
        """
        insert into documents (workspace_id, id, title, source, content_hash, media_type, bytes, status, passages,
                               indexed)
        values (%s, %s, 'Help', 'text', %s, 'text/plain', 1, 'ready', %s, true)
        """,
        (workspace_id, document_id, document_id.bytes, size),
    )
    # Vectors of a large workspace say at once that they stand in the index, which is built afterwards.
    indexed = Int2(e5.DIMENSIONS if size >= INDEXED_FROM[0] else 0)
    numbered = enumerate(_texts(bulk, size, random.Random(workspace_id.int)))
    while some := list(islice(numbered, AT_ONCE)):
        rows = [(uuid7(), place, text, terms, keywords.length(terms)) for place, (text, terms) in some]
        total += sum(length for *_, length in rows)
        _copy(
            bulk,
            "copy passages (workspace_id, id, document_id, ordinal, length, text) from stdin",
            ((workspace_id, id, document_id, place, length, text) for id, place, text, _, length in rows),
        )
        _copy(
            bulk,
            "copy passage_terms (workspace_id, term, passage_id, frequency, length) from stdin",
            (
                (str(workspace_id), term, str(id), str(often), str(length))
                for id, _, _, terms, length in rows
                for term, often in terms.items()
            ),
        )
        _copy(
            bulk,
            """
            copy passage_vectors (workspace_id, passage_id, model, embedding, sentences, indexed)
            from stdin (format binary)
            """,
            (
                (workspace_id, row[0], e5.MODEL, _bytes(vector), random.choice(bulk.sentences), indexed)
                for row, vector in zip(rows, _vectors(bulk, len(rows)), strict=True)
            ),
        )
    bulk.connection.execute(
        "update knowledge set passages = %s, terms = %s, embedding_model = %s where workspace_id = %s",
        (size, total, e5.MODEL, workspace_id),
    )


def _copy(bulk: Bulk, statement: LiteralString, rows: Iterator[tuple[Any, ...]]) -> None:
    with bulk.connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _texts(bulk: Bulk, size: int, dice: random.Random) -> Iterator[tuple[str, Mapping[str, float]]]:
    shares = 1 / np.arange(1, WORDS + 1)
    words = iter(bulk.chance.choice(WORDS, UNKNOWN * size, p=shares / shares.sum()))
    for document in corpus.documents(size, seed=dice.randrange(1 << 30)):
        text = f"{document['text']} {' '.join(f'item{number}' for number in islice(words, UNKNOWN))}"
        yield text, keywords.weights(document["title"], "", text)


def _vectors(bulk: Bulk, size: int) -> Vectors:
    one, other = bulk.vectors[bulk.chance.integers(REAL, size=(2, size))]
    share = bulk.chance.uniform(0.5, 1, (size, 1))
    mixed = share * one + (1 - share) * other + NOISE * bulk.chance.standard_normal(one.shape)
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _bytes(vector: Vectors) -> bytes:
    """As halfvec_recv of pgvector reads it: how many, nothing, and each with its high byte first."""
    values: bytes = vector.astype(">f2").tobytes()
    return struct.pack(">hh", len(vector), 0) + values


def _array(items: Sequence[bytes], type_number: int) -> bytes:
    """As array_recv of PostgreSQL reads it: dimensions, whether any is null, type, how many from which on, items."""
    head = struct.pack(">iiIii", 1, 0, type_number, len(items), 1)
    return head + b"".join(struct.pack(">i", len(item)) + item for item in items)

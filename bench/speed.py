"""The ratios: what TrulyBot takes, over what is beneath it, in one run on one machine."""

import gzip
import http.client
import json
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench import corpus
from bench.beneath import Embedder, Sql, bare_server, postgres
from bench.isolation import ALL, NEWEST, ROWS, policies
from bench.product import Product, running
from bench.timing import Call, in_turn, timed
from trulybot.documents.sentences import spoken_sentences
from trulybot.evaluation.server import Workspace
from trulybot.evaluation.table import show
from trulybot.llm.e5 import PASSAGE_PREFIX, QUESTION_PREFIX
from trulybot.llm.embeddings import TEXTS_A_REQUEST

PASSAGES = 1000
ROUNDS = 60
BUSY_DOCUMENTS = 500
INGESTED = 48  # passages a round
INGESTIONS = 3
MEGABYTE = 1_000_000

HEAD = ("what", "ours", "beneath", "ratio", "aim")
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Filled:
    product: Product
    workspace: Workspace
    port: int
    folder: Path


def run(port: int) -> None:
    with TemporaryDirectory(prefix="trulybot-bench-") as place:
        folder = Path(place)
        folder.chmod(0o711)  # PostgreSQL runs as another user when we are root
        rows = [_start("start, new directory", folder, port, "< 15 s")]
        rows.append(_start("start, existing directory", folder, port, "< 5 s"))
        with running(folder / "data", port) as product:
            rows.append(_memory("memory, idle", product))
            workspace = product.workspace("bench")
            workspace.take_in(corpus.documents(PASSAGES))
            workspace.wait_until_ready()
            filled = Filled(product, workspace, port, folder)
            rows += [*_questions(filled), *_busy(filled), _ingestion(filled), _widget(filled), *_policies(product)]
    show(HEAD, rows)
    load = " ".join(f"{one / (psutil.cpu_count() or 1):.1f}" for one in psutil.getloadavg())
    print(f"load a core, over 1, 5 and 15 minutes: {load}")


def _start(what: str, folder: Path, port: int, aim: str) -> Row:
    ours = _entered(running(folder / "data", port))
    beneath = _entered(postgres(folder / "alone"))
    return what, f"{ours:.1f} s", f"PostgreSQL {beneath:.1f} s", f"{ours / beneath:.1f}", aim


def _entered(started: AbstractContextManager[object]) -> float:
    began = time.perf_counter()
    with started:
        return time.perf_counter() - began


def _memory(what: str, product: Product) -> Row:
    return what, f"{product.resident_bytes() / MEGABYTE:.0f} MB", "", "", "< 1000 MB"


def _questions(filled: Filled) -> list[Row]:
    """Chat, search and health, each beside what it stands on, all in turn."""
    program = filled.workspace.program
    questions = corpus.questions(2 * (ROUNDS + 8))
    chats, searches = questions[::2], questions[1::2]
    sql, embedder = Sql(filled.product, filled.workspace), Embedder(filled.product)
    chat_sql, search_sql = sql.statements(chats), sql.statements(searches)

    def chat(number: int) -> bytes:
        return program.call("POST", "/api/chat", {"message": chats[number]})

    answer = chat(0)
    with (
        bare_server(filled.port + 1, answer, filled.folder) as bare_chat,
        bare_server(filled.port + 2, program.call("GET", "/api/monitoring/health"), filled.folder) as bare_health,
    ):
        calls: list[Call] = [
            chat,
            lambda number: _ask(bare_chat, json.dumps({"message": chats[number]})),
            lambda number: embedder.embed([QUESTION_PREFIX + chats[number]]),
            lambda number: sql.run(chat_sql[number]),
            lambda number: program.call("POST", "/api/search", {"query": searches[number]}),
            lambda number: embedder.embed([QUESTION_PREFIX + searches[number]]),
            lambda number: sql.run(search_sql[number]),
            lambda _: program.call("GET", "/api/monitoring/health"),
            lambda _: _ask(bare_health, None),
        ]
        said, bare, embedded, asked, found, embedded_too, looked, healthy, bare_healthy = in_turn(ROUNDS, *calls)

    added, beneath = said.minus(embedded, asked), embedded.median + asked.median
    searched, under = found.minus(embedded_too), looked.median
    return [
        _memory(f"memory, {PASSAGES} documents", filled.product),
        ("chat", _ms(said.median), f"bare ASGI {_ms(bare.median)}", f"{said.median / bare.median:.0f}", ""),
        ("chat", _ms(said.median), f"embedding + SQL {_ms(beneath)}", f"{said.median / beneath:.1f}", ""),
        ("chat adds", _ms(added), "", "", "< 15 ms"),
        ("search, less embedding", _ms(searched), f"SQL {_ms(under)}", f"{searched / under:.1f}", ""),
        (f"SQL of a search, {PASSAGES} passages", _ms(asked.median), "", "", "< 5 ms"),
        (
            "health",
            _ms(healthy.median),
            f"bare ASGI {_ms(bare_healthy.median)}",
            f"{healthy.median / bare_healthy.median:.1f}",
            "",
        ),
    ]


def _busy(filled: Filled) -> list[Row]:
    """Chat while many documents are taken in, beside chat just before."""
    questions = corpus.questions(4 * ROUNDS, seed=7)

    def chat(_round: int) -> bytes:
        return filled.workspace.program.call("POST", "/api/chat", {"message": questions.pop()})

    (idle,) = in_turn(ROUNDS, chat)
    elsewhere = filled.product.workspace("another")
    elsewhere.take_in(corpus.documents(BUSY_DOCUMENTS, seed=7))
    (busy,) = in_turn(ROUNDS, chat)
    assert elsewhere.waiting(), "the documents were taken in before the questions were asked"
    row = (
        f"chat while {BUSY_DOCUMENTS} documents come in",
        _ms(busy.median),
        f"idle {_ms(idle.median)}",
        f"{busy.median / idle.median:.2f}",
        "≤ 1.5",
    )
    elsewhere.wait_until_ready()
    return [row]


def _ingestion(filled: Filled) -> Row:
    """From upload to ready, beside the embedder alone with the same texts."""
    embedder = Embedder(filled.product)
    workspace = filled.product.workspace("ingestion")
    ours: list[float] = []
    alone: list[float] = []
    for number in range(INGESTIONS):
        documents = corpus.documents(INGESTED, seed=100 + number)
        texts = [PASSAGE_PREFIX + text for document in documents for text in _embedded_of(document)]
        ours.append(timed(_take_in, workspace, documents))
        alone.append(timed(_embed, embedder, texts))
    mine, theirs = sorted(ours)[INGESTIONS // 2] / INGESTED, sorted(alone)[INGESTIONS // 2] / INGESTED
    return "ingestion, a passage", _ms(mine * 1000), f"embedder {_ms(theirs * 1000)}", f"{mine / theirs:.2f}", ""


def _take_in(workspace: Workspace, documents: list[dict[str, str]]) -> None:
    workspace.take_in(documents)
    workspace.wait_until_ready()


def _embed(embedder: Embedder, texts: list[str]) -> None:
    for start in range(0, len(texts), TEXTS_A_REQUEST):
        embedder.embed(texts[start : start + TEXTS_A_REQUEST])


def _embedded_of(document: dict[str, str]) -> list[str]:
    whole = f"{document['title']}\n{document['text']}"
    return [whole, *spoken_sentences(document["title"], "", document["text"])]


def _widget(filled: Filled) -> Row:
    script = filled.workspace.program.call("GET", "/widget.js")
    return "widget.js, gzip", f"{len(gzip.compress(script)) / 1000:.1f} kB", "", "", "< 10 kB"


def _policies(product: Product) -> list[Row]:
    rows = []
    for what, query, aim in ((f"a workspace's share of {ROWS:,} rows", ALL, "< 1.2"), ("its newest 50", NEWEST, "")):
        ours, bare = policies(product, query)
        rows.append((f"{what}, under policies", f"{ours:.2f} ms", f"without {bare:.2f} ms", f"{ours / bare:.2f}", aim))
    return rows


def _ask(server: http.client.HTTPConnection, body: str | None) -> bytes:
    server.request("POST" if body else "GET", "/", body, {"Content-Type": "application/json"})
    return server.getresponse().read()


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms"

"""What TrulyBot stands on, by itself: a bare server, its SQL by psycopg alone, its embedder, PostgreSQL."""

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psutil
import psycopg
from psycopg.rows import class_row

from bench.product import SECRET_KEY, Product
from trulybot.answers import search
from trulybot.answers.search import Asked, Found
from trulybot.evaluation.server import Workspace
from trulybot.llm import e5
from trulybot.llm.embeddings import OpenAIEmbedder
from trulybot.operations.data_directory import taken
from trulybot.operations.embedded import SUPERUSER, Server
from trulybot.operations.launch import spawn
from trulybot.settings import APP_LOGIN, login_password
from trulybot.workspaces.identity import KeyHolder

Statement = tuple[LiteralString, dict[str, Any]]
OPEN: LiteralString = "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)"
LOOK_SECONDS = 0.005


@contextmanager
def bare_server(port: int, body: bytes, folder: Path) -> Iterator[http.client.HTTPConnection]:
    file = folder / f"{port}.json"
    file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port), str(file)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(LOOK_SECONDS)
        yield http.client.HTTPConnection("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait()


class Embedder:
    """The running product's own embedder, asked without our client."""

    def __init__(self, product: Product) -> None:
        self._connection = http.client.HTTPConnection("embedder")
        self._connection.sock = socket.socket(socket.AF_UNIX)
        self._connection.sock.connect(str(product.data / "embedder.sock"))

    def embed(self, texts: Sequence[str]) -> list[Any]:
        sent = json.dumps({"model": e5.MODEL, "input": texts, "encoding_format": "base64"})
        self._connection.request("POST", "/v1/embeddings", sent)
        answer = json.loads(self._connection.getresponse().read())
        return list(answer["data"])


class Sql:
    """The statements of a search, sent by psycopg alone, as the login and under the policies that the product has."""

    def __init__(self, product: Product, workspace: Workspace) -> None:
        sockets, password = product.data / "postgres", login_password(SECRET_KEY, APP_LOGIN)
        self._connection = psycopg.connect(
            f"postgresql://{APP_LOGIN}:{password}@/trulybot?host={sockets}", autocommit=True
        )
        who = KeyHolder(workspace.key_id, workspace.id, ())
        self._who = (who.database_role, json.dumps({**who.claims(), "workspace_id": str(workspace.id)}))
        self._embedder_socket = product.data / "embedder.sock"
        self._workspace_id = workspace.id
        self._loop = asyncio.Runner()  # one for all, since making one takes as long as a small search

    def processor_seconds(self) -> float:
        """What our session's process has taken so far."""
        times = psutil.Process(self._connection.info.backend_pid).cpu_times()
        return float(times.user + times.system)

    def statements(self, questions: Sequence[str]) -> list[list[Statement]]:
        """What the product would send for each question."""
        return self._loop.run(self._statements(questions))

    def run(self, statements: Sequence[Statement]) -> None:
        self._begin()
        for query, values in statements:
            self._connection.execute(query, values).fetchall()
        self._connection.commit()

    def _begin(self) -> None:
        with self._connection.pipeline():
            self._connection.execute("begin")
            self._connection.execute(OPEN, self._who)

    async def _statements(self, questions: Sequence[str]) -> list[list[Statement]]:
        return [(await self._search(asked))[1] for asked in await self._ask(questions)]

    def ask(self, questions: Sequence[str]) -> list[Asked]:
        return self._loop.run(self._ask(questions))

    def find(self, asked: Asked) -> Found:
        """As the product does it, once the question is embedded."""
        return self._loop.run(self._search(asked))[0]

    async def _ask(self, questions: Sequence[str]) -> list[Asked]:
        embedder = OpenAIEmbedder.local(self._embedder_socket)
        asked = [await search.ask(embedder, question) for question in questions]
        await embedder.close()
        return asked

    async def _search(self, asked: Asked) -> tuple[Found, list[Statement]]:
        tx = _Recording(self._connection, self._workspace_id)
        self._begin()
        found = await search.search(tx, asked)  # type: ignore[arg-type]  # it has what a search needs of a transaction
        self._connection.commit()
        return found, tx.statements


class _Recording:
    """A transaction that remembers what it was asked."""

    def __init__(self, connection: "psycopg.Connection[Any]", workspace_id: UUID) -> None:
        self.workspace_id, self.statements = workspace_id, list[Statement]()
        self._connection = connection

    async def one(self, model: type[Any], query: LiteralString, /, **values: Any) -> Any:
        return (await self.all(model, query, **values))[0]

    async def run(self, query: LiteralString, /, **values: Any) -> None:
        self.statements.append((query, values))
        self._connection.execute(query, values)

    async def all(self, model: type[Any], query: LiteralString, /, **values: Any) -> list[Any]:
        self.statements.append((query, values))
        with self._connection.cursor(row_factory=class_row(model)) as cursor:
            return cursor.execute(query, values).fetchall()


@contextmanager
def postgres(folder: Path) -> Iterator[None]:
    """The same server with the same settings and nothing else; ready when this begins."""
    with taken(folder) as data:
        server = Server(data.postgres, data.postgres_sockets, {})
        server.prepare(login_password(SECRET_KEY, SUPERUSER))
        log = (folder / "log").open("ab")
        process = spawn(server.argv, env=server.env, death_signal=signal.SIGINT, account=server.account, stderr=log)
        try:
            while not server.is_ready(process.pid):
                time.sleep(LOOK_SECONDS)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            log.close()

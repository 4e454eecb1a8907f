"""A server of our own, started as a user starts one, or one that runs; spoken to over HTTP."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import trulybot

READY = "TrulyBot is ready at "
INGEST_SECONDS = 1800.0
LOOK_SECONDS = 0.2
ANSWER_SECONDS = 120.0
DOCUMENTS_A_REQUEST = 500
# What a measured server may know of ours: where the models are that it should be measured with.
MODELS = ("OPENAI_", "EMBEDDINGS_")


class CannotMeasure(Exception):
    """{why}"""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class Http:
    """One connection that stays open, as somebody."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        self._below = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        """
        Raises:
            CannotMeasure: It answers with an error, or not at all.
        """
        sent = None if body is None else json.dumps(body).encode()
        while True:
            try:
                response = self._answer(method, path, sent)
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise CannotMeasure(f"{method} {path}: {error or type(error).__name__}") from None
            if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(int(response.headers.get("Retry-After", "1")))
                continue
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise CannotMeasure(f"{method} {path}: {response.status} {answer[:500].decode(errors='replace')}")
            return answer

    def _answer(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, self._below + path, body, self._headers)
            return self._connection.getresponse()
        except http.client.RemoteDisconnected:  # it had been idle for too long
            self._connection.close()
            self._connection.request(method, self._below + path, body, self._headers)
            return self._connection.getresponse()

    def get(self, path: str) -> Any:
        return json.loads(self.call("GET", path))

    def post(self, path: str, body: Any) -> Any:
        return json.loads(self.call("POST", path, body))


@dataclass(frozen=True)
class Workspace:
    """A workspace, and a program that has a key to it."""

    id: UUID
    key_id: UUID
    program: Http

    def take_in(self, documents: Sequence[Mapping[str, str]]) -> None:
        for start in range(0, len(documents), DOCUMENTS_A_REQUEST):
            self.program.post("/api/text-upload", {"documents": documents[start : start + DOCUMENTS_A_REQUEST]})

    def waiting(self) -> int:
        summary = self.program.get("/api/documents/summary")
        if summary["failed"]:
            raise CannotMeasure(f"documents could not be read: {summary['failed']}")
        return int(summary["queued"] + summary["processing"])

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + INGEST_SECONDS
        while self.waiting():
            if time.monotonic() > deadline:
                raise CannotMeasure("the documents did not become ready")
            time.sleep(LOOK_SECONDS)


@dataclass(frozen=True)
class Served:
    process: "subprocess.Popen[bytes]"
    data: Path
    url: str
    start_seconds: float

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def workspace(self, name: str) -> Workspace:
        person = {"email": f"{uuid4().hex}@example.com", "password": uuid4().hex, "data": {"workspace_name": name}}
        session = Http(self.url).post("/auth/v1/signup", person)
        owner = Http(self.url, session["access_token"])
        key = owner.post("/api/api-keys", {"name": "measuring"})
        workspace_id = UUID(owner.get("/api/user/profile")["workspace"]["id"])
        return Workspace(workspace_id, UUID(key["id"]), Http(self.url, key["key"]))


@contextmanager
def serving(data: Path, *, secret_key: str, port: int = 0, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """
    `trulybot serve` on a folder, from its start until it has ended. env: where its models are; nothing else is taken.

    Raises:
        CannotMeasure: It does not start.
    """
    began = time.monotonic()
    with (data.parent / f"{data.name}.log").open("ab") as log:
        process = _serve(data, port, log, secret_key, env or {})
        try:
            yield Served(process, data, _ready(process, log), time.monotonic() - began)
        finally:
            process.terminate()
            process.wait(20)


def _serve(data: Path, port: int, log: IO[bytes], secret_key: str, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "trulybot", "serve", "--data-dir", str(data), "--port", str(port)]
    root = str(Path(trulybot.__file__).parents[1])
    own = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": root,
        "SECRET_KEY": secret_key,
    }
    models = {name: value for name, value in env.items() if name.startswith(MODELS)}
    # The command is our own program; the folder and the port are the caller's.
    return subprocess.Popen(command, env=own | models, stdout=subprocess.PIPE, stderr=log)  # noqa: S603


def _ready(process: "subprocess.Popen[bytes]", log: IO[bytes]) -> str:
    for line in process.stdout or ():
        if line.decode().startswith(READY):
            return line.decode().removeprefix(READY).strip()
    process.wait()
    said = Path(log.name).read_text(errors="replace").strip().splitlines()
    raise CannotMeasure(f"trulybot serve ended before it was ready: {said[-1] if said else 'it said nothing'}")

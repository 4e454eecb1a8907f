"""The real product, started as a user starts it, and spoken to over HTTP."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

import psutil

SECRET_KEY = "a secret that only the bench knows, 32+"  # noqa: S105  (of a database that is thrown away)
READY = b"TrulyBot is ready"
START_SECONDS = 60.0
INGEST_SECONDS = 900.0
LOOK_SECONDS = 0.2
DOCUMENTS_A_REQUEST = 500


class Http:
    """One connection that stays open; the same for our server and for what we compare it with."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        sent = None if body is None else json.dumps(body).encode()
        try:
            response = self._answer(method, path, sent)
        except http.client.RemoteDisconnected:  # it had been idle for too long
            response = self._answer(method, path, sent)
        answer = response.read()
        assert response.status < 300, f"{method} {path}: {response.status} {answer[:500]!r}"
        return answer

    def _answer(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, self._headers)
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
        assert not summary["failed"], summary
        return int(summary["queued"] + summary["processing"])

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + INGEST_SECONDS
        while self.waiting():
            assert time.monotonic() < deadline, "the documents did not become ready"
            time.sleep(LOOK_SECONDS)


@dataclass(frozen=True)
class Product:
    process: "subprocess.Popen[bytes]"
    data: Path
    port: int
    start_seconds: float

    def workspace(self, name: str) -> Workspace:
        person = {"email": f"{uuid4().hex}@example.com", "password": uuid4().hex, "data": {"workspace_name": name}}
        session = Http(self.port).post("/auth/v1/signup", person)
        owner = Http(self.port, session["access_token"])
        key = owner.post("/api/api-keys", {"name": "bench"})
        workspace_id = UUID(owner.get("/api/user/profile")["workspace"]["id"])
        return Workspace(workspace_id, UUID(key["id"]), Http(self.port, key["key"]))

    def processes(self) -> list[psutil.Process]:
        us = psutil.Process(self.process.pid)
        return [us, *us.children(recursive=True)]

    def resident_bytes(self) -> int:
        """Of the whole tree; what several processes share counts once."""
        return sum(process.memory_full_info().pss for process in self.processes())


@contextmanager
def running(data: Path, port: int) -> Iterator[Product]:
    """`trulybot serve` on a folder, from its start until it has ended."""
    began = time.monotonic()
    with (data.parent / f"{data.name}.log").open("ab") as log:
        process = _serve(data, port, log)
        try:
            _read_until_ready(process)
            yield Product(process, data, port, time.monotonic() - began)
        finally:
            process.terminate()
            process.wait(20)


def _serve(data: Path, port: int, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "trulybot", "serve", "--data-dir", str(data), "--port", str(port)]
    root = str(Path(__file__).parent.parent)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": root,
        "SECRET_KEY": SECRET_KEY,
    }
    return subprocess.Popen(command, env=env, cwd=root, stdout=subprocess.PIPE, stderr=log)


def _read_until_ready(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(READY):
            return
    raise AssertionError("trulybot serve ended before it was ready; its log is beside its data")

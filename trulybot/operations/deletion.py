"""On the day: the files of a workspace first, then its rows, then the account."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import ObjectInUse

from trulybot.documents.files import Files
from trulybot.kit.db import Database
from trulybot.kit.log import get_logger

log = get_logger()


@dataclass(frozen=True)
class _Due:
    id: UUID


async def delete_what_is_due(db: Database, files: Files) -> None:
    """End every workspace and account whose time to think again is over."""
    async with db.chore("accounts that are due") as tx:
        people = await tx.all(_Due, "select id from private.due_accounts() id")
    for person in people:
        try:
            async with db.chore("an account ends") as tx:
                await tx.run("select private.delete_due_account(%(user_id)s)", user_id=person.id)
        except ObjectInUse:  # somebody has joined a workspace of theirs since we asked
            log.warning("account.still_needed", user_id=str(person.id))
        else:
            log.info("account.deleted", user_id=str(person.id))
    async with db.chore("workspaces that are due") as tx:
        workspaces = await tx.all(_Due, "select id from private.due_workspaces() id")
    for workspace in workspaces:
        await asyncio.to_thread(files.forget_workspace, workspace.id)
        async with db.chore("a workspace ends") as tx:
            await tx.run("select private.delete_due_workspace(%(workspace_id)s)", workspace_id=workspace.id)
        await asyncio.to_thread(files.forget_workspace, workspace.id)  # what came in meanwhile
        log.info("workspace.deleted", workspace_id=str(workspace.id))

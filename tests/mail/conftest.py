"""The product with a mail server of its own, and the table that mails are kept in."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.mail.servers import MailServer, mail_server
from tests.world import World
from trulybot.mail import service
from trulybot.mail.kinds import Kind
from trulybot.settings import Settings

LINK = "https://trulybot.test/auth/v1/verify?token=abcdef&type=recovery"
CODE = "493817"


@dataclass
class Post:
    """What the tests of mail do with a world."""

    world: World
    server: MailServer

    def with_settings(self, **changes: Any) -> "Post":
        """The same product, its worker with other settings."""
        return replace(self, world=replace(self.world, settings=replace(self.world.settings, **changes)))

    async def recovery(self, to: str = "ana@example.com", **more: Any) -> None:
        async with self.world.app.state.db.system("a test sends mail") as tx:
            await service.send(tx, Kind.RECOVERY, to, **{"link": LINK, "code": CODE, **more})

    @asynccontextmanager
    async def table(self) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
        """As nobody of the product sees it, with the queue."""
        async with await psycopg.AsyncConnection.connect(
            self.world.settings.given_database_url, autocommit=True, row_factory=dict_row
        ) as owner:
            yield owner

    async def rows(self) -> list[dict[str, Any]]:
        async with self.table() as owner:
            await owner.execute("set role trulybot_definer")
            return await (await owner.execute("select * from trulybot_auth.mails order by created_at, id")).fetchall()

    async def row(self) -> dict[str, Any]:
        (row,) = await self.rows()
        return row

    async def jobs(self) -> list[dict[str, Any]]:
        async with self.table() as owner:
            return await (
                await owner.execute(
                    "select * from queue.procrastinate_jobs where task_name = 'mail.deliver' order by id"
                )
            ).fetchall()

    async def alter(self, change: str) -> None:
        """Change the mails by hand."""
        async with self.table() as owner:
            await owner.execute("set role trulybot_definer")
            await owner.execute(f"update trulybot_auth.mails set {change}")  # type: ignore[arg-type]  # noqa: S608

    async def work_again(self) -> None:
        """As if the time had passed until the next attempt."""
        async with self.table() as owner:
            await owner.execute("update queue.procrastinate_jobs set scheduled_at = null where status = 'todo'")
        await self.world.work()


async def emptied(post: Post) -> Post:
    """Without what other tests left."""
    async with post.table() as owner:
        await owner.execute("delete from queue.procrastinate_jobs")
        await owner.execute("set role trulybot_definer")
        await owner.execute("delete from trulybot_auth.mails")
    return post


@pytest.fixture
async def post(settings: Settings) -> AsyncIterator[Post]:
    """The product, and a server that takes its mail."""
    async with mail_server() as server:
        own = replace(
            settings,
            gotrue_smtp_host="127.0.0.1",
            gotrue_smtp_port=server.port,
            gotrue_smtp_admin_email="bot@shop.example",
            gotrue_smtp_sender_name="The shop",
            gotrue_mailer_autoconfirm=True,  # people sign up as they do elsewhere
        )
        async with World.running(own) as world:
            yield await emptied(Post(world, server))


@pytest.fixture
def unused_port() -> int:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
async def mailbox(world: World) -> Post:
    """The product without a mail server."""
    return await emptied(Post(world, MailServer()))

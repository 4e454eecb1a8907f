"""`trulybot doctor --isolation`: whether anything of one workspace shows to another, on a live server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from secrets import token_hex
from uuid import UUID

import httpx
from psycopg.types.json import Jsonb

from trulybot.accounts import people, sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.models import NewUser
from trulybot.kit import security
from trulybot.kit.db import Database
from trulybot.kit.ids import uuid7
from trulybot.kit.security import SecurityEvent, Sink
from trulybot.operations import canary
from trulybot.operations.canary import Search, Tenant

REQUEST_SECONDS = 30.0
FORGOTTEN_AFTER = timedelta(hours=1)  # a check that was killed; no check takes that long


class CannotLook(Exception):
    """Isolation could not be checked: {why}."""

    def __init__(self, why: str) -> None:
        super().__init__((self.__doc__ or "").format(why=why))


@dataclass(frozen=True)
class _Left:
    id: UUID
    user_ids: list[UUID]


async def check_isolation(db: Database, accounts: Accounts, url: str, *, sink: Sink | None = None) -> Search:
    """
    Plant a workspace, look for it from everywhere else, remove it, and keep what was found.

    The two people are made in the database and not by signing up, which may be closed or ask for a mail; all else goes
    over HTTP, as anybody's requests do. sink: keeps the security event that a leak is.

    Raises:
        CannotLook: The server does not answer, or the canary could not be planted.
    """
    await _forget_old(db)
    check_id, user_ids = uuid7(), [uuid7(), uuid7()]
    await _begin(db, check_id, user_ids)
    search = Search()
    try:
        async with _tenants(db, accounts, url, user_ids) as (planted, other):
            await _search(planted, other, search)
    except httpx.HTTPError as error:
        raise CannotLook(f"{url} does not answer ({type(error).__name__})") from error
    finally:
        await _forget(db, check_id, user_ids)
    await _finish(db, check_id, search)
    if search.leaks:
        with security.coming_from(security.Origin(sink=sink)):
            security.note(SecurityEvent.ISOLATION_BROKEN, leaks=len(search.leaks), place=search.leaks[0].place)
    return search


def table(search: Search) -> str:
    """What was found, for people."""
    lines = [f"{'asked':>7}  by whom"]
    lines += [f"{number:7}  {who}" for who, number in search.asked.items()]
    if search.refused_for_now:
        lines.append(f"{search.refused_for_now:7}  not looked at: the server asked us to slow down")
    lines += [f"         not planted: {kind}" for kind in search.not_planted]
    if not search.leaks:
        return "\n".join([*lines, "", "Nothing of one workspace showed to another."])
    shown = [f"  {leak.place}: {leak.what}" for leak in search.leaks]
    return "\n".join([*lines, "", f"ISOLATION IS BROKEN in {len(search.leaks)} places:", *shown])


async def _search(planted: Tenant, other: Tenant, search: Search) -> None:
    description = (await planted.http.get("/openapi.json")).raise_for_status().json()
    async with canary.listening(other, planted, search):
        search.not_planted += await canary.plant(planted)
        if "workspace" not in planted.ids:
            raise CannotLook(f"the canary could not be planted: {', '.join(search.not_planted)}")
        if not await canary.until_found(planted):
            search.not_planted.append("passage (it was not found in time; is a worker running?)")
    await canary.look(planted, other, description, search)
    search.leaks += await canary.changed(planted)


@asynccontextmanager
async def _tenants(
    db: Database, accounts: Accounts, url: str, user_ids: list[UUID]
) -> AsyncIterator[tuple[Tenant, Tenant]]:
    async with httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS) as http:
        made = []
        for user_id in user_ids:
            name = f"isolation-check-{token_hex(8)}"
            new = NewUser(user_id, email=f"{name}@example.invalid", email_confirmed=True, signs_in=True)
            async with db.system("the doctor's people") as tx:
                account = await people.add(tx, accounts, new)
                if account is None:
                    raise CannotLook("its people could not be made")
                grant = await sessions.open_session(tx, accounts, account, method="password")
            token = accounts.tokens.issue(grant.account.user, grant.session).access_token
            made.append(Tenant(http, token, user_id))
        yield made[0], made[1]


async def _begin(db: Database, check_id: UUID, user_ids: list[UUID]) -> None:
    async with db.system("an isolation check begins") as tx:
        await tx.run(
            "insert into trulybot_auth.isolation_checks (id, user_ids) values (%(id)s, %(user_ids)s)",
            id=check_id,
            user_ids=user_ids,
        )


async def _finish(db: Database, check_id: UUID, search: Search) -> None:
    async with db.system("an isolation check ends") as tx:
        await tx.run(
            """
            update trulybot_auth.isolation_checks
               set ended_at = now(), answers = %(answers)s, leaks = %(leaks)s
             where id = %(id)s
            """,
            id=check_id,
            answers=sum(search.asked.values()),
            leaks=Jsonb([asdict(leak) for leak in search.leaks]),
        )


async def _forget(db: Database, check_id: UUID, user_ids: list[UUID]) -> None:
    """The canary goes, whatever happened; also when we are told to stop."""

    async def forget() -> None:
        async with db.system("the doctor's people go") as tx:
            await tx.run("select private.forget_canaries(%(id)s)", id=check_id)
            await tx.run("delete from trulybot_auth.users where id = any (%(ids)s)", ids=user_ids)

    await asyncio.shield(asyncio.ensure_future(forget()))


async def _forget_old(db: Database) -> None:
    """What checks left that were killed in the middle."""
    async with db.system("checks that did not end") as tx:
        left = await tx.all(
            _Left,
            """
            select id, user_ids
              from trulybot_auth.isolation_checks
             where ended_at is null and began_at < now() - %(age)s
            """,
            age=FORGOTTEN_AFTER,
        )
    for one in left:
        await _forget(db, one.id, one.user_ids)
        async with db.system("a check that did not end") as tx:
            await tx.run("delete from trulybot_auth.isolation_checks where id = %(id)s", id=one.id)

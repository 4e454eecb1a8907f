"""People, as an operator's program sees them, in SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.kit.db import Tx


@dataclass(frozen=True)
class Listed:
    """One page of those that were found, the latest first, and how many were found."""

    ids: list[UUID]
    total: int


async def page(tx: Tx, filter: str, *, offset: int, limit: int) -> Listed:
    """Whoever is to be deleted for good is gone for programs, while the worker still takes their things away."""
    return await tx.one(
        Listed,
        """
        with found as (
            select u.id, u.created_at
              from trulybot_auth.users u
             where (%(filter)s = ''
                    or u.email ilike '%%' || %(filter)s || '%%'
                    or u.user_metadata ->> 'full_name' ilike '%%' || %(filter)s || '%%')
               and not exists (select
                                 from trulybot_auth.account_deletions d
                                where d.user_id = u.id
                                  and u.deleted_at is not null)
        ),
        page as (
            select id, created_at
              from found
             order by created_at desc, id desc
            offset %(offset)s
             limit %(limit)s
        )
        select (select count(*) from found) as total,
               (select coalesce(array_agg(id order by created_at desc, id desc), array[]::uuid[]) from page) as ids
        """,
        filter=_like(filter),
        offset=offset,
        limit=limit,
    )


async def hold(tx: Tx, user_id: UUID) -> bool:
    """Whether there is such a person, who is then held for this transaction."""
    return bool(
        await tx.value(
            """
            select true
              from trulybot_auth.users u
             where u.id = %(user_id)s
               and not exists (select
                                 from trulybot_auth.account_deletions d
                                where d.user_id = u.id
                                  and u.deleted_at is not null)
               for update
            """,
            user_id=user_id,
        )
    )


async def set_app_metadata(tx: Tx, user_id: UUID, metadata: dict[str, Any]) -> None:
    await tx.run(
        "update trulybot_auth.users set app_metadata = %(metadata)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        metadata=Jsonb(metadata),
    )


async def set_role(tx: Tx, user_id: UUID, role: str) -> None:
    await tx.run(
        "update trulybot_auth.users set role = %(role)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        role=role,
    )


async def set_ban(tx: Tx, user_id: UUID, until: datetime | None) -> None:
    await tx.run(
        "update trulybot_auth.users set banned_until = %(until)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        until=until,
    )


async def confirm(tx: Tx, user_id: UUID, *, email: bool, phone: bool) -> None:
    await tx.run(
        """
        update trulybot_auth.users
           set email_confirmed_at = case when %(email)s and email is not null then coalesce(email_confirmed_at, now())
                                         else email_confirmed_at end,
               phone_confirmed_at = case when %(phone)s and phone is not null then coalesce(phone_confirmed_at, now())
                                         else phone_confirmed_at end,
               updated_at = now()
         where id = %(user_id)s
        """,
        user_id=user_id,
        email=email,
        phone=phone,
    )


async def unconfirm(tx: Tx, user_id: UUID, *, email: bool, phone: bool) -> None:
    await tx.run(
        """
        update trulybot_auth.users
           set email_confirmed_at = case when %(email)s then null else email_confirmed_at end,
               phone_confirmed_at = case when %(phone)s then null else phone_confirmed_at end
         where id = %(user_id)s
        """,
        user_id=user_id,
        email=email,
        phone=phone,
    )


async def blank(tx: Tx, user_id: UUID) -> None:
    """Nothing of the person is left in the row; nobody can sign in by it, and the email is free again."""
    await tx.run(
        """
        with identities as (delete from trulybot_auth.identities where user_id = %(user_id)s),
             sessions as (delete from trulybot_auth.sessions where user_id = %(user_id)s),
             tokens as (delete from trulybot_auth.one_time_tokens where user_id = %(user_id)s),
             flows as (delete from trulybot_auth.flow_states where user_id = %(user_id)s)
        update trulybot_auth.users
           set email = null, phone = null, new_email = null, new_phone = null, password_hash = null,
               app_metadata = '{}', user_metadata = '{}', deleted_at = now(), updated_at = now()
         where id = %(user_id)s
        """,
        user_id=user_id,
    )


async def owns_with_others(tx: Tx, user_id: UUID) -> bool:
    return bool(
        await tx.value(
            "select exists (select from private.solely_owned(%(user_id)s) where not is_alone)", user_id=user_id
        )
    )


async def delete_soon(tx: Tx, user_id: UUID) -> None:
    """The worker takes away what is theirs in the workspaces, and the row itself."""
    await tx.run(
        """
        insert into trulybot_auth.account_deletions (user_id, due_at) values (%(user_id)s, now() - interval '1 second')
            on conflict (user_id) do update set due_at = excluded.due_at
        """,
        user_id=user_id,
    )


def _like(filter: str) -> str:
    """As it stands: neither % nor _ means anything else."""
    return filter.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

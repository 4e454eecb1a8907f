"""The workspaces' SQL."""

from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.workspaces.models import ApiKey, MonthlyUsage, Profile, Workspace


async def workspace(tx: Tx) -> Workspace:
    return await tx.one(
        Workspace, "select id, name, slug, created_at from workspaces where id = %(id)s", id=tx.workspace_id
    )


async def workspaces_of(tx: Tx, user_id: UUID) -> list[Workspace]:
    """Every workspace of a person, the last used first. Needs a transaction that claims no workspace."""
    return await tx.all(
        Workspace,
        """
        select w.id, w.name, w.slug, w.created_at
          from workspaces w
          join memberships m on m.workspace_id = w.id
         where m.user_id = %(user_id)s
         order by m.last_used_at desc, w.created_at
        """,
        user_id=user_id,
    )


async def profile(tx: Tx, user_id: UUID) -> Profile:
    return await tx.one(
        Profile,
        """
        select id, email, name, locale, subscription_tier, subscription_status
          from profiles
         where id = %(user_id)s
        """,
        user_id=user_id,
    )


async def change_profile(tx: Tx, user_id: UUID, *, name: str | None, locale: str | None) -> None:
    await tx.run(
        """
        update profiles
           set name = coalesce(%(name)s, name),
               locale = coalesce(%(locale)s, locale)
         where id = %(user_id)s
        """,
        user_id=user_id,
        name=name,
        locale=locale,
    )


async def rename(tx: Tx, name: str) -> None:
    await tx.run("update workspaces set name = %(name)s where id = %(id)s", name=name, id=tx.workspace_id)


async def usage(tx: Tx) -> MonthlyUsage:
    """This month's, zero when nothing happened yet."""
    return await tx.one(
        MonthlyUsage,
        """
        select this.month,
               coalesce(counters.monthly_conversations, 0) as monthly_conversations,
               coalesce(counters.monthly_uploads, 0) as monthly_uploads
          from (select date_trunc('month', now() at time zone 'utc')::date as month) as this
          left join usage_counters counters
            on counters.workspace_id = %(workspace_id)s and counters.month = this.month and counters.user_id is null
        """,
        workspace_id=tx.workspace_id,
    )


async def count_usage(tx: Tx, *, conversations: int = 0, uploads: int = 0) -> None:
    await tx.run(
        "select private.count_usage(%(conversations)s, %(uploads)s)", conversations=conversations, uploads=uploads
    )


async def add_key(
    tx: Tx, *, id: UUID, name: str, hash: bytes, hint: str, scopes: list[str], created_by: UUID
) -> ApiKey:
    return await tx.one(
        ApiKey,
        """
        insert into api_keys (id, name, hash, hint, scopes, created_by)
        values (%(id)s, %(name)s, %(hash)s, %(hint)s, %(scopes)s, %(created_by)s)
        returning id, name, hint, scopes, last_used_at, created_at
        """,
        id=id,
        name=name,
        hash=hash,
        hint=hint,
        scopes=scopes,
        created_by=created_by,
    )


async def keys(tx: Tx) -> list[ApiKey]:
    return await tx.all(
        ApiKey,
        """
        select id, name, hint, scopes, last_used_at, created_at
          from api_keys
         where workspace_id = %(workspace_id)s
         order by created_at desc
        """,
        workspace_id=tx.workspace_id,
    )


async def remove_key(tx: Tx, key_id: UUID) -> bool:
    return bool(
        await tx.run(
            "delete from api_keys where workspace_id = %(workspace_id)s and id = %(key_id)s",
            workspace_id=tx.workspace_id,
            key_id=key_id,
        )
    )

"""People, in SQL."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.accounts.models import Credentials, Identity, User
from trulybot.kit.db import Tx


async def add_user(
    tx: Tx, *, id: UUID, email: str, password_hash: str, user_metadata: dict[str, Any], confirmed: bool
) -> bool:
    """Keep a new person; False when the email is taken, also by somebody who signs up at this very moment."""
    return bool(
        await tx.run(
            """
            insert into trulybot_auth.users
                   (id, email, password_hash, app_metadata, user_metadata, email_confirmed_at,
                    last_sign_in_at, confirmation_sent_at)
            values (%(id)s, %(email)s, %(password_hash)s, %(app_metadata)s, %(user_metadata)s,
                    case when %(confirmed)s then now() end, case when %(confirmed)s then now() end,
                    case when not %(confirmed)s then now() end)
                on conflict (lower(email)) do nothing
            """,
            id=id,
            email=email,
            password_hash=password_hash,
            app_metadata=Jsonb({"provider": "email", "providers": ["email"]}),
            user_metadata=Jsonb(user_metadata),
            confirmed=confirmed,
        )
    )


async def add_email_identity(tx: Tx, *, id: UUID, user_id: UUID, data: dict[str, Any]) -> None:
    await tx.run(
        """
        insert into trulybot_auth.identities (id, user_id, provider, provider_id, identity_data, last_sign_in_at)
        values (%(id)s, %(user_id)s, 'email', %(user_id)s::text, %(data)s, now())
        """,
        id=id,
        user_id=user_id,
        data=Jsonb(data),
    )


async def user(tx: Tx, user_id: UUID) -> User:
    return await tx.one(
        User,
        """
        select id, coalesce(email, '') as email, coalesce(phone, '') as phone, app_metadata, user_metadata,
               is_anonymous, email_confirmed_at, phone_confirmed_at, confirmation_sent_at, last_sign_in_at,
               banned_until, deleted_at, created_at, updated_at
          from trulybot_auth.users
         where id = %(user_id)s
        """,
        user_id=user_id,
    )


async def identities(tx: Tx, user_id: UUID) -> list[Identity]:
    return await tx.all(
        Identity,
        """
        select id, user_id, provider, provider_id, identity_data, last_sign_in_at, created_at, updated_at
          from trulybot_auth.identities
         where user_id = %(user_id)s
         order by created_at
        """,
        user_id=user_id,
    )


async def credentials(tx: Tx, email: str) -> Credentials | None:
    return await tx.maybe(
        Credentials,
        """
        select id as user_id, password_hash, coalesce(banned_until > now(), false) as is_banned,
               email_confirmed_at is not null as is_confirmed
          from trulybot_auth.users
         where lower(email) = lower(%(email)s)
           and deleted_at is null
        """,
        email=email,
    )


async def note_sign_in(tx: Tx, user_id: UUID, *, password_hash: str) -> bool:
    """Hold the person for this transaction; False when the password was changed while we were checking it."""
    return bool(
        await tx.value(
            """
            with signed_in as (
                update trulybot_auth.users
                   set last_sign_in_at = now()
                 where id = %(user_id)s
                   and password_hash = %(password_hash)s
                   and deleted_at is null
             returning id
            ),
            noted as (
                update trulybot_auth.identities
                   set last_sign_in_at = now()
                 where user_id = (select id from signed_in)
                   and provider = 'email'
            )
            select count(*) from signed_in
            """,
            user_id=user_id,
            password_hash=password_hash,
        )
    )


async def set_password(tx: Tx, user_id: UUID, *, old_hash: str | None, new_hash: str) -> bool:
    """False when somebody else changed it since `old_hash` was read."""
    return bool(
        await tx.run(
            """
            update trulybot_auth.users
               set password_hash = %(new_hash)s, updated_at = now()
             where id = %(user_id)s
               and password_hash is not distinct from %(old_hash)s
            """,
            user_id=user_id,
            old_hash=old_hash,
            new_hash=new_hash,
        )
    )


async def lock_metadata(tx: Tx, user_id: UUID) -> dict[str, Any]:
    """The person's metadata, held so that two changes at once are both kept."""
    metadata: dict[str, Any] = await tx.value(
        "select user_metadata from trulybot_auth.users where id = %(user_id)s for update", user_id=user_id
    )
    return metadata


async def set_metadata(tx: Tx, user_id: UUID, metadata: dict[str, Any]) -> None:
    await tx.run(
        "update trulybot_auth.users set user_metadata = %(metadata)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        metadata=Jsonb(metadata),
    )


async def set_email(tx: Tx, user_id: UUID, email: str) -> None:
    """psycopg raises UniqueViolation when it is taken."""
    await tx.run(
        """
        with moved as (
            update trulybot_auth.users
               set email = %(email)s, email_confirmed_at = now(), updated_at = now()
             where id = %(user_id)s
        )
        update trulybot_auth.identities
           set identity_data = identity_data || jsonb_build_object('email', %(email)s::text), updated_at = now()
         where user_id = %(user_id)s
           and provider = 'email'
        """,
        user_id=user_id,
        email=email,
    )

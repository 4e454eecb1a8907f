"""People, in SQL."""

from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.accounts.models import Credentials, Identity, NewUser, User
from trulybot.kit.db import Tx

_USERS: LiteralString = """
    select id, coalesce(email, '') as email, coalesce(phone, '') as phone, app_metadata, user_metadata, is_anonymous,
           email_confirmed_at, phone_confirmed_at, confirmation_sent_at, last_sign_in_at, banned_until, deleted_at,
           created_at, updated_at, role, invited_at, recovery_sent_at, reauthentication_sent_at,
           coalesce(new_email, '') as new_email, email_change_sent_at,
           coalesce(new_phone, '') as new_phone, phone_change_sent_at
      from trulybot_auth.users
"""


async def add_user(tx: Tx, new: NewUser) -> bool:
    """False when email, phone or id is taken, also by somebody who signs up at this very moment."""
    return bool(
        await tx.run(
            """
            insert into trulybot_auth.users
                   (id, email, phone, password_hash, app_metadata, user_metadata, is_anonymous, role, banned_until,
                    email_confirmed_at, phone_confirmed_at, last_sign_in_at, email_autoconfirmed)
            values (%(id)s, nullif(%(email)s, ''), nullif(%(phone)s, ''), %(password_hash)s, %(app_metadata)s,
                    %(user_metadata)s, %(is_anonymous)s, %(role)s, %(banned_until)s,
                    case when %(email_confirmed)s then now() end, case when %(phone_confirmed)s then now() end,
                    case when %(signs_in)s then now() end,
                    -- Whoever signs up and is in at once has shown nothing; for whom an admin adds, the admin vouches.
                    %(email_confirmed)s and %(signs_in)s)
                on conflict do nothing
            """,
            **{**new.__dict__, "app_metadata": Jsonb(new.app_metadata), "user_metadata": Jsonb(new.user_metadata)},
        )
    )


async def add_identity(tx: Tx, *, id: UUID, user_id: UUID, provider: str, data: dict[str, Any], used: bool) -> None:
    """What we vouch for ourselves, a person's email or phone. used: they sign in by it now."""
    await tx.run(
        """
        insert into trulybot_auth.identities (id, user_id, provider, provider_id, identity_data, last_sign_in_at)
        values (%(id)s, %(user_id)s, %(provider)s, %(user_id)s::text, %(data)s, case when %(used)s then now() end)
            on conflict (provider, provider_id)
            do update set identity_data = identities.identity_data || excluded.identity_data, updated_at = now()
        """,
        id=id,
        user_id=user_id,
        provider=provider,
        data=Jsonb(data),
        used=used,
    )


async def user(tx: Tx, user_id: UUID) -> User:
    return await tx.one(User, f"{_USERS} where id = %(user_id)s", user_id=user_id)


async def user_by_email(tx: Tx, email: str) -> User | None:
    return await tx.maybe(User, f"{_USERS} where lower(email) = lower(%(email)s) and deleted_at is null", email=email)


async def user_by_phone(tx: Tx, phone: str) -> User | None:
    return await tx.maybe(User, f"{_USERS} where phone = %(phone)s and deleted_at is null", phone=phone)


async def users_moving_to(tx: Tx, *, email: str = "", phone: str = "") -> list[User]:
    """Who has asked for this address or number, and not confirmed it yet. Several may: nobody owns it so far."""
    return await tx.all(
        User,
        f"""
        {_USERS}
         where (new_email = nullif(%(email)s, '') or new_phone = nullif(%(phone)s, ''))
           and deleted_at is null
         order by id
         limit 10
        """,
        email=email,
        phone=phone,
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


async def is_banned(tx: Tx, user_id: UUID) -> bool:
    return bool(
        await tx.value(
            "select coalesce(banned_until > now(), false) from trulybot_auth.users where id = %(user_id)s",
            user_id=user_id,
        )
    )


async def touch(tx: Tx, email: str) -> None:
    """Write, and change nothing: a commit takes longer when there is something to commit."""
    await tx.run(
        "update trulybot_auth.users set updated_at = updated_at where lower(email) = lower(%(email)s)", email=email
    )


async def credentials(tx: Tx, login: str) -> Credentials | None:
    """login: an email or a phone; one has an @, the other digits alone."""
    return await tx.maybe(
        Credentials,
        """
        select id as user_id, password_hash, coalesce(banned_until > now(), false) as is_banned,
               case when phone = %(login)s then phone_confirmed_at else email_confirmed_at end is not null
                   as is_confirmed,
               coalesce(phone = %(login)s, false) as by_phone
          from trulybot_auth.users
         where (lower(email) = lower(%(login)s) or phone = %(login)s)
           and deleted_at is null
        """,
        login=login,
    )


async def addresses(tx: Tx, login: str) -> list[str]:
    """From where somebody is signed in to the account of an email or a phone number."""
    found = await tx.value(
        """
        select array_agg(distinct s.address)
          from trulybot_auth.sessions s
          join trulybot_auth.users u on u.id = s.user_id
         where (lower(u.email) = lower(%(login)s) or u.phone = nullif(%(login)s, ''))
           and u.deleted_at is null
        """,
        login=login,
    )
    return list(found or ())


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


async def set_password_hash(tx: Tx, user_id: UUID, password_hash: str | None) -> None:
    """Whatever it was before. None: no password opens the account any more."""
    await tx.run(
        "update trulybot_auth.users set password_hash = %(hash)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        hash=password_hash,
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


async def set_email(tx: Tx, user_id: UUID, email: str, *, autoconfirmed: bool) -> None:
    """
    Whoever was anonymous is no more. autoconfirmed: nobody has shown that they read mail there.

    psycopg raises UniqueViolation when it is taken.
    """
    await tx.run(
        """
        update trulybot_auth.users
           set email = %(email)s, email_confirmed_at = now(), email_autoconfirmed = %(autoconfirmed)s,
               new_email = null, email_change_awaits = 0,
               is_anonymous = false, updated_at = now(),
               app_metadata = case when app_metadata -> 'providers' ? 'email' then app_metadata
                                   else app_metadata || jsonb_build_object(
                                       'provider', coalesce(app_metadata ->> 'provider', 'email'),
                                       'providers', coalesce(app_metadata -> 'providers', '[]') || '["email"]') end
         where id = %(user_id)s
        """,
        user_id=user_id,
        email=email,
        autoconfirmed=autoconfirmed,
    )


async def set_phone(tx: Tx, user_id: UUID, phone: str) -> None:
    """Whoever was anonymous is no more. psycopg raises UniqueViolation when it is taken."""
    await tx.run(
        """
        update trulybot_auth.users
           set phone = %(phone)s, phone_confirmed_at = now(), new_phone = null,
               is_anonymous = false, updated_at = now(),
               app_metadata = case when app_metadata -> 'providers' ? 'phone' then app_metadata
                                   else app_metadata || jsonb_build_object(
                                       'provider', coalesce(app_metadata ->> 'provider', 'phone'),
                                       'providers', coalesce(app_metadata -> 'providers', '[]') || '["phone"]') end
         where id = %(user_id)s
        """,
        user_id=user_id,
        phone=phone,
    )

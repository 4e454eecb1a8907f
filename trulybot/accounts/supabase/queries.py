"""The people and sessions of a Supabase project, in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.kit.db import Tx

# A session's last use is written at most this often, to spare every request a write.
USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Known:
    """user_id: None for somebody who was deleted here. email: as we have it, "" for none."""

    user_id: UUID | None
    email: str
    told_at: datetime


async def known(tx: Tx, *, issuer: str, subject: UUID) -> Known | None:
    return await tx.maybe(
        Known,
        """
        select p.user_id, coalesce(u.email, '') as email, p.told_at
          from trulybot_auth.supabase_people p
          left join trulybot_auth.users u on u.id = p.user_id
         where p.issuer = %(issuer)s
           and p.subject = %(subject)s
        """,
        issuer=issuer,
        subject=subject,
    )


async def note_session(tx: Tx, *, session_id: UUID, aal: str) -> bool:
    """Note that it is used, and what it has become; False when we see it for the first time."""
    return bool(
        await tx.value(
            """
            with used as (
                update trulybot_auth.sessions
                   set used_at = now(), aal = greatest(aal, %(aal)s)
                 where id = %(session_id)s
                   and (used_at < now() - %(every)s or aal < %(aal)s)
            )
            select exists (select from trulybot_auth.supabase_sessions where session_id = %(session_id)s)
            """,
            session_id=session_id,
            aal=aal,
            every=USE_NOTED_EVERY,
        )
    )


async def lock(tx: Tx, *, issuer: str, subject: UUID) -> None:
    """Wait for whoever is keeping this person at the moment."""
    await tx.run(
        "select pg_advisory_xact_lock(hashtextextended(%(who)s, 0))", who=f"supabase person {issuer} {subject}"
    )


async def add_person(
    tx: Tx, *, user_id: UUID, email: str, user_metadata: Mapping[str, Any], is_anonymous: bool
) -> bool:
    """
    A new person; without their email when somebody else here has it. False when the id is taken,
    or just now the email.

    The project confirms addresses or does not, as it is set, so nobody is joined to the person by theirs.
    """
    return bool(
        await tx.run(
            """
            insert into trulybot_auth.users
                   (id, email, app_metadata, user_metadata, is_anonymous, email_confirmed_at, email_autoconfirmed,
                    last_sign_in_at)
            select %(user_id)s, free.email, %(app_metadata)s, %(user_metadata)s, %(is_anonymous)s,
                   case when free.email is not null then now() end, free.email is not null, now()
              from (select case when not exists (select from trulybot_auth.users where lower(email) = %(email)s)
                                then nullif(%(email)s::text, '') end as email) free
                on conflict do nothing
            """,
            user_id=user_id,
            email=email,
            app_metadata=Jsonb({"provider": "supabase", "providers": ["supabase"]}),
            user_metadata=Jsonb(user_metadata),
            is_anonymous=is_anonymous,
        )
    )


async def keep_person(tx: Tx, *, issuer: str, subject: UUID, user_id: UUID, told_at: int) -> None:
    await tx.run(
        """
        insert into trulybot_auth.supabase_people (issuer, subject, user_id, told_at)
        values (%(issuer)s, %(subject)s, %(user_id)s, to_timestamp(%(told_at)s))
        """,
        issuer=issuer,
        subject=subject,
        user_id=user_id,
        told_at=told_at,
    )


async def readdress(tx: Tx, *, issuer: str, subject: UUID, email: str, told_at: int) -> UUID | None:
    """Whose email it is now; None when a newer token has told, or somebody else here has it."""
    user_id: UUID | None = await tx.value(
        """
        with told as (
            update trulybot_auth.supabase_people
               set told_at = to_timestamp(%(told_at)s)
             where issuer = %(issuer)s
               and subject = %(subject)s
               and told_at < to_timestamp(%(told_at)s)
         returning user_id
        )
        update trulybot_auth.users u
           set email = %(email)s, email_confirmed_at = now(), email_autoconfirmed = true, updated_at = now()
          from told
         where u.id = told.user_id
           and u.deleted_at is null
           and not exists (select from trulybot_auth.users other where lower(other.email) = %(email)s)
        returning u.id
        """,
        issuer=issuer,
        subject=subject,
        email=email,
        told_at=told_at,
    )
    return user_id


async def add_session(tx: Tx, *, session_id: UUID, user_id: UUID, aal: str, amr: Sequence[Mapping[str, Any]]) -> None:
    """Keep a session that we see for the first time; nothing when another request has just done so."""
    await tx.run(
        """
        with seen as (
            insert into trulybot_auth.supabase_sessions (session_id, user_id)
            values (%(session_id)s, %(user_id)s)
                on conflict (session_id) do nothing
         returning session_id
        )
        insert into trulybot_auth.sessions (id, user_id, aal, amr)
        select session_id, %(user_id)s, %(aal)s, %(amr)s
          from seen
        """,
        session_id=session_id,
        user_id=user_id,
        aal=aal,
        amr=Jsonb(list(amr)),
    )

"""Sessions and their tokens, in SQL."""

from datetime import timedelta
from uuid import UUID

from trulybot.accounts.models import Device, OpenSession, Person, Secret, Session, Standing, TokenPlace
from trulybot.kit.db import Tx

# However busy, a session ends; however young, an idle one does. The next sign-in clears the ended ones away.
LIFETIME = timedelta(days=30)
IDLE = timedelta(days=7)

# How long a browser that knows the password may take to show the second factor.
HALF_WAY = timedelta(minutes=15)

# A change of email or password within a day of signing in needs no password once more.
FRESH = timedelta(hours=24)

# A session's last use is written at most this often, to spare every page a write.
USE_NOTED_EVERY = timedelta(hours=1)

# How long a refresh waits for another of the same session.
LOCK_WAIT = "5s"


async def add(
    tx: Tx, *, id: UUID, user_id: UUID, method: str, device: Device, cookie_hash: bytes | None = None
) -> Session:
    return await tx.one(
        Session,
        """
        insert into trulybot_auth.sessions (id, user_id, cookie_hash, amr, user_agent, address)
        values (%(id)s, %(user_id)s, %(cookie_hash)s,
                jsonb_build_array(
                    jsonb_build_object('method', %(method)s::text, 'timestamp', extract(epoch from now())::bigint)),
                %(user_agent)s, %(address)s)
        returning id, user_id, refresh_counter, created_at, false as is_over, aal, amr
        """,
        id=id,
        user_id=user_id,
        cookie_hash=cookie_hash,
        method=method,
        user_agent=device.user_agent,
        address=device.address,
    )


async def clear_ended(tx: Tx, user_id: UUID) -> None:
    await tx.run(
        """
        delete from trulybot_auth.sessions
         where user_id = %(user_id)s
           and (created_at < now() - %(lifetime)s or used_at < now() - %(idle)s)
        """,
        user_id=user_id,
        lifetime=LIFETIME,
        idle=IDLE,
    )


async def standing(tx: Tx, *, user_id: UUID, session_id: UUID) -> Standing | None:
    return await tx.maybe(
        Standing,
        """
        select coalesce(u.email, '') as email, coalesce(u.banned_until > now(), false) as is_banned,
               exists (select from trulybot_auth.factors f
                        where f.user_id = u.id and f.status = 'verified') as has_factor,
               (select s.aal
                  from trulybot_auth.sessions s
                 where s.id = %(session_id)s
                   and s.user_id = u.id
                   and s.created_at > now() - %(lifetime)s) as aal
          from trulybot_auth.users u
         where u.id = %(user_id)s
           and u.deleted_at is null
        """,
        user_id=user_id,
        session_id=session_id,
        lifetime=LIFETIME,
    )


async def person_by_cookie(tx: Tx, cookie_hash: bytes) -> Person | None:
    return await tx.maybe(
        Person,
        """
        with found as (
            select s.id, s.used_at, s.created_at, s.aal, u.id as user_id, coalesce(u.email, '') as email,
                   exists (select from trulybot_auth.factors f
                            where f.user_id = u.id and f.status = 'verified') as has_factor
              from trulybot_auth.sessions s
              join trulybot_auth.users u on u.id = s.user_id
             where s.cookie_hash = %(cookie_hash)s
               and s.created_at > now() - %(lifetime)s
               and s.used_at > now() - %(idle)s
               and u.deleted_at is null
               and coalesce(u.banned_until <= now(), true)
        ),
        noted as (
            update trulybot_auth.sessions
               set used_at = now()
             where id = (select id from found where used_at < now() - %(every)s)
        )
        select user_id, email, id as session_id, aal, has_factor
          from found
         where aal = 'aal2' or not has_factor or created_at > now() - %(half_way)s
        """,
        cookie_hash=cookie_hash,
        lifetime=LIFETIME,
        idle=IDLE,
        every=USE_NOTED_EVERY,
        half_way=HALF_WAY,
    )


async def secret(tx: Tx, person: Person) -> Secret:
    return await tx.one(
        Secret,
        """
        select u.password_hash, s.created_at > now() - %(fresh)s as is_fresh
          from trulybot_auth.sessions s
          join trulybot_auth.users u on u.id = s.user_id
         where s.id = %(session_id)s
        """,
        session_id=person.session_id,
        fresh=FRESH,
    )


async def place(tx: Tx, token_hash: bytes) -> TokenPlace | None:
    return await tx.maybe(
        TokenPlace,
        "select session_id, counter from trulybot_auth.refresh_tokens where hash = %(hash)s",
        hash=token_hash,
    )


async def lock(tx: Tx, session_id: UUID) -> Session | None:
    """The session once every other refresh of it has ended; psycopg raises LockNotAvailable after LOCK_WAIT."""
    await tx.run("select set_config('lock_timeout', %(wait)s, true)", wait=LOCK_WAIT)
    return await tx.maybe(
        Session,
        """
        select id, user_id, refresh_counter, created_at,
               created_at < now() - %(lifetime)s or used_at < now() - %(idle)s as is_over, aal, amr
          from trulybot_auth.sessions
         where id = %(session_id)s
           for update
        """,
        session_id=session_id,
        lifetime=LIFETIME,
        idle=IDLE,
    )


async def was_just_used(tx: Tx, place: TokenPlace, *, within_seconds: int) -> bool:
    return bool(
        await tx.value(
            """
            select used_at > now() - make_interval(secs => %(seconds)s)
              from trulybot_auth.refresh_tokens
             where session_id = %(session_id)s
               and counter = %(counter)s
            """,
            session_id=place.session_id,
            counter=place.counter,
            seconds=within_seconds,
        )
    )


async def add_token(tx: Tx, *, session_id: UUID, counter: int, hash: bytes) -> None:
    """Put this token in force in place of the one before it."""
    await tx.run(
        """
        with used as (
            update trulybot_auth.refresh_tokens
               set used_at = now()
             where session_id = %(session_id)s
               and counter = %(counter)s - 1
        ),
        added as (
            insert into trulybot_auth.refresh_tokens (session_id, counter, hash)
            values (%(session_id)s, %(counter)s, %(hash)s)
        )
        update trulybot_auth.sessions
           set refresh_counter = %(counter)s, used_at = now()
         where id = %(session_id)s
        """,
        session_id=session_id,
        counter=counter,
        hash=hash,
    )


async def end(tx: Tx, session_id: UUID) -> None:
    await tx.run("delete from trulybot_auth.sessions where id = %(session_id)s", session_id=session_id)


async def end_all(tx: Tx, user_id: UUID, *, but: UUID | None = None) -> None:
    await tx.run(
        """
        delete from trulybot_auth.sessions
         where user_id = %(user_id)s
           and id is distinct from %(but)s::uuid
        """,
        user_id=user_id,
        but=but,
    )


async def open_of(tx: Tx, person: Person) -> list[OpenSession]:
    """Every session of the person that lives, the last used first."""
    return await tx.all(
        OpenSession,
        """
        select id, user_agent, address, aal, created_at, used_at as last_used_at,
               id = %(session_id)s as is_current
          from trulybot_auth.sessions
         where user_id = %(user_id)s
           and created_at > now() - %(lifetime)s
           and used_at > now() - %(idle)s
         order by is_current desc, used_at desc, id
        """,
        user_id=person.user_id,
        session_id=person.session_id,
        lifetime=LIFETIME,
        idle=IDLE,
    )


async def end_own(tx: Tx, user_id: UUID, session_id: UUID) -> bool:
    """Whether there was one of theirs."""
    return bool(
        await tx.run(
            "delete from trulybot_auth.sessions where user_id = %(user_id)s and id = %(session_id)s",
            user_id=user_id,
            session_id=session_id,
        )
    )


async def sweep(tx: Tx) -> None:
    """Forget every session that has ended by itself. For the worker."""
    await tx.run("select private.sweep_sessions()")


async def end_by_cookie(tx: Tx, cookie_hash: bytes) -> None:
    await tx.run("delete from trulybot_auth.sessions where cookie_hash = %(cookie_hash)s", cookie_hash=cookie_hash)

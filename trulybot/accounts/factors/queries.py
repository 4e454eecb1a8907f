"""Factors, challenges and recovery codes, in SQL."""

from datetime import timedelta
from uuid import UUID

from trulybot.accounts.factors.models import Challenge, Sealed
from trulybot.accounts.models import Factor, Session
from trulybot.kit.db import Tx

# What was begun and never finished makes room again; long enough to find the phone in another room.
UNVERIFIED_KEPT = timedelta(hours=1)
CHALLENGE_LIVES = timedelta(seconds=300)
MOST_ATTEMPTS = 5


async def hold(tx: Tx, user_id: UUID) -> None:
    """Others who change the same person's factors wait for this transaction."""
    await tx.run("select from trulybot_auth.users where id = %(user_id)s for update", user_id=user_id)


async def of(tx: Tx, user_id: UUID) -> list[Factor]:
    return await tx.all(
        Factor,
        """
        select id, user_id, friendly_name, factor_type, status, last_challenged_at, created_at, updated_at
          from trulybot_auth.factors
         where user_id = %(user_id)s
         order by created_at, id
        """,
        user_id=user_id,
    )


async def add(tx: Tx, *, id: UUID, user_id: UUID, friendly_name: str, seed: bytes) -> None:
    """psycopg raises UniqueViolation when another has the name."""
    await tx.run(
        """
        insert into trulybot_auth.factors (id, user_id, friendly_name, seed)
        values (%(id)s, %(user_id)s, %(friendly_name)s, %(seed)s)
        """,
        id=id,
        user_id=user_id,
        friendly_name=friendly_name,
        seed=seed,
    )


async def sealed(tx: Tx, user_id: UUID, factor_id: UUID) -> Sealed | None:
    return await tx.maybe(
        Sealed,
        """
        select id, seed, status, friendly_name
          from trulybot_auth.factors
         where user_id = %(user_id)s
           and id = %(factor_id)s
        """,
        user_id=user_id,
        factor_id=factor_id,
    )


async def remove(tx: Tx, user_id: UUID, factor_id: UUID) -> bool:
    """Sessions that were raised by it fall back to aal1."""
    return bool(
        await tx.value(
            """
            with lowered as (
                update trulybot_auth.sessions
                   set aal = 'aal1', factor_id = null,
                       amr = (select coalesce(jsonb_agg(entry order by place), '[]')
                                from jsonb_array_elements(amr) with ordinality as entries (entry, place)
                               where entry ->> 'method' <> 'totp')
                 where user_id = %(user_id)s
                   and factor_id = %(factor_id)s
            ),
            removed as (
                delete from trulybot_auth.factors
                 where user_id = %(user_id)s
                   and id = %(factor_id)s
             returning id
            )
            select count(*) from removed
            """,
            user_id=user_id,
            factor_id=factor_id,
        )
    )


async def rename(tx: Tx, user_id: UUID, factor_id: UUID, friendly_name: str) -> None:
    """psycopg raises UniqueViolation when another has the name."""
    await tx.run(
        """
        update trulybot_auth.factors
           set friendly_name = %(friendly_name)s, updated_at = now()
         where user_id = %(user_id)s
           and id = %(factor_id)s
        """,
        user_id=user_id,
        factor_id=factor_id,
        friendly_name=friendly_name,
    )


async def forget_unverified(tx: Tx, user_id: UUID, *, but: UUID | None = None, all: bool = False) -> None:
    """all: also those that were begun just now."""
    await tx.run(
        """
        delete from trulybot_auth.factors
         where user_id = %(user_id)s
           and status = 'unverified'
           and id is distinct from %(but)s::uuid
           and (%(all)s or created_at < now() - %(kept)s)
        """,
        user_id=user_id,
        but=but,
        all=all,
        kept=UNVERIFIED_KEPT,
    )


async def add_challenge(tx: Tx, *, id: UUID, factor_id: UUID, address: str) -> Challenge:
    """Challenges that are over make room."""
    return await tx.one(
        Challenge,
        """
        with over as (
            delete from trulybot_auth.challenges
             where factor_id = %(factor_id)s
               and created_at < now() - %(lives)s
        ),
        noted as (
            update trulybot_auth.factors
               set last_challenged_at = now()
             where id = %(factor_id)s
        )
        insert into trulybot_auth.challenges (id, factor_id, address)
        values (%(id)s, %(factor_id)s, %(address)s)
        returning id, address, attempts, created_at + %(lives)s as expires_at, false as is_over
        """,
        id=id,
        factor_id=factor_id,
        address=address,
        lives=CHALLENGE_LIVES,
    )


async def attempt(tx: Tx, *, id: UUID, factor_id: UUID) -> Challenge | None:
    """The challenge, with one more attempt counted before anyone looks at the code."""
    return await tx.maybe(
        Challenge,
        """
        update trulybot_auth.challenges
           set attempts = least(attempts + 1, 1000)
         where id = %(id)s
           and factor_id = %(factor_id)s
     returning id, address, attempts, created_at + %(lives)s as expires_at,
               created_at < now() - %(lives)s or attempts > %(most)s as is_over
        """,
        id=id,
        factor_id=factor_id,
        lives=CHALLENGE_LIVES,
        most=MOST_ATTEMPTS,
    )


async def use_code(tx: Tx, factor_id: UUID, *, step: int) -> bool:
    """
    Take a right code; False when it, or a later one, was taken before, also at this very moment.

    The factor is verified from here on, and its challenges are over.
    """
    return bool(
        await tx.value(
            """
            with used as (
                update trulybot_auth.factors
                   set last_used_step = %(step)s, status = 'verified', updated_at = now()
                 where id = %(factor_id)s
                   and last_used_step < %(step)s
             returning id
            ),
            over as (
                delete from trulybot_auth.challenges
                 where factor_id = (select id from used)
            )
            select count(*) from used
            """,
            factor_id=factor_id,
            step=step,
        )
    )


async def raise_session(
    tx: Tx, session_id: UUID, *, method: str, factor_id: UUID | None = None, cookie_hash: bytes | None = None
) -> Session:
    """
    The session at aal2; every other of the person that is not ends, and so does what this one was refreshed by.

    cookie_hash: of the secret that a browser's session lives by from now on.
    """
    return await tx.one(
        Session,
        """
        with raised as (
            update trulybot_auth.sessions
               set aal = 'aal2', used_at = now(),
                   factor_id = coalesce(%(factor_id)s::uuid, factor_id),
                   cookie_hash = coalesce(%(cookie_hash)s::bytea, cookie_hash),
                   amr = jsonb_build_array(
                             jsonb_build_object('method', %(method)s::text,
                                                'timestamp', extract(epoch from now())::bigint))
                         || (select coalesce(jsonb_agg(entry order by place), '[]')
                               from jsonb_array_elements(amr) with ordinality as entries (entry, place)
                              where entry ->> 'method' <> %(method)s)
             where id = %(session_id)s
         returning id, user_id, refresh_counter, created_at, aal, amr
        ),
        spent as (
            delete from trulybot_auth.refresh_tokens
             where session_id = %(session_id)s
        ),
        ended as (
            delete from trulybot_auth.sessions
             where user_id = (select user_id from raised)
               and aal = 'aal1'
               and id <> %(session_id)s
        )
        select id, user_id, refresh_counter, created_at, false as is_over, aal, amr
          from raised
        """,
        session_id=session_id,
        method=method,
        factor_id=factor_id,
        cookie_hash=cookie_hash,
    )


async def replace_recovery_codes(tx: Tx, user_id: UUID, hashes: list[bytes]) -> None:
    await tx.run("delete from trulybot_auth.recovery_codes where user_id = %(user_id)s", user_id=user_id)
    await tx.run(
        """
        insert into trulybot_auth.recovery_codes (user_id, hash)
        select %(user_id)s, unnest(%(hashes)s::bytea[])
        """,
        user_id=user_id,
        hashes=hashes,
    )


async def use_recovery_code(tx: Tx, user_id: UUID, hash: bytes) -> bool:
    return bool(
        await tx.run(
            """
            update trulybot_auth.recovery_codes
               set used_at = now()
             where user_id = %(user_id)s
               and hash = %(hash)s
               and used_at is null
            """,
            user_id=user_id,
            hash=hash,
        )
    )


async def recovery_codes_left(tx: Tx, user_id: UUID) -> int:
    return int(
        await tx.value(
            "select count(*) from trulybot_auth.recovery_codes where user_id = %(user_id)s and used_at is null",
            user_id=user_id,
        )
    )

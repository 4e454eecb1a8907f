"""One-time tokens and PKCE flows, in SQL."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from trulybot.accounts.one_time.models import Flow, Kind, Taken, Tried
from trulybot.kit.db import Tx

# A flow that nobody ended is of no use after the mail that began it has expired.
FLOW_KEPT = timedelta(days=2)


async def keep(
    tx: Tx,
    *,
    user_id: UUID,
    kind: Kind,
    address: str,
    code_hash: bytes,
    link_hash: bytes | None,
    flow_id: UUID | None,
    seconds: int,
) -> None:
    """In place of the one before of the same kind."""
    await tx.run(
        """
        insert into trulybot_auth.one_time_tokens
               (user_id, kind, address, code_hash, link_hash, flow_id, expires_at)
        values (%(user_id)s, %(kind)s, %(address)s, %(code_hash)s, %(link_hash)s, %(flow_id)s,
                now() + make_interval(secs => %(seconds)s))
            on conflict (user_id, kind)
            do update set address = excluded.address, code_hash = excluded.code_hash,
                          link_hash = excluded.link_hash, flow_id = excluded.flow_id, tries = 0,
                          created_at = now(), expires_at = excluded.expires_at
        """,
        user_id=user_id,
        kind=kind,
        address=address,
        code_hash=code_hash,
        link_hash=link_hash,
        flow_id=flow_id,
        seconds=seconds,
    )


async def try_code(tx: Tx, *, user_id: UUID, kind: Kind, address: str, most_tries: int) -> Tried | None:
    """Count one more try of the code, before anyone knows whether it is right: tries at once all count."""
    return await tx.maybe(
        Tried,
        """
        update trulybot_auth.one_time_tokens
           set tries = tries + 1
         where user_id = %(user_id)s
           and kind = %(kind)s
           and address = %(address)s
           and tries < %(most_tries)s
           and expires_at > now()
        returning code_hash, flow_id
        """,
        user_id=user_id,
        kind=kind,
        address=address,
        most_tries=most_tries,
    )


async def remove(tx: Tx, user_id: UUID, kind: Kind, *, code_hash: bytes) -> bool:
    """False when somebody else has just taken it."""
    return bool(
        await tx.run(
            """
            delete from trulybot_auth.one_time_tokens
             where user_id = %(user_id)s
               and kind = %(kind)s
               and code_hash = %(code_hash)s
            """,
            user_id=user_id,
            kind=kind,
            code_hash=code_hash,
        )
    )


async def take_link(tx: Tx, link_hash: bytes, kinds: Sequence[Kind]) -> Taken | None:
    return await tx.maybe(
        Taken,
        """
        delete from trulybot_auth.one_time_tokens
         where link_hash = %(link_hash)s
           and kind = any (%(kinds)s)
           and expires_at > now()
        returning user_id, kind, address, flow_id
        """,
        link_hash=link_hash,
        kinds=list(kinds),
    )


async def end_all(tx: Tx, user_id: UUID, *kinds: Kind) -> None:
    """Those of these kinds; or all, with the authorization codes that one of them has ended in."""
    await tx.run(
        """
        with flows as (
            delete from trulybot_auth.flow_states
             where user_id = %(user_id)s
               and %(all)s
        )
        delete from trulybot_auth.one_time_tokens
         where user_id = %(user_id)s
           and (kind = any (%(kinds)s) or %(all)s)
        """,
        user_id=user_id,
        kinds=list(kinds),
        all=not kinds,
    )


async def add_flow(tx: Tx, *, id: UUID, challenge: str, method: str, authentication_method: str) -> None:
    await tx.run(
        """
        with cleared as (
            delete from trulybot_auth.flow_states where created_at < now() - %(kept)s
        )
        insert into trulybot_auth.flow_states (id, challenge, method, authentication_method)
        values (%(id)s, %(challenge)s, %(method)s, %(authentication_method)s)
        """,
        id=id,
        challenge=challenge,
        method=method,
        authentication_method=authentication_method,
        kept=FLOW_KEPT,
    )


async def issue_code(tx: Tx, flow_id: UUID, *, user_id: UUID, code_hash: bytes) -> bool:
    """False when the flow is gone, or has its code already."""
    return bool(
        await tx.run(
            """
            update trulybot_auth.flow_states
               set user_id = %(user_id)s, code_hash = %(code_hash)s, code_issued_at = now()
             where id = %(id)s
               and code_hash is null
            """,
            id=flow_id,
            user_id=user_id,
            code_hash=code_hash,
        )
    )


async def flow_by_code(tx: Tx, code_hash: bytes, *, seconds: int) -> Flow | None:
    """Held for this transaction, so that two who bring the same code do not both find it."""
    return await tx.maybe(
        Flow,
        """
        select id, user_id, challenge, method, authentication_method,
               code_issued_at < now() - make_interval(secs => %(seconds)s) as is_over
          from trulybot_auth.flow_states
         where code_hash = %(code_hash)s
           for update
        """,
        code_hash=code_hash,
        seconds=seconds,
    )


async def remove_flow(tx: Tx, flow_id: UUID) -> None:
    await tx.run("delete from trulybot_auth.flow_states where id = %(id)s", id=flow_id)


async def note_sent(tx: Tx, user_id: UUID, kind: Kind, *, invited: bool = False) -> None:
    """When the person was last sent one of these, as the API shows it."""
    await tx.run(
        """
        update trulybot_auth.users
           set confirmation_sent_at = case when %(kind)s in ('confirmation', 'phone_confirmation') then now()
                                           else confirmation_sent_at end,
               invited_at = case when %(invited)s then now() else invited_at end,
               recovery_sent_at = case when %(kind)s in ('recovery', 'magic_link') then now()
                                       else recovery_sent_at end,
               email_change_sent_at = case when %(kind)s in ('email_change_current', 'email_change_new') then now()
                                           else email_change_sent_at end,
               phone_change_sent_at = case when %(kind)s = 'phone_change' then now() else phone_change_sent_at end,
               reauthentication_sent_at = case when %(kind)s = 'reauthentication' then now()
                                               else reauthentication_sent_at end
         where id = %(user_id)s
        """,
        user_id=user_id,
        kind=kind,
        invited=invited,
    )


async def confirm(tx: Tx, user_id: UUID, *, by_phone: bool = False, forgets_password: bool = False) -> None:
    """
    The person has shown that the email or the phone is theirs.

    forgets_password: whoever chose it before has shown no such thing.
    """
    await tx.run(
        """
        with confirmed as (
            update trulybot_auth.users
               set email_confirmed_at = case when %(by_phone)s then email_confirmed_at
                                             else coalesce(email_confirmed_at, now()) end,
                   phone_confirmed_at = case when %(by_phone)s then coalesce(phone_confirmed_at, now())
                                             else phone_confirmed_at end,
                   password_hash = case when %(forgets_password)s and email_confirmed_at is null
                                             and phone_confirmed_at is null then null
                                        else password_hash end,
                   last_sign_in_at = now(),
                   updated_at = now()
             where id = %(user_id)s
        )
        update trulybot_auth.identities
           set identity_data = identity_data || jsonb_build_object(
                   case when %(by_phone)s then 'phone_verified' else 'email_verified' end, true),
               last_sign_in_at = now(),
               updated_at = now()
         where user_id = %(user_id)s
           and provider = case when %(by_phone)s then 'phone' else 'email' end
        """,
        user_id=user_id,
        by_phone=by_phone,
        forgets_password=forgets_password,
    )


async def begin_email_change(tx: Tx, user_id: UUID, *, new_email: str, awaits: int) -> None:
    """awaits: how many of the two addresses have to confirm."""
    await tx.run(
        """
        update trulybot_auth.users
           set new_email = %(new_email)s, email_change_awaits = %(awaits)s, updated_at = now()
         where id = %(user_id)s
        """,
        user_id=user_id,
        new_email=new_email,
        awaits=awaits,
    )


async def confirm_email_change(tx: Tx, user_id: UUID) -> int:
    """One of the addresses has confirmed; how many still have to."""
    left: int = await tx.value(
        """
        update trulybot_auth.users
           set email_change_awaits = greatest(email_change_awaits - 1, 0), updated_at = now()
         where id = %(user_id)s
        returning email_change_awaits
        """,
        user_id=user_id,
    )
    return left


async def begin_phone_change(tx: Tx, user_id: UUID, *, new_phone: str) -> None:
    await tx.run(
        "update trulybot_auth.users set new_phone = %(new_phone)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        new_phone=new_phone,
    )

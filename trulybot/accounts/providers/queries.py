"""Identities at providers and the sign-ins under way, in SQL."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.accounts.models import Identity
from trulybot.accounts.providers.models import Flow, Owner
from trulybot.kit.db import Tx

# Somebody may have to find their password or their phone first.
FLOW_KEPT = timedelta(minutes=10)

# As long as the code that fetches them is good.
TOKENS_KEPT = timedelta(minutes=5)


async def add_flow(tx: Tx, state_hash: bytes, flow: Flow) -> None:
    await tx.run(
        """
        with cleared as (
            delete from trulybot_auth.provider_flows where created_at < now() - %(kept)s
        )
        insert into trulybot_auth.provider_flows
               (state_hash, provider, browser_hash, user_id, redirect_to, is_page, flow_id)
        values (%(state_hash)s, %(provider)s, %(browser_hash)s, %(user_id)s, %(redirect_to)s, %(is_page)s, %(flow_id)s)
        """,
        state_hash=state_hash,
        provider=flow.provider,
        browser_hash=flow.browser_hash,
        user_id=flow.user_id,
        redirect_to=flow.redirect_to,
        is_page=flow.is_page,
        flow_id=flow.flow_id,
        kept=FLOW_KEPT,
    )


async def take_flow(tx: Tx, state_hash: bytes) -> Flow | None:
    return await tx.maybe(
        Flow,
        """
        with taken as (
            delete from trulybot_auth.provider_flows
             where state_hash = %(state_hash)s
         returning provider, browser_hash, user_id, redirect_to, is_page, flow_id, created_at
        )
        select provider, browser_hash, user_id, redirect_to, is_page, flow_id
          from taken
         where created_at > now() - %(kept)s
        """,
        state_hash=state_hash,
        kept=FLOW_KEPT,
    )


async def keep_tokens(tx: Tx, code_hash: bytes, sealed: bytes) -> None:
    await tx.run(
        """
        with cleared as (
            delete from trulybot_auth.provider_tokens where created_at < now() - %(kept)s
        )
        insert into trulybot_auth.provider_tokens (code_hash, sealed) values (%(code_hash)s, %(sealed)s)
        """,
        code_hash=code_hash,
        sealed=sealed,
        kept=TOKENS_KEPT,
    )


async def take_tokens(tx: Tx, code_hash: bytes) -> bytes | None:
    sealed: bytes | None = await tx.value(
        "delete from trulybot_auth.provider_tokens where code_hash = %(code_hash)s returning sealed",
        code_hash=code_hash,
    )
    return sealed


async def lock(tx: Tx, provider: str, subject: str) -> None:
    """Wait for whoever comes in by the same identity at this moment."""
    await tx.run("select pg_advisory_xact_lock(hashtextextended(%(who)s, 0))", who=f"identity {provider} {subject}")


async def owner(tx: Tx, provider: str, subject: str) -> Owner | None:
    """Whose identity it is."""
    return await tx.maybe(
        Owner,
        """
        select u.id as user_id, coalesce(u.banned_until > now(), false) as is_banned,
               u.deleted_at is not null as is_deleted, true as is_proven
          from trulybot_auth.identities i
          join trulybot_auth.users u on u.id = i.user_id
         where i.provider = %(provider)s
           and i.provider_id = %(subject)s
        """,
        provider=provider,
        subject=subject,
    )


async def owner_of_email(tx: Tx, email: str) -> Owner | None:
    """Who has an email, held for this transaction, so that it stays theirs while somebody is joined to them by it."""
    return await tx.maybe(
        Owner,
        """
        select id as user_id, coalesce(banned_until > now(), false) as is_banned,
               deleted_at is not null as is_deleted,
               email_confirmed_at is not null and not email_autoconfirmed as is_proven
          from trulybot_auth.users
         where lower(email) = %(email)s
           for update
        """,
        email=email,
    )


async def add_user(
    tx: Tx, *, id: UUID, email: str, provider: str, user_metadata: Mapping[str, Any], is_proven: bool
) -> bool:
    """Keep a new person; False when somebody else has just taken the email."""
    return bool(
        await tx.run(
            """
            insert into trulybot_auth.users
                   (id, email, app_metadata, user_metadata, email_confirmed_at, email_autoconfirmed)
            values (%(id)s, %(email)s, %(app_metadata)s, %(user_metadata)s, now(), not %(is_proven)s)
                on conflict do nothing
            """,
            id=id,
            email=email,
            app_metadata=Jsonb({"provider": provider, "providers": [provider]}),
            user_metadata=Jsonb(user_metadata),
            is_proven=is_proven,
        )
    )


async def keep_identity(
    tx: Tx, *, id: UUID, user_id: UUID, provider: str, subject: str, data: Mapping[str, Any]
) -> None:
    """Add it, or bring it up to date, and note that the person signed in by it."""
    await tx.run(
        """
        with kept as (
            insert into trulybot_auth.identities (id, user_id, provider, provider_id, identity_data, last_sign_in_at)
            values (%(id)s, %(user_id)s, %(provider)s, %(subject)s, %(data)s, now())
                on conflict (provider, provider_id)
                do update set identity_data = excluded.identity_data, last_sign_in_at = now(), updated_at = now()
        )
        update trulybot_auth.users
           set last_sign_in_at = now(), updated_at = now(),
               -- Within what a token can carry, see `forms.LARGEST_METADATA`.
               user_metadata = case when octet_length((%(data)s::jsonb || user_metadata)::text) <= 4096
                                    then %(data)s::jsonb || user_metadata
                                    else user_metadata
                                end
         where id = %(user_id)s
        """,
        id=id,
        user_id=user_id,
        provider=provider,
        subject=subject,
        data=Jsonb(data),
    )


async def settle_anonymous(tx: Tx, user_id: UUID, *, email: str | None, is_proven: bool) -> bool:
    """Somebody without an email, perhaps anonymous until now, is known by this one. False when they had one."""
    return bool(
        await tx.run(
            """
            update trulybot_auth.users
               set is_anonymous = false, email = %(email)s,
                   email_confirmed_at = case when %(email)s::text is not null then now() end,
                   email_autoconfirmed = not %(is_proven)s
             where id = %(user_id)s
               and email is null
            """,
            user_id=user_id,
            email=email,
            is_proven=is_proven,
        )
    )


async def list_providers(tx: Tx, user_id: UUID) -> None:
    """Say in app_metadata which providers the person has, the oldest first."""
    await tx.run(
        """
        update trulybot_auth.users u
           set app_metadata = u.app_metadata
                           || jsonb_build_object('provider', named.names[1], 'providers', to_jsonb(named.names)),
               updated_at = now()
          from (select array_agg(provider order by began) as names
                  from (select provider, min(created_at) as began
                          from trulybot_auth.identities
                         where user_id = %(user_id)s
                         group by provider) each_one) named
         where u.id = %(user_id)s
           and named.names is not null
        """,
        user_id=user_id,
    )


async def hold(tx: Tx, user_id: UUID) -> None:
    """Keep others from changing this person's identities until the transaction ends."""
    await tx.run("select from trulybot_auth.users where id = %(user_id)s for update", user_id=user_id)


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


async def remove_identity(tx: Tx, id: UUID, *, user_id: UUID) -> None:
    """With the email identity goes the password, which would still open the account otherwise."""
    await tx.run(
        """
        with removed as (
            delete from trulybot_auth.identities
             where id = %(id)s
               and user_id = %(user_id)s
         returning provider
        )
        update trulybot_auth.users
           set password_hash = null, updated_at = now()
         where id = %(user_id)s
           and exists (select from removed where provider = 'email')
        """,
        id=id,
        user_id=user_id,
    )


async def set_email(tx: Tx, user_id: UUID, email: str, *, is_proven: bool) -> None:
    """psycopg raises UniqueViolation when it is taken."""
    await tx.run(
        """
        update trulybot_auth.users
           set email = %(email)s, email_confirmed_at = now(), email_autoconfirmed = not %(is_proven)s,
               updated_at = now()
         where id = %(user_id)s
        """,
        user_id=user_id,
        email=email,
        is_proven=is_proven,
    )

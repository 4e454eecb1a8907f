"""The conversations' SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.answers.models import Exchange
from trulybot.answers.traces import Trace
from trulybot.kit.db import Tx


@dataclass(frozen=True)
class Turn:
    """A question and, once there is one, its answer as it was sent."""

    id: UUID
    conversation_id: UUID
    question: str
    answer: dict[str, Any] | None
    is_held: bool


async def turn(tx: Tx, turn_id: UUID) -> Turn | None:
    return await tx.maybe(
        Turn,
        """
        select id, conversation_id, question, answer, coalesce(answering_until > now(), false) as is_held
          from turns
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
    )


async def history(tx: Tx, conversation_id: UUID, *, before: UUID | None, limit: int) -> list[Exchange]:
    """The last turns of a conversation, before one of them when it is given, oldest first."""
    turns = await tx.all(
        Exchange,
        """
        select question, answer ->> 'answer' as answer, coalesce((answer ->> 'answered')::boolean, false) as answered
          from turns
         where workspace_id = %(workspace_id)s
           and conversation_id = %(conversation_id)s
           and id is distinct from %(before)s
         order by created_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        conversation_id=conversation_id,
        before=before,
        limit=limit,
    )
    return turns[::-1]


async def is_there(tx: Tx, conversation_id: UUID) -> bool:
    """Whether it is a conversation that the caller may see."""
    return bool(
        await tx.all(
            _Id,
            "select id from conversations where workspace_id = %(workspace_id)s and id = %(conversation_id)s",
            workspace_id=tx.workspace_id,
            conversation_id=conversation_id,
        )
    )


@dataclass(frozen=True)
class _Id:
    id: UUID


async def touch(tx: Tx, conversation_id: UUID) -> bool:
    """Note that a conversation goes on; False when the caller has none with this id."""
    return bool(
        await tx.run(
            """
            update conversations
               set updated_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(conversation_id)s
            """,
            workspace_id=tx.workspace_id,
            conversation_id=conversation_id,
        )
    )


async def begin(
    tx: Tx, conversation_id: UUID, *, visitor_id: UUID | None, user_id: UUID | None, key_id: UUID | None
) -> None:
    await tx.run(
        """
        insert into conversations (id, visitor_id, user_id, key_id)
        values (%(id)s, %(visitor_id)s, %(user_id)s, %(key_id)s)
        """,
        id=conversation_id,
        visitor_id=visitor_id,
        user_id=user_id,
        key_id=key_id,
    )


async def keep_question(
    tx: Tx, turn_id: UUID, conversation_id: UUID, question: str, *, seconds: int
) -> datetime | None:
    """Until when its turn is held; None when a turn with this id is there already, whoever's it is."""
    until: datetime | None = await tx.value(
        """
        insert into turns (id, conversation_id, question, answering_until)
        values (%(id)s, %(conversation_id)s, %(question)s, now() + make_interval(secs => %(seconds)s))
            on conflict do nothing
        returning answering_until
        """,
        id=turn_id,
        conversation_id=conversation_id,
        question=question,
        seconds=seconds,
    )
    return until


async def hold(tx: Tx, turn_id: UUID, *, seconds: int) -> datetime | None:
    """Take a turn that nobody holds, and until when; None when another did."""
    until: datetime | None = await tx.value(
        """
        update turns
           set answering_until = now() + make_interval(secs => %(seconds)s)
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
           and answer is null
           and coalesce(answering_until <= now(), true)
        returning answering_until
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        seconds=seconds,
    )
    return until


async def hold_on(tx: Tx, turn_id: UUID, until: datetime | None, *, seconds: int) -> datetime | None:
    """Renew what is held `until`, and until when; None when it is held no more, or by another."""
    renewed: datetime | None = await tx.value(
        """
        update turns
           set answering_until = now() + make_interval(secs => %(seconds)s)
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
           and answering_until = %(until)s
        returning answering_until
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        until=until,
        seconds=seconds,
    )
    return renewed


async def let_go(tx: Tx, turn_id: UUID, until: datetime | None) -> None:
    """Let the next try have what is held `until`."""
    await tx.run(
        """
        update turns
           set answering_until = null
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
           and answering_until = %(until)s
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        until=until,
    )


async def documents_that_stay(tx: Tx, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those that are still there, and are not deleted before this transaction ends."""
    there: list[UUID] = await tx.value(
        "select array(select private.documents_that_stay(%(ids)s::uuid[]))", ids=sorted(set(ids))
    )
    return frozenset(there)


async def keep_answer(tx: Tx, turn_id: UUID, answer: dict[str, Any]) -> bool:
    """False when there is an answer already, which stands, or the turn is gone."""
    kept = await tx.run(
        """
        update turns
           set answer = %(answer)s, answered_at = now(), answering_until = null
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
           and answer is null
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        answer=Jsonb(answer),
    )
    return bool(kept)


async def keep_trace(tx: Tx, turn_id: UUID, trace: Trace, bot_version: int) -> None:
    """Keep what an answer was made from. A passage that an earlier answer read is there already."""
    await tx.run(
        """
        with read as (
            insert into passages_read (id, document, external_id, title, url, heading, text)
            select *
              from unnest(%(passages)s::uuid[], %(documents)s::uuid[], %(external_ids)s::text[], %(titles)s::text[],
                          %(urls)s::text[], %(headings)s::text[], %(texts)s::text[])
                on conflict do nothing
        )
        insert into turn_snapshots
               (turn_id, knowledge_version, bot_version, passages, scores, meanings, words, curated_answer)
        values (%(turn_id)s, %(knowledge_version)s, %(bot_version)s, %(passages)s::uuid[], %(scores)s::real[],
                %(meanings)s::real[], %(words)s::real[], %(curated_answer)s)
            on conflict do nothing
        """,
        turn_id=turn_id,
        knowledge_version=trace.knowledge_version,
        bot_version=bot_version,
        passages=[passage.passage_id for passage in trace.passages],
        documents=[passage.document_id for passage in trace.passages],
        external_ids=[passage.candidate.external_id for passage in trace.passages],
        titles=[passage.title for passage in trace.passages],
        urls=[passage.candidate.url for passage in trace.passages],
        headings=[passage.heading for passage in trace.passages],
        texts=[passage.text for passage in trace.passages],
        scores=[passage.score for passage in trace.passages],
        meanings=[passage.meaning for passage in trace.passages],
        words=[passage.words for passage in trace.passages],
        curated_answer=trace.curated_answer,
    )


async def language_of_a_question(tx: Tx, turn_id: UUID) -> str | None:
    """The language of a turn that was answered; None for small talk."""
    language: str | None = await tx.value(
        """
        select answer ->> 'language'
          from turns
         where workspace_id = %(workspace_id)s
           and id = %(turn_id)s
           and answer ->> 'intent' = 'question'
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
    )
    return language

"""
Curated answers that are held back until a golden set has been asked of them: the publish gate's side of the answers.

A change, or a removal, is a row of its own beside the answer that it concerns. Those of a file are held with it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.curated import queries
from trulybot.curated.models import CuratedAnswer, phrasings
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind


@dataclass(frozen=True)
class Held:
    """
    answers: how many are held that somebody wrote; those of a file are counted as their file. waiting: how many, of a
    file or not, are still to be found by meaning.
    """

    answers: int
    waiting: int
    changed_at: datetime | None


async def summary(tx: Tx) -> Held:
    return await tx.one(
        Held,
        """
        select count(*) filter (where document_id is null) as answers,
               count(*) filter (where exists (select
                                                from curated_phrasings p
                                               where p.workspace_id = a.workspace_id
                                                 and p.answer_id = a.id
                                                 and p.embedding is null)) as waiting,
               max(updated_at) as changed_at
          from curated_answers a
         where workspace_id = %(workspace_id)s
           and held
        """,
        workspace_id=tx.workspace_id,
    )


async def beside(tx: Tx, live: CuratedAnswer) -> CuratedAnswer:
    """The change of an answer that is held, or one that changes nothing yet. live: locked by the caller."""
    await _drop(tx, live.id, removals=True)
    held = await of(tx, live.id)
    if held is None:
        asked = phrasings(live.question, live.alternatives, live.answer)
        held = uuid7()
        change = queries.New(
            held, live.question, live.answer, asked, live.enabled, live.language, held=True, replaces=live.id
        )
        await queries.add(tx, [change])
    return await queries.get(tx, held)


async def drop_if_same(tx: Tx, held: CuratedAnswer) -> CuratedAnswer:
    """A change that was changed back holds nothing up. Answers with what counts then."""
    if held.replaces is None:
        return held
    live = await queries.get(tx, held.replaces)
    if _content(live) != _content(held):
        return held
    await queries.remove(tx, held.id)
    return live


async def remove(tx: Tx, live: CuratedAnswer) -> None:
    """Hold back that an answer goes, in the place of any change of it. live: locked by the caller."""
    await _drop(tx, live.id, removals=False)
    if await of(tx, live.id) is None:
        removal = queries.New(
            uuid7(), live.question, live.answer, [], False, live.language, held=True, replaces=live.id, removes=True
        )
        await queries.add(tx, [removal])


async def publish(tx: Tx) -> int:
    """Let what is held answer, in the place of what it replaces. Answers with how many answers."""
    await _lock(tx)
    count = (await summary(tx)).answers
    if not count:
        return 0
    workspace = {"workspace_id": tx.workspace_id}
    await tx.run(
        """
        select private.take_out_answers(array_agg(replaces))
          from curated_answers
         where workspace_id = %(workspace_id)s and removes
        """,
        **workspace,
    )
    await tx.run(
        """
        update curated_answers a
           set question = h.question, answer = h.answer, language = h.language, enabled = h.enabled, updated_at = now()
          from curated_answers h
         where h.workspace_id = %(workspace_id)s
           and a.workspace_id = h.workspace_id and a.id = h.replaces
        """,
        **workspace,
    )
    await tx.run(
        """
        delete from curated_phrasings p
         using curated_answers h
         where h.workspace_id = %(workspace_id)s
           and p.workspace_id = h.workspace_id and p.answer_id = h.replaces
        """,
        **workspace,
    )
    await tx.run(
        """
        insert into curated_phrasings (id, answer_id, place, text, wording_hash, embedding_model, embedding,
                                      english)
        select gen_random_uuid(), h.replaces, p.place, p.text, p.wording_hash, p.embedding_model, p.embedding, p.english
          from curated_answers h
          join curated_phrasings p on p.workspace_id = h.workspace_id and p.answer_id = h.id
         where h.workspace_id = %(workspace_id)s
           and h.replaces is not null
        """,
        **workspace,
    )
    await tx.run(
        "delete from curated_answers where workspace_id = %(workspace_id)s and replaces is not null", **workspace
    )
    await tx.run(
        """
        update curated_answers
           set held = false, updated_at = now()
         where workspace_id = %(workspace_id)s and held and document_id is null
        """,
        **workspace,
    )
    await versions.record(tx, Kind.ANSWERS_PUBLISHED, count=count)
    return count


async def withdraw(tx: Tx) -> int:
    """Give up what is held; what answers stays as it is. Answers with how many answers."""
    await _lock(tx)
    gone = "delete from curated_answers where workspace_id = %(workspace_id)s and held and document_id is null"
    return await tx.run(gone, workspace_id=tx.workspace_id)


async def publish_of(tx: Tx, *, over: dict[UUID, UUID], new: list[UUID]) -> None:
    """Let the answers of held files answer. over: the live documents whose place they take, by the held ones."""
    await tx.run(
        "select private.take_place_of_answers(%(held)s::uuid[], %(live)s::uuid[])",
        held=list(over),
        live=list(over.values()),
    )
    await tx.run(
        """
        update curated_answers
           set held = false
         where workspace_id = %(workspace_id)s
           and document_id = any (%(new)s)
        """,
        workspace_id=tx.workspace_id,
        new=new,
    )


async def _lock(tx: Tx) -> None:
    """What is held, and what it replaces."""
    await tx.run(
        """
        select
          from curated_answers a
         where workspace_id = %(workspace_id)s
           and (held or exists (select from curated_answers h
                                 where h.workspace_id = a.workspace_id and h.replaces = a.id))
         order by id
           for update
        """,
        workspace_id=tx.workspace_id,
    )


async def of(tx: Tx, live: UUID) -> UUID | None:
    """The change, or the removal, of an answer that is held."""
    found: UUID | None = await tx.value(
        "select id from curated_answers where workspace_id = %(workspace_id)s and replaces = %(live)s",
        workspace_id=tx.workspace_id,
        live=live,
    )
    return found


async def _drop(tx: Tx, live: UUID, *, removals: bool) -> None:
    await tx.run(
        """
        delete from curated_answers
         where workspace_id = %(workspace_id)s and replaces = %(live)s and removes = %(removals)s
        """,
        workspace_id=tx.workspace_id,
        live=live,
        removals=removals,
    )


def _content(answer: CuratedAnswer) -> tuple[object, ...]:
    return answer.question, answer.alternatives, answer.answer, answer.language, answer.enabled

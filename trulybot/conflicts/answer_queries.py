"""The conflicts' SQL that is about curated answers: which are new, and what is near them."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from trulybot.conflicts.models import Answered, NearAnswer, NearPassage, Passage
from trulybot.kit.db import Tx

NEIGHBOURS = 8  # of each kind, that an answer is compared with
ANSWERS = 16  # that a passage is compared with: it speaks of many things, and each answer of one


async def uncompared(tx: Tx, limit: int) -> list[Answered]:
    """Answers that nobody has looked through yet and that have their vectors, so that their neighbours are known."""
    return await tx.all(
        Answered,
        """
        select p.id, a.question, a.answer
          from curated_phrasings p
          join curated_answers a on a.workspace_id = p.workspace_id and a.id = p.answer_id
         where p.workspace_id = %(workspace_id)s
           and p.place < 0
           and p.compared_at is null
           and p.embedding is not null
           and not a.held
         order by p.id
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        limit=limit,
    )


async def passages_near(tx: Tx, ids: Sequence[UUID]) -> list[NearPassage]:
    """The passages that are nearest to answers."""
    return await tx.all(
        NearPassage,
        """
        select a.id as phrasing_id, p.id as passage_id, d.title, p.heading, p.text
          from curated_phrasings a
         cross join lateral (
               select v.passage_id
                 from passage_vectors v
                where v.workspace_id = %(workspace_id)s
                  and v.model = a.embedding_model
                order by v.embedding <=> a.embedding
                limit %(neighbours)s) n
          join passages p on p.workspace_id = a.workspace_id and p.id = n.passage_id and not p.held
          join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
         where a.workspace_id = %(workspace_id)s
           and a.id = any (%(ids)s)
        """,
        workspace_id=tx.workspace_id,
        ids=list(ids),
        neighbours=NEIGHBOURS,
    )


# {looked_at}: whose neighbours are looked for, as id, model, embedding.
_NEAR: LiteralString = """
    select one.id, n.id as phrasing_id, n.question, n.answer
      from ({looked_at}) one
     cross join lateral (
           select p.id, a.question, a.answer
             from curated_phrasings p
             join curated_answers a on a.workspace_id = p.workspace_id and a.id = p.answer_id
            where p.workspace_id = %(workspace_id)s
              and p.place < 0
              and p.embedding_model = one.model
              and p.id <> one.id
              and not a.held
            order by p.embedding <=> one.embedding
            limit %(most)s) n
"""


async def near_answers(tx: Tx, ids: Sequence[UUID]) -> list[NearAnswer]:
    """The other answers that are nearest to answers."""
    answers: LiteralString = """
        select id, embedding_model as model, embedding
          from curated_phrasings
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
    """
    query = _NEAR.replace("{looked_at}", answers)
    return await tx.all(NearAnswer, query, workspace_id=tx.workspace_id, ids=list(ids), most=NEIGHBOURS)


async def near_passages(tx: Tx, passages: Sequence[Passage]) -> list[NearAnswer]:
    """The answers that are nearest to passages."""
    looked_at: LiteralString = """
        select v.passage_id as id, v.model, v.embedding
          from knowledge k
          join passage_vectors v on v.workspace_id = k.workspace_id and v.model = k.embedding_model
         where k.workspace_id = %(workspace_id)s
           and v.passage_id = any (%(ids)s)
    """
    ids = [passage.id for passage in passages]
    query = _NEAR.replace("{looked_at}", looked_at)
    return await tx.all(NearAnswer, query, workspace_id=tx.workspace_id, ids=ids, most=ANSWERS)


async def note_compared(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.run(
        """
        update curated_phrasings
           set compared_at = now()
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
        """,
        workspace_id=tx.workspace_id,
        ids=list(ids),
    )

"""The golden sets' SQL. Their questions have `question_queries`, their runs `run_queries`."""

from typing import LiteralString
from uuid import UUID

from trulybot.evaluation.sets.models import Before, GoldenSet
from trulybot.kit.db import Tx

# questions: how many it holds.
_SETS: LiteralString = """
    select s.id, s.name, s.created_at,
           (select count(*) from golden_questions q
             where q.workspace_id = s.workspace_id and q.set_id = s.id)::int as questions
      from golden_sets s
     where s.workspace_id = %(workspace_id)s
"""


async def add_set(tx: Tx, set_id: UUID, name: str, created_by: UUID | None) -> bool:
    """False when there is one of this name."""
    return bool(
        await tx.run(
            """
            insert into golden_sets (id, name, created_by)
            values (%(id)s, %(name)s, %(created_by)s)
                on conflict (workspace_id, name) do nothing
            """,
            id=set_id,
            name=name,
            created_by=created_by,
        )
    )


async def get_set(tx: Tx, set_id: UUID) -> GoldenSet:
    return await tx.one(
        GoldenSet,
        _SETS
        + """
           and s.id = %(set_id)s
        """,
        workspace_id=tx.workspace_id,
        set_id=set_id,
    )


async def sets(tx: Tx, before: Before, limit: int) -> list[GoldenSet]:
    return await tx.all(
        GoldenSet,
        _SETS
        + """
           and (%(at)s::timestamptz is null or (s.created_at, s.id) < (%(at)s, %(id)s))
         order by s.created_at desc, s.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )


async def remove_set(tx: Tx, set_id: UUID) -> bool:
    return bool(
        await tx.run(
            "delete from golden_sets where workspace_id = %(workspace_id)s and id = %(set_id)s",
            workspace_id=tx.workspace_id,
            set_id=set_id,
        )
    )


async def is_of_the_gate(tx: Tx, set_id: UUID) -> bool:
    return bool(
        await tx.value(
            """
            select exists (select from publish_gates where workspace_id = %(workspace_id)s and set_id = %(set_id)s)
            """,
            workspace_id=tx.workspace_id,
            set_id=set_id,
        )
    )

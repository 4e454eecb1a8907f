"""The unanswered questions' SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.unanswered.models import Group, Waiting

_GROUPS: LiteralString = """
    select g.id, q.question, q.asked, q.languages, q.last_asked_at, g.created_at
      from unanswered_groups g
     cross join lateral (
            select (array_agg(t.question order by u.created_at, u.turn_id))[1] as question,
                   count(*)::int as asked,
                   array_agg(distinct u.language) as languages,
                   max(u.created_at) as last_asked_at
              from unanswered_questions u
              join turns t on t.workspace_id = u.workspace_id and t.id = u.turn_id
             where u.workspace_id = g.workspace_id
               and u.group_id = g.id) q
     where g.workspace_id = %(workspace_id)s
       and g.dismissed_at is null
       and q.asked > 0
"""


async def note(tx: Tx, turn_id: UUID, language: str) -> bool:
    """False when it was noted before."""
    return bool(
        await tx.run(
            """
            insert into unanswered_questions (turn_id, language)
            values (%(turn_id)s, %(language)s)
                on conflict do nothing
            """,
            turn_id=turn_id,
            language=language,
        )
    )


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Group]:
    """From new to old."""
    return await tx.all(
        Group,
        _GROUPS
        + """
           and (%(at)s::timestamptz is null or (g.created_at, g.id) < (%(at)s, %(id)s::uuid))
         order by g.created_at desc, g.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )


async def most_asked(tx: Tx, limit: int) -> list[Group]:
    return await tx.all(
        Group,
        _GROUPS + " order by q.asked desc, q.last_asked_at desc, g.id limit %(limit)s",
        workspace_id=tx.workspace_id,
        limit=limit,
    )


async def get(tx: Tx, group_id: UUID) -> Group:
    return await tx.one(Group, _GROUPS + " and g.id = %(id)s", workspace_id=tx.workspace_id, id=group_id)


async def questions(tx: Tx, group_id: UUID, limit: int) -> list[str]:
    """A group's different questions, in the order in which they were first asked."""
    found: list[str] = await tx.value(
        """
        select coalesce(array_agg(question order by first), '{}')
          from (select t.question, min(u.created_at) as first
                  from unanswered_questions u
                  join turns t on t.workspace_id = u.workspace_id and t.id = u.turn_id
                 where u.workspace_id = %(workspace_id)s
                   and u.group_id = %(group_id)s
                 group by t.question
                 order by first
                 limit %(limit)s) q
        """,
        workspace_id=tx.workspace_id,
        group_id=group_id,
        limit=limit,
    )
    return found


async def newest_turn(tx: Tx, group_id: UUID) -> UUID:
    """The turn in which a group's question was asked last."""
    found: UUID = await tx.value(
        """
        select turn_id
          from unanswered_questions
         where workspace_id = %(workspace_id)s
           and group_id = %(group_id)s
         order by created_at desc, turn_id desc
         limit 1
        """,
        workspace_id=tx.workspace_id,
        group_id=group_id,
    )
    return found


async def hold(tx: Tx, group_id: UUID) -> bool:
    """Lock an open group, so that it is answered or dismissed once; False when there is none."""
    query: LiteralString = """
        select true
          from unanswered_groups
         where workspace_id = %(workspace_id)s and id = %(id)s and dismissed_at is null
           for update
        """
    return bool(await tx.value(query, workspace_id=tx.workspace_id, id=group_id))


async def dismiss(tx: Tx, group_id: UUID) -> None:
    query: LiteralString = """
        update unanswered_groups set dismissed_at = now()
         where workspace_id = %(workspace_id)s and id = %(id)s
        """
    await tx.run(query, workspace_id=tx.workspace_id, id=group_id)


async def end(tx: Tx, group_id: UUID) -> None:
    query: LiteralString = "delete from unanswered_groups where workspace_id = %(workspace_id)s and id = %(id)s"
    await tx.run(query, workspace_id=tx.workspace_id, id=group_id)


async def waiting(tx: Tx, limit: int) -> list[Waiting]:
    return await tx.all(
        Waiting,
        """
        select u.turn_id, t.question
          from unanswered_questions u
          join turns t on t.workspace_id = u.workspace_id and t.id = u.turn_id
         where u.workspace_id = %(workspace_id)s
           and u.group_id is null
         order by u.created_at, u.turn_id
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        limit=limit,
    )


async def join(tx: Tx, turn_id: UUID, vector: Sequence[float], model: str, *, alike: float) -> bool:
    """Put a question into the group that it is most like, whose middle moves a little. False when none is like it."""
    return bool(
        await tx.run(
            """
            with nearest as (
                select g.id,
                       (select count(*)
                          from unanswered_questions u
                         where u.workspace_id = g.workspace_id and u.group_id = g.id) as size
                  from unanswered_groups g
                 where g.workspace_id = %(workspace_id)s
                   and g.embedding_model = %(model)s
                   and 1 - (g.embedding <=> %(vector)s::halfvec) >= %(alike)s
                 order by g.embedding <=> %(vector)s::halfvec
                 limit 1
            ), moved as (
                update unanswered_groups g
                   set embedding = l2_normalize((select avg(part) from unnest(
                           array_fill(g.embedding, array[least(n.size, 50)::int]) || %(vector)s::halfvec) part))
                  from nearest n
                 where g.workspace_id = %(workspace_id)s
                   and g.id = n.id
            ), taken as (
                delete from unanswered_questions
                 where workspace_id = %(workspace_id)s
                   and turn_id = %(turn_id)s
                   and group_id is null
                   and exists (select from nearest)
                returning turn_id, language, created_at
            )
            insert into unanswered_questions (turn_id, language, created_at, group_id)
            select t.turn_id, t.language, t.created_at, n.id
              from taken t
             cross join nearest n
            """,
            workspace_id=tx.workspace_id,
            turn_id=turn_id,
            vector=_text(vector),
            model=model,
            alike=alike,
        )
    )


async def begin(tx: Tx, turn_id: UUID, vector: Sequence[float], model: str) -> None:
    """A question that is like no other begins a group."""
    group_id = uuid7()
    await tx.run(
        """
        insert into unanswered_groups (id, embedding_model, embedding, created_at)
        select %(id)s, %(model)s, %(vector)s::halfvec, u.created_at
          from unanswered_questions u
         where u.workspace_id = %(workspace_id)s
           and u.turn_id = %(turn_id)s
           and u.group_id is null
        """,
        workspace_id=tx.workspace_id,
        id=group_id,
        turn_id=turn_id,
        vector=_text(vector),
        model=model,
    )
    await tx.run(
        """
        with taken as (
            delete from unanswered_questions
             where workspace_id = %(workspace_id)s
               and turn_id = %(turn_id)s
               and group_id is null
            returning turn_id, language, created_at
        )
        insert into unanswered_questions (turn_id, language, created_at, group_id)
        select turn_id, language, created_at, %(group_id)s
          from taken
        """,
        workspace_id=tx.workspace_id,
        group_id=group_id,
        turn_id=turn_id,
    )


async def forget_oldest(tx: Tx, keep: int) -> None:
    """More groups than anybody would read: those that were asked least and longest ago go."""
    await tx.run(
        """
        delete from unanswered_groups
         where workspace_id = %(workspace_id)s
           and id in (select g.id
                        from unanswered_groups g
                        left join unanswered_questions u on u.workspace_id = g.workspace_id and u.group_id = g.id
                       where g.workspace_id = %(workspace_id)s
                       group by g.id
                       order by count(u.turn_id) desc, max(u.created_at) desc, g.id
                      offset %(keep)s)
        """,
        workspace_id=tx.workspace_id,
        keep=keep,
    )


def _text(vector: Sequence[float]) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"

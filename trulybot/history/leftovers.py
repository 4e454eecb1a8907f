"""
Look for what is left of something deleted: in every table that the catalogue knows, and among the files.

`(… in (select unnest(…))) is true` is looked up in a table that is made once: without its last two words PostgreSQL
makes one for each row.

Tables are not listed here. Whatever has a workspace and a column that could hold an id is looked into, so that a table
of tomorrow is looked into as well. What is kept on purpose is named with its reason, and shows on the receipt.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from psycopg import sql

from trulybot.kit.db import Tx

KEPT = {
    "audit_log": "who deleted what and when, by ids",
    "knowledge_versions": "the history of the knowledge, by ids and numbers",
    "deletion_receipts": "the receipts themselves, by ids",
    "turn_snapshots": "which passages past answers read, by ids; their texts are gone",
    "golden_results": "what golden questions were answered, of which those that named the deleted are blank",
    "turns": "what visitors asked and were told; the sources' texts are blanked",
}
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TURNS = 5000  # whose sources are looked at in one statement
TEXTS = ("text", "character varying", "jsonb", "json", "text[]")


@dataclass(frozen=True)
class Looked:
    """places: looked into. left: where something was found. unread: tables that a job may not read."""

    places: int
    left: list[str]
    unread: list[str]


async def in_tables(tx: Tx, documents: Sequence[UUID], passages: Sequence[UUID]) -> Looked:
    columns = await tx.all(
        _Column,
        """
        select c.relname::text as table, a.attname::text as column, format_type(a.atttypid, null) as type,
               has_column_privilege(c.oid, a.attnum, 'select') as is_readable
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p')
           and a.attname <> 'workspace_id'
           -- Millions of words, which go with their passage; the passage's id beside them is looked for.
           and (c.relname, a.attname) <> ('passage_terms', 'term')
           and format_type(a.atttypid, null) = any (%(types)s)
           and exists (select from pg_attribute w
                        where w.attrelid = c.oid and w.attname = 'workspace_id' and not w.attisdropped)
         order by 1, 2
        """,
        types=["uuid", "uuid[]", *TEXTS],
    )
    readable = [column for column in columns if column.is_readable]
    found = [
        column for column in readable if column.table not in KEPT and await _holds(tx, column, documents, passages)
    ]
    left = [f"{column.table}.{column.column}" for column in found]
    if await _cited(tx, documents):
        left.append("turns.answer")
    unread = {column.table for column in columns} - {column.table for column in readable}
    return Looked(len(readable), left, sorted(unread))


@dataclass(frozen=True)
class _Column:
    table: str
    column: str
    type: str
    is_readable: bool


async def _holds(tx: Tx, column: _Column, documents: Sequence[UUID], passages: Sequence[UUID]) -> bool:
    name = sql.Identifier(column.column)
    match column.type:
        case "uuid":
            condition = sql.SQL("{} in (select unnest(%(ids)s::uuid[]))").format(name)
        case "uuid[]":
            condition = sql.SQL(
                "exists (select from unnest({}) one where (one in (select unnest(%(ids)s::uuid[]))) is true)"
            ).format(name)
        case _:
            # A passage's id stands in a text only beside its document's. Each text is read once, however many are gone.
            condition = sql.SQL(
                "exists (select from regexp_matches({}::text, %(id)s, 'g') found "
                "where (found[1] in (select unnest(%(names)s::text[]))) is true)"
            ).format(name)
    query = sql.SQL("select exists (select from {} where workspace_id = %(workspace_id)s and {})").format(
        sql.Identifier("public", column.table), condition
    )
    ids = [*documents, *passages]
    names = [str(id) for id in documents]
    row = await (
        await tx.connection.execute(query, {"workspace_id": tx.workspace_id, "ids": ids, "names": names, "id": ID})
    ).fetchone()
    return bool(row and row[0])


async def blank_citations(tx: Tx, documents: Sequence[UUID], *, after: UUID) -> UUID | None:
    """
    Take the sources' texts out of answers that were given, of some turns after one. Answers with the last of them;
    None when there is none. What the visitor was told stays as it was said.
    """
    last: UUID | None = await tx.value(
        """
        with portion as (
            select id
              from turns
             where workspace_id = %(workspace_id)s
               and id > %(after)s
             order by id
             limit %(limit)s
        ), blanked as (
            update turns t
               set answer = jsonb_set(t.answer, '{citations}', (
                       select jsonb_agg(case when c.cited ->> 'document_id' in (select unnest(%(documents)s::text[]))
                                             then c.cited
                                                  || '{"text": "", "title": "", "url": null, "external_id": null}'
                                             else c.cited end
                                        order by c.place)
                         from jsonb_array_elements(t.answer -> 'citations') with ordinality as c (cited, place)))
             where t.workspace_id = %(workspace_id)s
               and t.id in (select id from portion)
               and exists (select
                             from jsonb_array_elements(t.answer -> 'citations') c
                            where (c ->> 'document_id' in (select unnest(%(documents)s::text[]))) is true
                              and c ->> 'text' <> '')
        )
        select max(id::text)::uuid from portion
        """,
        workspace_id=tx.workspace_id,
        documents=[str(id) for id in documents],
        after=after,
        limit=TURNS,
    )
    return last


async def forget_golden(tx: Tx, documents: Sequence[UUID]) -> None:
    """Golden questions name the deleted no more, and what they were answered from it is blank."""
    await tx.run(
        """
        update golden_results r
           set outcome = r.outcome || '{"answer": ""}'
          from golden_questions q
         where r.workspace_id = %(workspace_id)s
           and q.workspace_id = r.workspace_id
           and q.id = r.question_id
           and q.document_ids && %(documents)s
        """,
        workspace_id=tx.workspace_id,
        documents=list(documents),
    )
    await tx.run(
        """
        update golden_questions
           set document_ids = array(select id from unnest(document_ids) id where id <> all (%(documents)s))
         where workspace_id = %(workspace_id)s
           and document_ids && %(documents)s
        """,
        workspace_id=tx.workspace_id,
        documents=list(documents),
    )


async def _cited(tx: Tx, documents: Sequence[UUID]) -> bool:
    return bool(
        await tx.value(
            """
            select exists (select
                             from turns t
                            cross join jsonb_array_elements(t.answer -> 'citations') c
                            where t.workspace_id = %(workspace_id)s
                              and (c ->> 'document_id' in (select unnest(%(documents)s::text[]))) is true
                              and c ->> 'text' <> '')
            """,
            workspace_id=tx.workspace_id,
            documents=[str(id) for id in documents],
        )
    )


async def in_queue(tx: Tx, names: Sequence[str], *, but: int) -> bool:
    """Whether a job that waits or runs names any of it. tx: a chore's. but: the job that asks."""
    return bool(
        await tx.value(
            """
            select exists (select
                             from queue.procrastinate_jobs j
                            where j.status in ('todo', 'doing')
                              and j.id <> %(but)s
                              and exists (select
                                            from regexp_matches(j.args::text, %(id)s, 'g') found
                                           where (found[1] in (select unnest(%(names)s::text[]))) is true))
            """,
            names=list(names),
            but=but,
            id=ID,
        )
    )


def in_files(folder: Path, names: Sequence[str]) -> list[str]:
    """Every file or folder of a workspace whose name tells that it is of what was deleted, unfinished copies too."""
    if not folder.exists():
        return []
    gone = frozenset(names)
    return sorted(path.name for path in folder.rglob("*") if not gone.isdisjoint(re.findall(ID, path.name)))

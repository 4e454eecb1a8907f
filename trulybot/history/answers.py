"""
Bring curated answers back to how they stood at an earlier version of the knowledge.

Those that somebody wrote are put back, brought back and taken out as documents are. Those of a file come and go with
it; what was changed of them by hand is undone as long as the file is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from trulybot.curated import queries
from trulybot.curated.models import phrasings
from trulybot.curated.service import settle
from trulybot.history.models import Step
from trulybot.kit.db import Tx


@dataclass(frozen=True)
class Planned:
    """kept: what it said then, where that is kept. title: its question."""

    answer: UUID
    kept: UUID | None
    title: str
    step: Step


async def plan(tx: Tx, version: int) -> list[Planned]:
    """Every answer that stands otherwise than it did at that version."""
    return await tx.all(Planned, _PLAN, workspace_id=tx.workspace_id, version=version)


_PLAN: LiteralString = """
    with earlier as (
        select distinct on (v.answer_id) v.id, v.answer_id, v.question, v.alternatives, v.answer, v.language, v.enabled
          from curated_answer_versions v
          left join documents d on d.workspace_id = v.workspace_id and d.id = v.document_id
         where v.workspace_id = %(workspace_id)s
           and v.from_version <= %(version)s
           and v.until_version > %(version)s
           and (v.document_id is null or d.content_version <= %(version)s)
         order by v.answer_id, v.from_version desc
    ), later as (
        select a.id, a.question, a.answer, a.language, a.enabled, a.added_version,
               array(select p.text
                       from curated_phrasings p
                      where p.workspace_id = a.workspace_id and p.answer_id = a.id and p.place > 0
                      order by p.place) as alternatives
          from curated_answers a
         where a.workspace_id = %(workspace_id)s
           and a.content_version > %(version)s
           and not a.held
           and (a.document_id is null or a.added_version <= %(version)s)
    )
    select coalesce(l.id, e.answer_id) as answer, e.id as kept, coalesce(e.question, l.question) as title,
           case when l.id is null then 'brought_back'
                when e.id is not null then 'put_back'
                when l.added_version > %(version)s then 'taken_out'
                else 'stays' end as step
      from later l
      full join earlier e on e.answer_id = l.id
     where (l.question, l.alternatives, l.answer, l.language, l.enabled)
           is distinct from (e.question, e.alternatives, e.answer, e.language, e.enabled)
     order by title, answer
"""


async def restore(tx: Tx, planned: Sequence[Planned]) -> None:
    """
    Raises:
        AnswersFull: More would come back than the workspace may have.
    """
    await queries.take_out(tx, [one.answer for one in planned if one.step == "taken_out"])
    kept = {one.kept for one in planned if one.step in ("put_back", "brought_back") and one.kept is not None}
    said = await tx.all(_Said, _SAID, workspace_id=tx.workspace_id, kept=list(kept))
    back = {one.answer for one in planned if one.step == "put_back"}
    await _put_back(tx, [one for one in said if one.answer_id in back])
    await queries.add(tx, [one.new() for one in said if one.answer_id not in back])
    if planned:
        await settle(tx)


@dataclass(frozen=True)
class _Said:
    id: UUID
    answer_id: UUID
    document_id: UUID | None
    question: str
    alternatives: list[str]
    answer: str
    language: str | None
    enabled: bool

    def new(self) -> queries.New:
        """Under its old id, so that what once told it leads to it again."""
        asked = phrasings(self.question, self.alternatives, self.answer)
        return queries.New(
            self.answer_id, self.question, self.answer, asked, self.enabled, self.language, self.document_id
        )


_SAID: LiteralString = """
    select id, answer_id, document_id, question, alternatives, answer, language, enabled
      from curated_answer_versions
     where workspace_id = %(workspace_id)s
       and id = any (%(kept)s)
"""


async def _put_back(tx: Tx, said: Sequence[_Said]) -> None:
    """The database keeps what they say now, with their phrasings, which change after it."""
    await tx.run(
        """
        update curated_answers a
           set question = v.question, answer = v.answer, language = v.language, enabled = v.enabled,
               updated_at = clock_timestamp()
          from curated_answer_versions v
         where a.workspace_id = %(workspace_id)s
           and v.workspace_id = a.workspace_id
           and v.answer_id = a.id
           and v.id = any (%(kept)s)
        """,
        workspace_id=tx.workspace_id,
        kept=[one.id for one in said],
    )
    await queries.rephrase(tx, {one.answer_id: one.new().phrasings for one in said})

"""Gather what had no answer, and let the owner give one."""

from datetime import datetime
from uuid import UUID

from trulybot.answers import quoting, search
from trulybot.answers.answering import Answering, Question, cited
from trulybot.answers.lookup import View
from trulybot.answers.models import Answer
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.bots import queries as bots
from trulybot.curated import service as curated
from trulybot.curated.forms import ALTERNATIVES, QUESTION_CHARACTERS, NewAnswer
from trulybot.curated.models import CuratedAnswer
from trulybot.kit.db import Database, Identity, Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.text import one_line
from trulybot.llm.embeddings import Embedder
from trulybot.unanswered import queries
from trulybot.unanswered.forms import Approval
from trulybot.unanswered.models import Draft, Group, GroupInFull, Tested
from trulybot.workspaces.identity import Actor

# Questions at least as near as this mean the same. 88 of 100 of StackFAQ's paraphrases then stand with their own kind,
# in 159 groups for 100 meanings; at .91 it is 57, in 82. Too many groups are a nuisance, mixed ones are useless.
ALIKE = 0.92
GROUPS = 1000  # of a workspace: more than anybody would read
AT_ONCE = 32
QUESTIONS_SHOWN = 50
QUESTIONS_TESTED = 20  # each costs what a visitor's question costs
# A passage that is less likely than this to have to do with the question would only mislead whoever drafts.
NEAR_ENOUGH = 0.02


async def note(tx: Tx, turn_id: UUID, language: str) -> None:
    """Keep that a turn had no answer, or a wrong one."""
    if await queries.note(tx, turn_id, language):
        await tx.enqueue("unanswered.group", lock=f"unanswered:{tx.workspace_id}")


async def group_some(db: Database, embedder: Embedder, job: Identity) -> bool:
    """
    Put some questions that wait into groups, one after the other. Answers with whether there were any.

    Raises:
        EmbeddingsUnavailable: Come again.
    """
    async with db.workspace(job) as tx:
        waiting = await queries.waiting(tx, AT_ONCE)
    for one in waiting:
        vector = await embedder.embed_question(one.question[: search.QUESTION_CHARACTERS])
        async with db.workspace(job) as tx:
            if not await queries.join(tx, one.turn_id, vector, embedder.model, alike=ALIKE):
                await queries.begin(tx, one.turn_id, vector, embedder.model)
    if waiting:
        async with db.workspace(job) as tx:
            await queries.forget_oldest(tx, GROUPS)
    return bool(waiting)


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Group]:
    return await queries.page(tx, before=before, limit=limit)


async def most_asked(tx: Tx, limit: int) -> list[Group]:
    return await queries.most_asked(tx, limit)


async def in_full(db: Database, answering: Answering, who: Actor, group_id: UUID) -> GroupInFull:
    """
    A group with its questions, and an answer drafted from the documents as they are now.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    async with db.workspace(who) as tx:
        group = await queries.get(tx, group_id)
        questions = await queries.questions(tx, group_id, QUESTIONS_SHOWN)
    draft = await _draft(db, answering, who, group.question)
    return GroupInFull(
        id=group.id,
        question=group.question,
        asked=group.asked,
        languages=group.languages,
        last_asked_at=group.last_asked_at,
        created_at=group.created_at,
        questions=questions,
        draft=draft,
    )


async def approve(tx: Tx, group_id: UUID, form: Approval, *, by: Actor) -> tuple[CuratedAnswer, list[str]]:
    """
    Make the owner's answer a curated one, with the group's questions as its phrasings; answers with both.

    Raises:
        NotFound: There is none with this id in the workspace, or it has been answered.
        AnswersFull: The workspace has as many curated answers as it may.
    """
    if not await queries.hold(tx, group_id):
        raise NotFound
    asked = await queries.questions(tx, group_id, ALTERNATIVES)
    lines = [line for line in (one_line(text)[:QUESTION_CHARACTERS] for text in asked) if line]
    question = form.question or (lines[0] if lines else "?")
    alternatives = [line for line in dict.fromkeys(lines) if line != question]
    answer = await curated.add(tx, NewAnswer(question=question, answer=form.answer, alternatives=alternatives), by=by)
    await queries.end(tx, group_id)
    await audit.record(tx, Action.UNANSWERED_APPROVED, by=by, subject=answer.id, count=len(asked))
    return answer, asked


async def ask_again(
    db: Database, answering: Answering, who: Actor, answer: CuratedAnswer, questions: list[str]
) -> list[Tested]:
    """Ask a group's questions again, as a visitor would, and see which are told the new answer, held back or not."""
    view: View = "candidate" if answer.held else "live"
    return [
        Tested(question, await _reply(db, answering, who, question, view) == answer.answer)
        for question in questions[:QUESTIONS_TESTED]
    ]


async def dismiss(tx: Tx, group_id: UUID, *, by: Actor) -> None:
    """
    Put a group out of sight, and whatever is asked to the same effect from now on.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if not await queries.hold(tx, group_id):
        raise NotFound
    await queries.dismiss(tx, group_id)
    await audit.record(tx, Action.UNANSWERED_DISMISSED, by=by, subject=group_id)


async def _draft(db: Database, answering: Answering, who: Actor, question: str) -> Draft:
    asked = await answering.ask(question)
    async with db.workspace(who) as tx:
        found = await search.search(tx, asked)
    if not found.passages or found.passages[0].score <= NEAR_ENOUGH:
        return Draft("", [])
    quoted = quoting.quote(found.passages, found.idf)
    passages = {quote.passage.passage_id: quote.passage for quote in quoted}
    return Draft(quoting.readable(quoted), [cited(passage) for passage in passages.values()])


async def _reply(db: Database, answering: Answering, who: Actor, question: str, view: View) -> str:
    asked = await answering.ask(question)
    async with db.workspace(who) as tx:
        bot = await bots.settings(tx)
    text = ""
    async for part in answering.answer(db, who, Question(question, None, "", asked, bot=bot, view=view)):
        if isinstance(part, Answer):
            text = part.text
    return text

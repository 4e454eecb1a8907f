"""A turn of a conversation: keep the question, find the answer, keep the answer."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pydantic import TypeAdapter

from trulybot.answers.answering import Answering, Question
from trulybot.answers.following import Said, said_in
from trulybot.answers.models import Answer, Citation, Delta, Exchange
from trulybot.bots import queries as bots
from trulybot.bots.models import BotSettings
from trulybot.conversations import forms, queries
from trulybot.conversations.models import Reply, Start, turn_id_of
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import Conflict, InvalidInput, NotFound
from trulybot.kit.ids import uuid7
from trulybot.kit.metrics import ANSWER_SECONDS
from trulybot.leads import service as leads
from trulybot.unanswered import service as unanswered
from trulybot.workspaces import queries as workspaces
from trulybot.workspaces.identity import Actor, KeyHolder, Member, Visitor

_REPLY = TypeAdapter(Reply)
TURNS_REMEMBERED = 10  # what is further back is rarely what "and for students?" is about


class NoConversation(NotFound):
    """There is no such conversation."""

    status, code = 404, "conversation_not_found"


class MessageIdTaken(Conflict):
    """This message_id belongs to another message."""

    status, code = 409, "message_id_taken"


@dataclass(frozen=True)
class Opened:
    """
    A turn whose question is kept. reply: the answer of an earlier try. history: the turns before it.

    bot: how it behaved when the question came.
    """

    turn_id: UUID
    conversation_id: UUID
    reply: Reply | None
    history: Sequence[Exchange] = ()
    bot: BotSettings = field(default_factory=BotSettings)


async def converse(
    db: Database, answering: Answering, form: forms.Question, who: Actor
) -> AsyncIterator[Start | Delta | Citation | Reply]:
    """
    Answer a question as the answer forms: its ids first, then text and sources, and last the whole of it.

    Raises:
        InvalidInput: There is no question in the message.
        NoConversation: The caller has none with this id.
        MessageIdTaken: The id belongs to another's message, or to another conversation.
    """
    began = time.perf_counter()
    if not form.message.strip():
        raise InvalidInput(details=[{"field": "message", "message": "is empty"}])

    # The embedder works in a process of its own, so the question is kept while it thinks.
    asked = asyncio.create_task(answering.ask(form.message))
    try:
        async with db.workspace(who) as tx:
            opened = await _open(tx, form, who)
    except BaseException:
        asked.cancel()
        raise
    yield Start(opened.conversation_id, opened.turn_id)
    if opened.reply is not None:
        asked.cancel()
        yield opened.reply
        return

    question = Question(
        form.message,
        locale=form.locale,
        asked_by=_pseudonym(who),
        asked=await asked,
        history=opened.history,
        bot=opened.bot,
        message_id=opened.turn_id,
    )
    answer: Answer | None = None
    async for part in answering.answer(db, who, question):
        if isinstance(part, Answer):
            answer = part
        else:
            yield part
    assert answer is not None  # noqa: S101  (answering ends with one)

    seconds = time.perf_counter() - began
    reply = Reply(
        conversation_id=opened.conversation_id,
        message_id=opened.turn_id,
        answer=answer.text,
        answered=answer.answered,
        source=answer.source,
        intent=answer.intent,
        confidence=answer.confidence,
        language=answer.language,
        citations=answer.citations,
        suggestions=answer.suggestions,
        usage=answer.usage,
        latency_ms=round(seconds * 1000),
    )
    async with db.workspace(who) as tx:
        # What was deleted while the answer formed is not written down again.
        read = [passage.candidate.document_id for passage in question.trace.passages]
        there = await queries.documents_that_stay(tx, [*read, *(one.document_id for one in reply.citations)])
        kept = replace(reply, citations=[_known(one, there) for one in reply.citations])
        await queries.keep_answer(tx, opened.turn_id, _REPLY.dump_python(kept, mode="json"))
        if question.trace.knowledge_version is not None:
            question.trace.passages = [
                passage for passage in question.trace.passages if passage.candidate.document_id in there
            ]
            await queries.keep_trace(tx, opened.turn_id, question.trace, opened.bot.version)
        if answer.intent == "lead":
            await leads.keep(tx, form.message, opened.conversation_id)
        if not answer.answered and not isinstance(who, Member):  # the team's own trials are not what visitors miss
            await unanswered.note(tx, opened.turn_id, answer.language)
    ANSWER_SECONDS.labels(answer.source).observe(seconds)
    yield reply


async def said_before(db: Database, form: forms.Lookup, who: Actor) -> list[Said]:
    """
    What a question goes on with.

    Raises:
        NoConversation: The caller has none with this id.
    """
    given = [Said(one.role, one.text) for one in form.history]
    if form.conversation_id is None:
        return given
    async with db.workspace(who) as tx:
        if not await queries.is_there(tx, form.conversation_id):
            raise NoConversation
        history = await queries.history(tx, form.conversation_id, before=None, limit=TURNS_REMEMBERED)
    return [*said_in(history), *given]


async def _open(tx: Tx, form: forms.Question, who: Actor) -> Opened:
    """Keep the question, in its conversation or a new one; find the answer when this is a retry."""
    turn_id = turn_id_of(form.message_id) if form.message_id is not None else uuid7()
    earlier = await queries.turn(tx, turn_id) if form.message_id is not None else None
    if earlier is not None:
        if earlier.question != form.message or form.conversation_id not in (None, earlier.conversation_id):
            raise MessageIdTaken
        if earlier.answer is not None:
            return Opened(turn_id, earlier.conversation_id, _REPLY.validate_python(earlier.answer))
        # The first try broke off: this one goes on as that would have, with the same past and the same bot.
        before = await queries.history(tx, earlier.conversation_id, before=turn_id, limit=TURNS_REMEMBERED)
        return Opened(turn_id, earlier.conversation_id, None, before, await bots.settings(tx))

    history: Sequence[Exchange] = ()
    conversation_id = form.conversation_id
    if conversation_id is None:
        conversation_id = uuid7()
        await queries.begin(
            tx,
            conversation_id,
            visitor_id=who.visitor_id if isinstance(who, Visitor) else None,
            user_id=who.user_id if isinstance(who, Member) else None,
            key_id=who.key_id if isinstance(who, KeyHolder) else None,
        )
        await workspaces.count_usage(tx, conversations=1)
    elif not await queries.touch(tx, conversation_id):
        raise NoConversation
    if not await queries.keep_question(tx, turn_id, conversation_id, form.message):
        raise MessageIdTaken
    if form.conversation_id is not None:
        history = await queries.history(tx, conversation_id, before=turn_id, limit=TURNS_REMEMBERED)
    return Opened(turn_id, conversation_id, None, history, await bots.settings(tx))


def _known(citation: Citation, there: Container[UUID]) -> Citation:
    """A source as it is kept: of a document that is gone, its ids alone."""
    if citation.document_id in there:
        return citation
    return replace(citation, text="", title="", url=None, external_id=None)


def _pseudonym(who: Actor) -> str:
    """Tells a provider's abuse check one asker from another, and nothing else."""
    match who:
        case Visitor(visitor_id=id) | Member(user_id=id) | KeyHolder(key_id=id):
            return hashlib.sha256(f"{who.workspace_id}/{id}".encode()).hexdigest()[:32]

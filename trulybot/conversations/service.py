"""A turn of a conversation: keep the question, find the answer, keep the answer."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from trulybot.answers.answering import Answering, Question
from trulybot.answers.following import Said, said_in
from trulybot.answers.models import Answer, Citation, Delta, Exchange
from trulybot.answers.search import Asked
from trulybot.bots import queries as bots
from trulybot.bots.models import BotSettings
from trulybot.conversations import forms, queries, tries
from trulybot.conversations.models import Reply, Start, turn_id_of
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import Conflict, InvalidInput, NotFound
from trulybot.kit.idempotency import InProgress
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
    A turn whose question is kept. reply: the answer of an earlier try. held_until: None when another try answers it.

    history: the turns before it. bot: how it behaved when the question came.
    """

    turn_id: UUID
    conversation_id: UUID
    reply: Reply | None = None
    held_until: datetime | None = None
    history: Sequence[Exchange] = ()
    bot: BotSettings = field(default_factory=BotSettings)


class _IdInUse(Exception):
    """A turn with this id came into being meanwhile: our own, of a try that was quicker, or another's."""


async def converse(
    db: Database, answering: Answering, form: forms.Question, who: Actor
) -> AsyncIterator[Start | Delta | Citation | Reply]:
    """
    Answer a question as the answer forms: its ids first, then text and sources, and last the whole of it.

    Raises:
        InvalidInput: There is no question in the message.
        NoConversation: The caller has none with this id.
        MessageIdTaken: The id belongs to another's message, or to another conversation.
        InProgress: Another try at the same message takes longer than we wait for it.
    """
    began = time.perf_counter()
    if not form.message.strip():
        raise InvalidInput(details=[{"field": "message", "message": "is empty"}])

    # The embedder works in a process of its own, so the question is kept while it thinks.
    asked = asyncio.create_task(answering.ask(form.message))
    try:
        opened = await _opened(db, form, who)
        yield Start(opened.conversation_id, opened.turn_id)
        opened = await _whose_turn_came(db, form, who, opened)
    except BaseException:
        asked.cancel()
        raise
    if opened.reply is not None:
        asked.cancel()
        yield opened.reply
        return
    async with tries.held(db, who, opened.turn_id, opened.held_until):
        async for part in _answer(db, answering, form, who, opened, await asked, began):
            yield part


async def _answer(
    db: Database, answering: Answering, form: forms.Question, who: Actor, opened: Opened, asked: Asked, began: float
) -> AsyncIterator[Delta | Citation | Reply]:
    """The answer as it forms, kept before its last part is said. began: when the question came, by `perf_counter`."""
    question = Question(
        form.message,
        locale=form.locale,
        asked_by=_pseudonym(who),
        asked=asked,
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
    reply = await _keep(db, form, who, question, answer, _reply(opened, answer, seconds))
    ANSWER_SECONDS.labels(answer.source).observe(seconds)
    yield reply


def _reply(opened: Opened, answer: Answer, seconds: float) -> Reply:
    return Reply(
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


async def _keep(
    db: Database, form: forms.Question, who: Actor, question: Question, answer: Answer, reply: Reply
) -> Reply:
    """Keep a reply with what it was made from; the one that counts, when another try was quicker after all."""
    turn_id = reply.message_id
    async with db.workspace(who) as tx:
        # What was deleted while the answer formed is not written down again.
        read = [passage.candidate.document_id for passage in question.trace.passages]
        there = await queries.documents_that_stay(tx, [*read, *(one.document_id for one in reply.citations)])
        kept = replace(reply, citations=[_known(one, there) for one in reply.citations])
        if not await queries.keep_answer(tx, turn_id, _REPLY.dump_python(kept, mode="json")):
            earlier = await queries.turn(tx, turn_id)
            return _REPLY.validate_python(earlier.answer) if earlier is not None and earlier.answer else reply
        if question.trace.knowledge_version is not None:
            question.trace.passages = [
                passage for passage in question.trace.passages if passage.candidate.document_id in there
            ]
            await queries.keep_trace(tx, turn_id, question.trace, question.bot.version)
        if answer.intent == "lead":
            await leads.keep(tx, form.message, reply.conversation_id)
        if not answer.answered and not isinstance(who, Member):  # the team's own trials are not what visitors miss
            await unanswered.note(tx, turn_id, answer.language)
    return reply


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


async def _opened(db: Database, form: forms.Question, who: Actor) -> Opened:
    """Keep the question, in its conversation or a new one; find the answer when this is a retry."""
    try:
        async with db.workspace(who) as tx:
            return await _retried(tx, form) or await _begun(tx, form, who)
    except _IdInUse:  # and with that, the conversation that was begun for it is gone again
        async with db.workspace(who) as tx:
            opened = await _retried(tx, form)
        if opened is None:
            raise MessageIdTaken from None
        return opened


async def _whose_turn_came(db: Database, form: forms.Question, who: Actor, opened: Opened) -> Opened:
    """
    Wait for another try's answer, or for the turn when that try is no more.

    Raises:
        InProgress: Neither came in time.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + tries.WAIT_SECONDS
    while opened.reply is None and opened.held_until is None:
        if clock() >= until:
            raise InProgress
        await asyncio.sleep(tries.LOOK_SECONDS)
        opened = await _opened(db, form, who)
    return opened


async def _retried(tx: Tx, form: forms.Question) -> Opened | None:
    """The turn of an earlier try at the same message."""
    if form.message_id is None:
        return None
    turn = await queries.turn(tx, turn_id_of(form.message_id))
    if turn is None:
        return None
    if turn.question != form.message or form.conversation_id not in (None, turn.conversation_id):
        raise MessageIdTaken
    if turn.answer is not None:
        return Opened(turn.id, turn.conversation_id, _REPLY.validate_python(turn.answer))
    held_until = None if turn.is_held else await queries.hold(tx, turn.id, seconds=tries.HOLD_SECONDS)
    if held_until is None:
        return Opened(turn.id, turn.conversation_id)
    # The earlier try broke off: this one goes on as that would have, with the same past and the same bot.
    history = await queries.history(tx, turn.conversation_id, before=turn.id, limit=TURNS_REMEMBERED)
    return Opened(turn.id, turn.conversation_id, None, held_until, history, await bots.settings(tx))


async def _begun(tx: Tx, form: forms.Question, who: Actor) -> Opened:
    """A new turn."""
    turn_id = turn_id_of(form.message_id) if form.message_id is not None else uuid7()
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
    held_until = await queries.keep_question(tx, turn_id, conversation_id, form.message, seconds=tries.HOLD_SECONDS)
    if held_until is None:
        raise _IdInUse
    history: Sequence[Exchange] = ()
    if form.conversation_id is not None:
        history = await queries.history(tx, conversation_id, before=turn_id, limit=TURNS_REMEMBERED)
    return Opened(turn_id, conversation_id, None, held_until, history, await bots.settings(tx))


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

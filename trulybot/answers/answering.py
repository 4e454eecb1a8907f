"""
From a question to an answer: is it small talk, has the owner answered it, which passages are about it, do they answer
it, how is it said.

Without a model the sentences that answer are quoted. With one it writes from the passages, and each of its
sentences must rest on one before it is said; when it fails, the quotation answers instead.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from trulybot.answers import cache, curation, evidence, following, intents, moderation, quoting, sayings, search
from trulybot.answers.following import Said
from trulybot.answers.language import detect
from trulybot.answers.lookup import View
from trulybot.answers.models import Answer, Citation, Delta, Exchange, Source, Usage
from trulybot.answers.moderating import Moderating
from trulybot.answers.ranking import Ranked
from trulybot.answers.restating import restated
from trulybot.answers.search import Asked, Found
from trulybot.answers.suggesting import Near, Suggesting
from trulybot.answers.traces import Trace
from trulybot.answers.turns import Turn, Turns
from trulybot.answers.writing import Writer, Written
from trulybot.bots.choosing import Models
from trulybot.bots.models import BotSettings
from trulybot.kit.db import Database, Identity
from trulybot.kit.ids import uuid7
from trulybot.knowledge import versions
from trulybot.llm.embeddings import Embedder
from trulybot.llm.model import Model, OpenAIModel

CURATED: Source = "curated"
MODEL: Source = "model"
QUOTATION: Source = "documents"
# To an apology we add only what is surely about the matter: anything else would sound like an excuse.
SURE_ENOUGH_TO_ADD = 0.7


@dataclass(frozen=True)
class Question:
    """
    locale: the asker's own setting, for when the words do not tell the language. asked_by: a pseudonym.

    history: the conversation before it, oldest first. bot: how the workspace wants to be spoken for. trace: filled with
    what the answer is made from. message_id: what its cost is kept under. view: of what it is answered.
    """

    text: str
    locale: str | None
    asked_by: str
    asked: Asked
    history: Sequence[Exchange] = ()
    bot: BotSettings = field(default_factory=BotSettings)
    trace: Trace = field(default_factory=Trace)
    message_id: UUID = field(default_factory=uuid7)
    view: View = "live"


class Answering:
    """Answers questions from a workspace's passages. model: the operator's; None to quote. models: workspaces' own."""

    def __init__(
        self, embedder: Embedder, model: Model | None, models: Models | None = None, turns: Turns | None = None
    ) -> None:
        self.embedder, self.model, self.models, self.turns = embedder, model, models, turns or Turns()
        self.suggesting, self.moderating = Suggesting(), Moderating()
        self.former: Sequence[Embedder] = ()  # of models that workspaces are changing over from

    async def warm_up(self) -> None:
        """Have the operator's model ready before the first question needs it."""
        if isinstance(self.model, OpenAIModel):
            await self.model.warm_up()

    async def close(self) -> None:
        """Let go of the models; the embedder is whoever's it was."""
        await self.moderating.close()
        if isinstance(self.model, OpenAIModel):
            await self.model.close()
        if self.models is not None:
            await self.models.close()

    async def ask(self, question: str) -> Asked:
        """Make a question ready to be looked up; no transaction may be open meanwhile."""
        return await search.ask(self.embedder, question, self.former)

    async def answer(self, db: Database, who: Identity, question: Question) -> AsyncIterator[Delta | Citation | Answer]:
        """The answer as it forms, and last the whole of it, which counts."""
        language = detect(question.text, question.locale)
        if (harm := moderation.judge(question.text)) is not None:
            told, whole = _kept_from(harm, language)
            yield told
            yield whole
            return
        intent = intents.recognise(question.text)
        if intent == "complaint":
            async for part in self._apologise(db, who, question, language):
                yield part
            return
        if intent != "question":
            answer = await self._small_talk(db, who, question, intent, language)
            yield Delta(answer.text)
            yield answer
            return

        place, kept = await self._look(db, who, question, language)
        if kept is not None:
            yield Delta(kept.text)
            for citation in kept.citations:
                yield citation
            yield kept
            return
        async for part in self._find(db, who, question, language):
            if isinstance(part, Answer):
                part = replace(part, suggestions=await self._next(db, who, question, part))  # noqa: PLW2901
            yield part
            if place is not None and isinstance(part, Answer) and part.source == MODEL:
                async with db.workspace(who) as tx:
                    await cache.keep(tx, place, question.asked, part)

    async def _next(self, db: Database, who: Identity, question: Question, answer: Answer) -> list[str]:
        """What can be asked now, after an answer or in the place of one."""
        near = Near(
            found=question.trace.passages,
            asked=[question.text, *(turn.question for turn in question.history)],
            told=frozenset(citation.passage_id for citation in answer.citations),
            language=answer.language,
            version=question.trace.knowledge_version,
            enough=evidence.ENOUGH[question.bot.caution],
        )
        return await self.suggesting.suggest(db, who, self.embedder, near)

    async def _small_talk(
        self, db: Database, who: Identity, question: Question, intent: intents.Intent, language: str
    ) -> Answer:
        """What the owner answers to it, or what we say ourselves. An address that is left is kept, whatever it says."""
        if intent != "lead":
            async with db.workspace(who) as tx:
                own = await curation.match(tx, question.asked, language, view=question.view)
                version = await versions.current(tx)
            if own.confidence >= curation.SURE:
                question.trace.knowledge_version, question.trace.curated_answer = version, own.answer_id
                return Answer(own.answer, True, CURATED, intent, own.confidence, language)
        return Answer(sayings.reply(intent, language), True, sayings.source(intent), intent, 1.0, language)

    async def _apologise(
        self, db: Database, who: Identity, question: Question, language: str
    ) -> AsyncIterator[Delta | Citation | Answer]:
        """We are sorry, whatever it is; and say what the knowledge holds about it, when that is sure."""
        sorry = sayings.reply("complaint", language)
        yield Delta(sorry)
        found = [part async for part in self._find(db, who, question, language)]
        whole = found[-1]
        if isinstance(whole, Answer) and whole.answered and whole.confidence >= SURE_ENOUGH_TO_ADD:
            yield Delta(f"\n\n{whole.text}")
            for citation in whole.citations:
                yield citation
            yield replace(whole, text=f"{sorry}\n\n{whole.text}", intent="complaint")
        else:
            yield Answer(sorry, True, sayings.source("complaint"), "complaint", 1.0, language)

    async def _model_of(self, who: Identity, bot: BotSettings) -> Model | None:
        """Who would write. Without anybody nothing is told from what was written before, either."""
        return self.model if self.models is None else await self.models.of(bot, who.workspace_id, self.model)

    async def _look(
        self, db: Database, who: Identity, question: Question, language: str
    ) -> tuple[cache.Place | None, Answer | None]:
        """A model's earlier answer to the same. To quote is as quick; and after other turns a question is another."""
        if question.history or question.view == "candidate" or await self._model_of(who, question.bot) is None:
            return None, None
        async with db.workspace(who) as tx:
            return await cache.look(tx, question.asked, language, question.bot.version)

    async def _find(
        self, db: Database, who: Identity, question: Question, language: str
    ) -> AsyncIterator[Delta | Citation | Answer]:
        """What the owner answers, or else the passages."""
        intent: intents.Intent = "question"
        model = await self._model_of(who, question.bot)
        # The provider weighs the question while it is looked up, so that nobody waits for it.
        judged = asyncio.create_task(self.moderating.harm_in(model, question.text))
        try:
            asked, spent = await self._understand(db, who, question, model)
            async with db.workspace(who) as tx:
                own = await curation.match(tx, question.asked, language, view=question.view)
                sure = own.confidence >= curation.SURE
                nothing = Found([], {}, await versions.current(tx)) if sure else None
                found = nothing or await search.search(tx, asked, view=question.view)
        except BaseException:  # also when the visitor went away: nothing may go on that nobody waits for
            judged.cancel()
            await asyncio.gather(judged, return_exceptions=True)
            raise
        question.trace.keep(found)
        if (harm := await judged) is not None:
            for part in _kept_from(harm, language):
                yield part
            return
        confidence = round(evidence.confidence(found, language), 4)
        enough = confidence >= evidence.ENOUGH[question.bot.caution]
        if not enough and own.confidence >= curation.BETTER_THAN_NOTHING:
            question.trace.curated_answer = own.answer_id
            yield Delta(own.answer)
            yield Answer(own.answer, True, CURATED, intent, own.confidence, language, usage=spent)
        elif not enough:
            text = sayings.unanswered(language)
            yield Delta(text)
            yield Answer(text, False, "none", intent, confidence, language, usage=spent)
        else:
            async for part in self._say(db, who, question, found, language, confidence, model):
                yield replace(part, usage=part.usage + spent) if isinstance(part, Answer) else part

    async def _understand(
        self, db: Database, who: Identity, question: Question, model: Model | None
    ) -> tuple[Asked, Usage]:
        """The question with what of the conversation it leans on; a model, where there is one, says it in full."""
        said = following.said_in(question.history)
        asked = await following.understood(self.embedder, question.asked, said)
        if model is None or asked is question.asked:
            return asked, Usage()
        turn = Turn(self.turns, db, who, question.message_id, model, question.bot)
        text, usage = await restated(model, question.text, said, asked_by=question.asked_by, turn=turn)
        if text is not None:
            asked = await following.understood(self.embedder, question.asked, [*said, Said("user", text)])
        return asked, usage

    async def _say(
        self,
        db: Database,
        who: Identity,
        question: Question,
        found: Found,
        language: str,
        confidence: float,
        model: Model | None,
    ) -> AsyncIterator[Delta | Citation | Answer]:
        """What the passages hold: written by the model, or quoted."""
        intent: intents.Intent = "question"
        written = Written()
        if model is not None:
            turn = Turn(self.turns, db, who, question.message_id, model, question.bot)
            sentences = Writer(model, question.bot, question.history, turn=turn, moderating=self.moderating).write(
                question.text, found.passages, language=language, asked_by=question.asked_by, written=written
            )
            async for sentence in sentences:
                yield Delta(sentence)
        if written.declined:
            text = sayings.unanswered(language)
            yield Delta(text)
            yield Answer(text, False, "none", intent, confidence, language, usage=written.usage)
            return

        if written.stands:
            text, source, passages = (
                " ".join(written.sentences),
                MODEL,
                [found.passages[place] for place in written.cited],
            )
        else:
            quoted = quoting.quote(found.passages, found.idf)
            text, source, passages = quoting.readable(quoted), QUOTATION, [quote.passage for quote in quoted]
            # After half an answer of the model's a second one would confuse; the whole answer takes its place.
            if not written.sentences:
                yield Delta(text)
        citations = [cited(passage) for passage in {passage.passage_id: passage for passage in passages}.values()]
        for citation in citations:
            yield citation
        yield Answer(text, True, source, intent, confidence, language, citations, usage=written.usage)


def _kept_from(harm: moderation.Harm, language: str) -> tuple[Delta | Citation | Answer, ...]:
    """A cry for help is handed to a person; what nobody may ask for is declined."""
    text = moderation.said(harm, language)
    if harm == "self_harm":
        return Delta(text), Answer(text, True, "handover", "human", 1.0, language)
    return Delta(text), Answer(text, False, "none", "off_topic", 1.0, language)


def cited(passage: Ranked) -> Citation:
    candidate = passage.candidate
    return Citation(
        passage_id=candidate.passage_id,
        document_id=candidate.document_id,
        external_id=candidate.external_id,
        title=candidate.title,
        url=candidate.url,
        text=candidate.text,
        score=round(passage.score, 4),
    )

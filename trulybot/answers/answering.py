"""
From a question to an answer: is it small talk, which passages are about it, do they answer it, how is it said.

Without a model the sentences that answer are quoted. With one it writes from the passages, and each of its
sentences must rest on one before it is said; when it fails, the quotation answers instead.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trulybot.answers import evidence, intents, prompt, quoting, sayings, search
from trulybot.answers.language import detect
from trulybot.answers.models import Answer, Citation, Delta, Source, Usage
from trulybot.answers.ranking import Ranked
from trulybot.answers.search import Asked
from trulybot.kit.db import Database, Identity
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS
from trulybot.llm.embeddings import Embedder
from trulybot.llm.model import CutOff, Model, ModelUnavailable, Prompt, Spent

log = get_logger()

MODEL: Source = "model"
QUOTATION: Source = "documents"
LANGUAGE_PASSAGES = 3  # enough text to tell a language by


@dataclass(frozen=True)
class Question:
    """locale: the asker's own setting, for when the words do not tell the language. asked_by: a pseudonym."""

    text: str
    locale: str | None
    asked_by: str
    asked: Asked


@dataclass
class Written:
    """
    What a model has said that rests on a passage. cited: places in the list of passages.

    stands: it came to its end; half an answer may lack its condition. declined: it found no answer in the passages.
    """

    sentences: list[str] = field(default_factory=list)
    cited: list[int] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    stands: bool = False
    declined: bool = False


class Answering:
    """Answers questions from a workspace's passages. model: None to quote."""

    def __init__(self, embedder: Embedder, model: Model | None) -> None:
        self.embedder, self.model = embedder, model

    async def ask(self, question: str) -> Asked:
        """Make a question ready to be looked up; no transaction may be open meanwhile."""
        return await search.ask(self.embedder, question)

    async def answer(self, db: Database, who: Identity, question: Question) -> AsyncIterator[Delta | Citation | Answer]:
        """The answer as it forms, and last the whole of it, which counts."""
        language = detect(question.text, question.locale)
        intent = intents.recognise(question.text)
        if intent != "question":
            text = sayings.reply(intent, language)
            yield Delta(text)
            yield Answer(text, True, sayings.source(intent), intent, 1.0, language)
            return

        async with db.workspace(who) as tx:
            found = await search.search(tx, question.asked)
        crosses = crosses_languages(found.passages, language)
        confidence = round(evidence.confidence(found.passages, crosses_languages=crosses), 4)
        if confidence < evidence.ENOUGH:
            text = sayings.unanswered(language)
            yield Delta(text)
            yield Answer(text, False, "none", intent, confidence, language)
            return

        written = Written()
        async for sentence in self._write(question, found.passages, language, written):
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

    async def _write(
        self, question: Question, passages: Sequence[Ranked], language: str, written: Written
    ) -> AsyncIterator[str]:
        """The model's sentences, each once it is whole and rests on a passage; the rest is not said."""
        if self.model is None:
            return
        read = passages[: prompt.PASSAGES]
        asked = prompt.write(question.text, read, language=sayings.name(language), asked_by=question.asked_by)
        translated = crosses_languages(read, language)
        declined = False
        try:
            async for sentence in self._sentences(self.model, asked, written):
                kept = prompt.bound(sentence, read, translated=translated)
                if prompt.declines(sentence):
                    declined = True
                elif kept is None:
                    EVENTS.labels("sentence_without_source").inc()
                else:
                    text, place = kept
                    yield text if not written.sentences else f" {text}"
                    written.sentences.append(text)
                    written.cited.append(place)
        except ModelUnavailable as error:
            log.warning("model.unavailable", reason=error.reason)
            EVENTS.labels("model_unavailable").inc()
        else:
            written.stands = bool(written.sentences)
            written.declined = declined and not written.sentences

    async def _sentences(self, model: Model, asked: Prompt, written: Written) -> AsyncIterator[str]:
        unfinished = ""
        async for piece in model.stream(asked):
            if isinstance(piece, Spent):
                written.usage = _usage(piece)
                continue
            if isinstance(piece, CutOff):
                return
            unfinished += piece
            whole, unfinished = prompt.whole_sentences(unfinished)
            for sentence in whole:
                yield sentence
        if unfinished.strip():
            yield unfinished


def crosses_languages(passages: Sequence[Ranked], language: str) -> bool:
    """Whether the best passages are in another language than the question."""
    text = " ".join(passage.text for passage in passages[:LANGUAGE_PASSAGES])
    return bool(text) and detect(text) != language


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


def _usage(spent: Spent) -> Usage:
    cost = spent.cost_usd if spent.cost_usd is not None else Decimal(0)
    return Usage(spent.prompt_tokens, spent.completion_tokens, f"{cost:.6f}")

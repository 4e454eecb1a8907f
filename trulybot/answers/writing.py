"""A model writes the answer, and each of its sentences must rest on a passage before it is said."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trulybot.answers import moderation, prompt, sayings
from trulybot.answers.binding import bound
from trulybot.answers.language import crosses_languages
from trulybot.answers.models import Exchange, Usage
from trulybot.answers.moderating import Moderating
from trulybot.answers.ranking import Ranked
from trulybot.answers.turns import Turn
from trulybot.bots.models import BotSettings
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import EVENTS
from trulybot.llm.model import CutOff, Model, ModelUnavailable, Prompt, Spent
from trulybot.llm.tokens import estimated

log = get_logger()


@dataclass
class Written:
    """
    What a model has said that rests on a passage. cited: places in the list of passages.

    stands: it came to its end; half an answer may lack its condition. declined: it found no answer in the passages.

    spent: as the server says. received: all that came from the model, said or not.
    """

    sentences: list[str] = field(default_factory=list)
    cited: list[int] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    spent: Spent | None = None
    received: str = ""
    stands: bool = False
    declined: bool = False


class Writer:
    """
    bot: how the workspace wants to be spoken for. history: the turns before it. turn: what it may cost.

    moderating: hears what is written before anybody else does.
    """

    def __init__(
        self,
        model: Model,
        bot: BotSettings = BotSettings(),  # noqa: B008  (frozen)
        history: Sequence[Exchange] = (),
        *,
        turn: Turn | None = None,
        moderating: Moderating | None = None,
    ) -> None:
        self.model, self.bot, self.history, self.turn = model, bot, history, turn
        self.moderating = moderating or Moderating()

    async def write(
        self, question: str, passages: Sequence[Ranked], *, language: str, asked_by: str, written: Written
    ) -> AsyncIterator[str]:
        """The model's sentences, each once it is whole and rests on a passage; the rest is not said."""
        read = passages[: prompt.PASSAGES]
        asked = prompt.write(
            question,
            read,
            language=sayings.name(language),
            asked_by=asked_by,
            bot=self.bot,
            history=self.history,
            window=self.model.context_tokens,
        )
        translated = crosses_languages(_text(read), language)
        declined, failure = False, None
        try:
            if self.turn is not None:
                await self.turn.take(sum(estimated(message.content) for message in asked.messages))
            async for sentence in self._sentences(asked, written):
                await asyncio.sleep(0)  # weighing takes milliseconds, and a server may send hundreds at once
                if prompt.declines(sentence):
                    declined = True
                elif (kept := await self._kept(sentence, asked, read, translated=translated)) is not None:
                    text, place = kept
                    yield text if not written.sentences else f" {text}"
                    written.sentences.append(text)
                    written.cited.append(place)
        except ModelUnavailable as error:
            failure = error
            log.warning("model.unavailable", reason=error.reason)
            EVENTS.labels("model_unavailable").inc()
        else:
            written.stands = bool(written.sentences)
            written.declined = declined and not written.sentences
        finally:
            spent = written.spent or self._guessed(asked, written)
            written.usage = usage_of(spent)
            if self.turn is not None:
                await self.turn.end(spent, failure)

    async def _kept(
        self, sentence: str, asked: Prompt, read: Sequence[Ranked], *, translated: bool
    ) -> tuple[str, int] | None:
        """A sentence as it may be said, and the place of the passage that it rests on."""
        if moderation.judge(sentence) == "refused":
            EVENTS.labels("sentence_refused").inc()
        elif prompt.leaks(sentence, asked):
            log.warning("model.rules_said")
            EVENTS.labels("rules_said").inc()
        elif (kept := bound(sentence, read, translated=translated)) is None:
            EVENTS.labels("sentence_without_source").inc()
        # The model writes on meanwhile, so that only the first sentence comes later for it.
        elif await self.moderating.harm_in(self.model, kept[0]) == "refused":
            EVENTS.labels("sentence_refused").inc()
        else:
            return kept
        return None

    def _guessed(self, asked: Prompt, written: Written) -> Spent:
        """What a call used that did not say so: nothing, when it was refused."""
        if not written.received:
            return Spent(0, 0, Decimal(0))
        read = sum(estimated(message.content) for message in asked.messages)
        said = estimated(written.received)
        return Spent(read, said, self.model.price.of(read, said))

    async def _sentences(self, asked: Prompt, written: Written) -> AsyncIterator[str]:
        unfinished = ""
        async for piece in self.model.stream(asked):
            if isinstance(piece, Spent):
                written.spent = piece
                continue
            if isinstance(piece, CutOff):
                return
            written.received += piece
            unfinished += piece
            whole, unfinished = prompt.whole_sentences(unfinished)
            for sentence in whole:
                yield sentence
        if unfinished.strip():
            yield unfinished


def _text(passages: Sequence[Ranked]) -> list[str]:
    return [passage.text for passage in passages]


def usage_of(spent: Spent) -> Usage:
    return Usage(spent.prompt_tokens, spent.completion_tokens, f"{spent.cost_usd:.6f}")

"""A language model behind the OpenAI protocol: OpenAI itself, or any server that speaks like it."""

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from trulybot.kit.metrics import EVENTS
from trulybot.llm import bounded
from trulybot.llm.guarded import Choose, guarded
from trulybot.llm.prices import Price, price_of

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI, AsyncStream
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk

CONNECT_SECONDS = 3.0
RETRY_SECONDS = 0.3  # before the one retry of a refused or broken call, when the server does not say how long
MAX_TOKENS = 500
TEMPERATURE = 0.7
# A server need not heed how much we ask for. 500 tokens are two to four thousand characters in any script, and weighing
# sentences takes the process's time, which is everybody's.
MOST_CHARACTERS = 16_000
MOST_CHUNKS = 4_000
MOST_SPENT_TOKENS = 10_000_000  # more than any model reads at once: such a count is a mistake

MODERATION_MODEL = "omni-moderation-latest"
MODERATION_SECONDS = 2.0  # a visitor waits no longer for it; our own rules have looked by then
CONTEXT_TOKENS = 8192  # what any model of today reads at once
MOST_DIALECTS = 4  # tries to find out which parameters a server knows; a refused one costs nothing


class ModelUnavailable(Exception):
    """
    The model did not answer, or stopped in the middle; `reason` names the kind of failure.

    seconds: how long the provider asks to be left in peace.
    """

    def __init__(self, reason: str, *, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    """
    asked_by: a hash that lets the provider tell users apart without knowing them.

    canary: stands in the rules and nowhere else; an answer that holds it gives them away.
    """

    messages: Sequence[Message]
    asked_by: str
    canary: str = ""


@dataclass(frozen=True)
class Spent:
    """What a call used."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal


@dataclass(frozen=True)
class CutOff:
    """The answer grew too long, and ends in the middle of a sentence."""


@dataclass(frozen=True)
class Patience:
    """
    How long we wait, in seconds, before a quotation answers instead.

    first_word: from asking, a retry included. silence: between two words. whole: from asking to the end.
    """

    first_word: float = 8.0
    silence: float = 5.0
    whole: float = 30.0  # 500 tokens at the speed of a slow server


class Model(Protocol):
    """
    provider: tells one server and key from another, as a hash. context_tokens: what it reads at once.

    is_tenants: a workspace pays it itself.
    """

    name: str
    provider: str
    price: Price
    context_tokens: int
    is_tenants: bool

    async def moderate(self, text: str) -> frozenset[str]:
        """
        The categories of harm that the provider finds in a text.

        Raises:
            ModelUnavailable: It did not say.
        """
        ...

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Spent | CutOff]:
        """
        The answer in pieces, and among the last what it cost when the server says.

        Raises:
            ModelUnavailable: Before the first piece or after any.
        """
        ...


class Dialect:
    """Which of the optional parameters a server understands. Learned from its refusals, once for each server."""

    def __init__(self) -> None:
        self._renamed: dict[str, str] = {}
        self._unknown: set[str] = set()

    def spoken(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {self._renamed.get(name, name): value for name, value in asked.items() if name not in self._unknown}

    def learns(self, refusal: str) -> bool:
        """Whether a refusal names a parameter that we can do without, or name otherwise."""
        if "max_completion_tokens" in refusal and "max_tokens" not in self._renamed:
            self._renamed["max_tokens"] = "max_completion_tokens"
            return True
        for name in ("stream_options", "temperature", "user"):
            if re.search(rf"\b{name}\b", refusal) and name not in self._unknown:
                self._unknown.add(name)
                return True
        return False


class OpenAIModel:
    """
    price: for a model that is not in our list. choose: which address to connect to, where a tenant named the server.

    is_tenants: it answers for a workspace with its own key or at its own server, which hears nothing of the operator's.
    """

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        base_url: str | None,
        patience: Patience = Patience(),
        price: Price | None = None,
        context_tokens: int = CONTEXT_TOKENS,
        choose: Choose | None = None,
        is_tenants: bool = False,
    ) -> None:
        self.name = name
        self.price = price or price_of(name, base_url)
        self.context_tokens = context_tokens
        self.provider = hashlib.sha256(f"{base_url} {api_key}".encode()).hexdigest()[:32]
        self._api_key, self._base_url, self._patience, self._choose = api_key, base_url, patience, choose
        self.is_tenants = is_tenants
        self._dialect = Dialect()
        self._moderates = True

    async def warm_up(self) -> None:
        """Import the SDK beside the event loop: it takes a second, which the first visitor would wait for."""
        if "_client" not in vars(self):
            await asyncio.to_thread(lambda: self._client.chat.completions)

    @cached_property
    def _client(self) -> "AsyncOpenAI":
        # Imported here because an installation without a key never needs it.
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        timeout = Timeout(None, connect=CONNECT_SECONDS)  # the rest of the time is kept by us
        way: dict[str, Any] = {}
        if self._choose is not None:
            way = {"transport": guarded(self._choose), "follow_redirects": False}
        client = DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [bounded.bound]}, **way)
        made = AsyncOpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=timeout,
            max_retries=0,
            http_client=client,
            default_headers=bounded.PLAIN,
        )
        if self.is_tenants:
            # The SDK takes them from the environment, which is the operator's.
            made.organization = made.project = None
        return made

    async def close(self) -> None:
        if "_client" in vars(self):
            await self._client.close()

    async def moderate(self, text: str) -> frozenset[str]:
        """None where it has no such endpoint."""
        if not self._moderates:
            return frozenset()
        await self.warm_up()
        from openai import NotFoundError, OpenAIError

        try:
            async with asyncio.timeout(MODERATION_SECONDS):
                found = await self._client.moderations.create(model=MODERATION_MODEL, input=text)
            # As the server names them, since other servers have others.
            categories = found.results[0].categories.model_dump(by_alias=True)
        except NotFoundError:
            self._moderates = False
            return frozenset()
        except (OpenAIError, TimeoutError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            EVENTS.labels("moderation_away").inc()
            raise ModelUnavailable("moderation") from error
        return frozenset(name for name, flagged in categories.items() if flagged is True)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Spent | CutOff]:
        await self.warm_up()
        clock = asyncio.get_running_loop().time
        end = clock() + self._patience.whole
        chunks, finish, until = None, None, clock() + self._patience.first_word
        try:
            chunks = await self._opened(prompt, until)
            characters = count = 0
            while (chunk := await _next(chunks, min(until, end))) is not None:
                text, spent, finished = self._read(chunk)
                characters, count = characters + len(text), count + 1
                if characters > MOST_CHARACTERS or count > MOST_CHUNKS:
                    raise ModelUnavailable("too long")
                # What came in one packet is read without a pause: others, and our own patience, need a turn as well.
                await asyncio.sleep(0)
                finish = finished or finish
                if spent is not None:
                    yield spent
                if text:
                    yield text
                    until = clock() + self._patience.silence  # what is done with a piece is not the server's silence
        finally:
            if chunks is not None:
                await chunks.close()
        if finish == "length":
            yield CutOff()
        elif finish in (None, "content_filter"):
            # The connection ended before the answer did, or the provider took it back.
            raise ModelUnavailable(str(finish or "ended early"))

    async def _opened(self, prompt: Prompt, until: float) -> "AsyncStream[ChatCompletionChunk]":
        """The provider's answer as it begins, at the second try if the first was refused for the moment."""
        from openai import APIConnectionError, APIStatusError, OpenAIError

        try:
            async with asyncio.timeout_at(until):
                try:
                    return await self._ask(prompt)
                except (APIStatusError, APIConnectionError) as error:
                    pause = _pause(error) if isinstance(error, APIStatusError) else RETRY_SECONDS
                    if asyncio.get_running_loop().time() + pause >= until:
                        raise
                    await asyncio.sleep(pause)
                    return await self._ask(prompt)
        except OpenAIError as error:
            seconds = _pause(error) if isinstance(error, APIStatusError) else math.inf
            raise ModelUnavailable(type(error).__name__, seconds=seconds if math.isfinite(seconds) else None) from error
        except TimeoutError as error:
            raise ModelUnavailable("slow") from error
        except RecursionError as error:  # of JSON as deep as it is long
            raise ModelUnavailable("malformed") from error
        except Exception as error:
            if not _is_of_http(error):  # as when a refusal is too long to be read
                raise
            raise ModelUnavailable(type(error).__name__) from error

    async def _ask(self, prompt: Prompt) -> "AsyncStream[ChatCompletionChunk]":
        # The SDK has a type for each role; to it they are all mappings.
        messages: list[Any] = [{"role": message.role, "content": message.content} for message in prompt.messages]
        from openai import BadRequestError, UnprocessableEntityError

        asked = {
            "max_tokens": MAX_TOKENS,
            "temperature": TEMPERATURE,
            "user": prompt.asked_by,
            "stream_options": {"include_usage": True},
        }
        for _ in range(MOST_DIALECTS):
            try:
                opened = await self._client.chat.completions.create(
                    model=self.name, messages=messages, stream=True, **self._dialect.spoken(asked)
                )
            except (BadRequestError, UnprocessableEntityError) as error:
                if not self._dialect.learns(str(error)):
                    raise
            else:
                return cast("AsyncStream[ChatCompletionChunk]", opened)
        raise ModelUnavailable("no common dialect")

    def _read(self, chunk: "ChatCompletionChunk") -> tuple[str, Spent | None, str | None]:
        """
        A chunk's text, its usage, and why the answer ends there.

        Raises:
            ModelUnavailable: It is none. The SDK does not look at what servers send.
        """
        try:
            choice = chunk.choices[0] if chunk.choices else None
            text = (choice.delta.content or "") if choice else ""
            text.encode()  # half a character could not be kept, nor sent on
            spent = self._spent(chunk.usage) if chunk.usage else None
            finish = choice.finish_reason if choice else None
        except (AttributeError, TypeError, LookupError, UnicodeEncodeError) as error:
            raise ModelUnavailable("malformed") from error
        return text, spent, finish

    def _spent(self, used: "CompletionUsage") -> Spent | None:
        """None for counts that are none, so that our own estimate counts."""
        counts = (used.prompt_tokens, used.completion_tokens)
        if not all(type(count) is int and 0 <= count <= MOST_SPENT_TOKENS for count in counts):
            return None
        return Spent(*counts, self.price.of(*counts))


async def _next(chunks: "AsyncStream[ChatCompletionChunk]", until: float) -> "ChatCompletionChunk | None":
    """The next chunk, or None after the last."""
    from openai import OpenAIError

    try:
        async with asyncio.timeout_at(until):
            return await anext(chunks, None)
    except OpenAIError as error:
        raise ModelUnavailable(type(error).__name__) from error
    except TimeoutError as error:
        raise ModelUnavailable("silent") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelUnavailable("malformed") from error
    except Exception as error:
        # A connection that breaks in mid-stream surfaces as the HTTP library's own error.
        if not _is_of_http(error):
            raise
        raise ModelUnavailable(type(error).__name__) from error


def _is_of_http(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")


def _pause(error: "APIStatusError") -> float:
    """Seconds to wait before asking again; infinite for what another try would not change."""
    if error.status_code not in (408, 409, 429) and error.status_code < 500:
        return math.inf
    try:
        return max(RETRY_SECONDS, float(error.response.headers.get("retry-after", "0")))
    except ValueError:  # a date: further away than a visitor waits
        return math.inf

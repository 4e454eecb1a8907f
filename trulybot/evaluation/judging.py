"""How one golden question went: what was found, what was said, and whether that is right."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trulybot.documents.sentences import sentences
from trulybot.evaluation.golden import Golden

# A golden answer of up to so many words is a fact that the bot's answer must hold; a longer one is a text that may be
# said in other words, of which enough must be there.
FACT_WORDS = 12
ENOUGH_IN_COMMON = 0.5
# A sentence rests on a passage that holds it, or all its numbers and so many of its words.
RESTS_ON = 0.7
READ = 3  # passages that a quotation is taken from

_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Outcome:
    """
    What came of a question.

    ranks: at which places relevant documents were found, from 0; of how many there are, `relevant`. holds: whether the
    answer has a golden one in it word for word. in_common: F1 of its words with a golden answer's. cited: whether it
    rests on a relevant document. grounded: the share of its sentences that stand in a passage it cites. What the golden
    question does not say, or a refusal has not, is None. failed: it could not be asked, through a fault of ours.
    """

    id: str
    question: str
    answerable: bool
    relevant: int
    ranks: tuple[int, ...]
    answer: str
    answered: bool
    source: str
    confidence: float
    holds: bool | None
    in_common: float | None
    cited: bool | None
    grounded: float | None
    right: bool
    latency_ms: float
    cost_usd: float
    failed: bool = False

    @property
    def findable(self) -> bool:
        """Whether what was found first answers it: what `confidence` claims the likelihood of."""
        return self.answerable and (any(rank < READ for rank in self.ranks) if self.relevant else self.right)


def not_asked(golden: Golden) -> Outcome:
    """Of a question that we could not ask, however often we tried. It is not right, whatever it expects."""
    return Outcome(
        id=golden.id,
        question=golden.text,
        answerable=golden.answerable,
        relevant=len(golden.relevant),
        ranks=(),
        answer="We could not ask this question. Ask the set again; if it stays so, tell your operator.",
        answered=False,
        source="none",
        confidence=0.0,
        holds=None,
        in_common=None,
        cited=None,
        grounded=None,
        right=False,
        latency_ms=0.0,
        cost_usd=0.0,
        failed=True,
    )


def judge(golden: Golden, found: Sequence[str], reply: Mapping[str, Any], named: str, latency_ms: float) -> Outcome:
    """found: documents in the order found. reply: as `POST /api/chat` answers. named: a document's name, its key."""
    answered = bool(reply["answered"])
    said, citations = str(reply["answer"]), reply["citations"]
    told = answered and golden.answerable
    holds = answered and any(plain(answer) in plain(said) for answer in golden.answers)
    in_common = max((overlap(said, answer) for answer in golden.answers), default=0.0) if answered else 0.0
    cited = answered and any(citation[named] in golden.relevant for citation in citations)
    return Outcome(
        id=golden.id,
        question=golden.text,
        answerable=golden.answerable,
        relevant=len(golden.relevant),
        ranks=tuple(place for place, document in enumerate(found) if document in golden.relevant),
        answer=said,
        answered=answered,
        source=str(reply["source"]),
        confidence=float(reply["confidence"]),
        holds=holds if golden.answerable and golden.answers else None,
        in_common=round(in_common, 4) if golden.answerable and golden.answers else None,
        cited=cited if golden.answerable and golden.relevant else None,
        grounded=groundedness(said, [citation["text"] for citation in citations]) if answered and citations else None,
        right=told and _is_right(golden, holds, in_common, cited) if golden.answerable else not answered,
        latency_ms=round(latency_ms, 1),
        cost_usd=float(reply["usage"]["cost_usd"]),
    )


def _is_right(golden: Golden, holds: bool, in_common: float, cited: bool) -> bool:
    """Of an answer that was given. A golden fact decides; a golden text or its document both are evidence enough."""
    if any(len(words(answer)) <= FACT_WORDS for answer in golden.answers):
        return holds
    if golden.answers or golden.relevant:
        return holds or cited or in_common >= ENOUGH_IN_COMMON
    return True


def groundedness(answer: str, passages: Sequence[str]) -> float:
    """The share of the answer's sentences that rest on one of the passages."""
    said = [sentence.text for sentence in sentences(answer)]
    read = [(plain(passage), set(words(passage))) for passage in passages]
    resting = sum(any(_rests(sentence, *passage) for passage in read) for sentence in said)
    return round(resting / len(said), 4) if said else 1.0


def _rests(sentence: str, text: str, told: set[str]) -> bool:
    if plain(sentence).rstrip(".!?…") in text:
        return True
    own = set(words(sentence))
    numbers = {word for word in own if word.isnumeric()}
    return bool(own) and numbers <= told and len(own & told) >= RESTS_ON * len(own)


def overlap(said: str, golden: str) -> float:
    """F1 of the words of two texts. Source: Rajpurkar et al., SQuAD, 2016, without leaving out articles."""
    one, other = Counter(words(said)), Counter(words(golden))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words(text: str) -> list[str]:
    """Of any script; a Chinese or Japanese character counts as one."""
    return [
        piece for word in _WORD.findall(plain(text)) for piece in (list(word) if _IDEOGRAPH.search(word) else [word])
    ]

"""
A model's answer, told again to whoever asks the same of the same knowledge.

It is found by the words that carry a question's meaning, in their order: "How long is the warranty?" is "how long's
your warranty, please", and never "How long is the delivery?", nor without for with, nor 2024 for 2023. What little may
differ must also mean the same by its vector. Neither the question nor who asked is kept, only its hash.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter

from trulybot.answers.models import Answer, Usage
from trulybot.answers.search import Asked
from trulybot.answers.small_words import telling
from trulybot.documents.keywords import terms
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7

ALIKE = 0.95  # cosine of two questions with the same telling words; E5 puts "when" for "where" below .93
DAYS, MOST_ANSWERS = 30, 5000  # how long, and how many of a workspace; swept every hour

_ANSWER = TypeAdapter(Answer)
# Small words that turn a question around; all others may be said or left out.
_TURNING = """
who whom whose what when where why which how not no nor never without with from to before after if or and can may must
only any than under over more less in on at off by long much many far often first last next
qué quién cuándo dónde cómo por cuál cuánto no nunca sin con desde hasta antes después si o y
qui que quoi quand où comment pourquoi quel combien ne pas jamais sans avec de à avant après si ou et
wer was wann wo wie warum welche nicht kein keine nie ohne mit von zu nach vor bis wenn oder und für
quem quando onde como qual quanto não nunca sem com até ou che chi quando dove quanto non mai senza con
wie wat wanneer waar niet geen zonder met кто что где когда как не без с из до или
कौन क्या कब कहाँ कैसे कितना नहीं बिना से तक या
"""
_NOT = re.compile(r"n['’]t\b|\b(?:cannot|not|no|never)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where an answer to a question is kept. It is read before the knowledge is, so a change meanwhile outdates it."""

    knowledge_version: int
    bot_version: int
    language: str
    question_hash: bytes


async def look(tx: Tx, asked: Asked, language: str, bot_version: int) -> tuple[Place, Answer | None]:
    """Where the answer would be, and the answer when it is there."""
    version = await tx.value(
        "select version from knowledge where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id
    )
    place = Place(int(version), bot_version, language, question_hash(asked.text))
    kept = await tx.value(
        """
        select answer
          from kept_answers
         where workspace_id = %(workspace_id)s
           and question_hash = %(question_hash)s
           and knowledge_version = %(knowledge_version)s
           and bot_version = %(bot_version)s
           and language = %(language)s
           and embedding_model = %(model)s
           and 1 - (embedding <=> %(vector)s::halfvec) >= %(alike)s
         order by embedding <=> %(vector)s::halfvec
         limit 1
        """,
        workspace_id=tx.workspace_id,
        question_hash=place.question_hash,
        knowledge_version=place.knowledge_version,
        bot_version=bot_version,
        language=language,
        model=asked.model,
        vector=_vector(asked),
        alike=ALIKE,
    )
    return place, replace(_ANSWER.validate_python(kept), source="cache", usage=Usage()) if kept is not None else None


async def keep(tx: Tx, place: Place, asked: Asked, answer: Answer) -> None:
    """
    Keep an answer that a model has written, unless the knowledge changed meanwhile: it may say what was deleted.

    Without a vector a question cannot be told from one that is like it.
    """
    if asked.vector is None:
        return
    if not await tx.value("select private.knowledge_stays(%(version)s)", version=place.knowledge_version):
        return
    await tx.run(
        """
        insert into kept_answers
               (id, knowledge_version, bot_version, language, question_hash, embedding_model, embedding, answer)
        values (%(id)s, %(knowledge_version)s, %(bot_version)s, %(language)s, %(question_hash)s, %(model)s,
                %(vector)s::halfvec, %(answer)s::jsonb)
        """,
        id=uuid7(),
        knowledge_version=place.knowledge_version,
        bot_version=place.bot_version,
        language=place.language,
        question_hash=place.question_hash,
        model=asked.model,
        vector=_vector(asked),
        answer=_ANSWER.dump_json(answer).decode(),
    )


async def sweep(db: Database) -> None:
    """Forget what was kept for long, or is more than a workspace needs."""
    async with db.chore("answers that were kept for long") as tx:
        await tx.run("select private.sweep_kept_answers(%(days)s, %(most)s)", days=DAYS, most=MOST_ANSWERS)


def question_hash(question: str) -> bytes:
    """The same for two questions that may differ in nothing but small words which turn nothing around."""
    said = [term for term in terms(question) if telling(term) == 1.0 or term in _turning()]
    return hashlib.sha256("\0".join((*said, f"not {len(_NOT.findall(question))}")).encode()).digest()


def _vector(asked: Asked) -> str | None:
    return f"[{','.join(map(str, asked.vector))}]" if asked.vector is not None else None


@cache
def _turning() -> frozenset[str]:
    return frozenset(terms(_TURNING))

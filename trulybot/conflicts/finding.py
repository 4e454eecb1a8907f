"""
Look new passages and curated answers through: what they say otherwise than their neighbours, and what in them will be
over one day.

No model is asked. A passage is compared with its nearest neighbours in meaning, and of those only the sentences that
are near each other, so that the cost grows with what is new and not with its square. What says nothing that could be
contradicted has no neighbours looked for.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence

from trulybot.conflicts import answer_queries, queries
from trulybot.conflicts.comparing import Claim, contradiction, tells
from trulybot.conflicts.models import Answered, Found, Near, NearAnswer, NearPassage, Passage, Place
from trulybot.conflicts.stale import over_on
from trulybot.documents.sentences import sentences
from trulybot.kit.db import Database, Identity

AT_ONCE = 20  # in one transaction: a few tenths of a second at ten thousand passages
TURN_SECONDS = 10.0  # of one workspace, before others have theirs


async def find(db: Database, job: Identity) -> bool:
    """Look through what is new, for one turn. Answers with whether something still waits."""
    until = time.monotonic() + TURN_SECONDS
    while time.monotonic() < until:
        if not (await _of_passages(db, job) or await _of_answers(db, job)):
            return False
    return True


async def _of_passages(db: Database, job: Identity) -> bool:
    async with db.workspace(job) as tx:
        passages = await queries.uncompared(tx, AT_ONCE)
    if not passages:
        return False
    telling = await asyncio.to_thread(_telling, passages)
    async with db.workspace(job) as tx:
        near = await queries.near(tx, telling) if telling else []
        answers = await answer_queries.near_passages(tx, telling) if telling else []
    found = await asyncio.to_thread(_all_found, passages, near, answers)
    async with db.workspace(job) as tx:
        await queries.keep(tx, found)
        await queries.note_compared(tx, [passage.id for passage in passages])
    return True


async def _of_answers(db: Database, job: Identity) -> bool:
    async with db.workspace(job) as tx:
        answers = await answer_queries.uncompared(tx, AT_ONCE)
        ids = [answer.id for answer in answers]
        passages = await answer_queries.passages_near(tx, ids) if answers else []
        others = await answer_queries.near_answers(tx, ids) if answers else []
    if not answers:
        return False
    found = await asyncio.to_thread(_all_found_of_answers, answers, passages, others)
    async with db.workspace(job) as tx:
        await queries.keep(tx, found)
        await answer_queries.note_compared(tx, ids)
    return True


def _telling(passages: Sequence[Passage]) -> list[Passage]:
    return [passage for passage in passages if any(tells(sentence.text) for sentence in sentences(passage.text))]


def _all_found(passages: Sequence[Passage], near: Sequence[Near], answers: Sequence[NearAnswer]) -> list[Found]:
    by_id = {passage.id: passage for passage in passages}
    found = [one for passage in passages for one in _stale(passage.text, Place(passage_id=passage.id))]
    found += [one for pair in near for one in _of_near(by_id[pair.passage_id], pair)]
    for answer in answers:
        passage = by_id[answer.id]
        claims, place = _claims_of(passage.text, passage.title, passage.heading), Place(passage_id=passage.id)
        found += _of_all(_answered(answer), Place(phrasing_id=answer.phrasing_id), claims, place)
    return _each_once(found)


def _all_found_of_answers(
    answers: Sequence[Answered], passages: Sequence[NearPassage], others: Sequence[NearAnswer]
) -> list[Found]:
    claims = {answer.id: _answered(answer) for answer in answers}
    found = [one for answer in answers for one in _stale(answer.answer, Place(phrasing_id=answer.id))]
    for near in passages:
        theirs, place = _claims_of(near.text, near.title, near.heading), Place(passage_id=near.passage_id)
        found += _of_all(claims[near.phrasing_id], Place(phrasing_id=near.phrasing_id), theirs, place)
    for other in others:
        place = Place(phrasing_id=other.phrasing_id)
        found += _of_all(claims[other.id], Place(phrasing_id=other.id), _answered(other), place)
    return _each_once(found)


def _each_once(found: Sequence[Found]) -> list[Found]:
    """Two that contradict each other may both be new."""
    return list({one.fingerprint: one for one in found}.values())


def _stale(text: str, place: Place) -> Iterator[Found]:
    for sentence in sentences(text):
        if (over := over_on(sentence.text)) is not None:
            day, fact = over
            fingerprint = _fingerprint("stale", sentence.text)
            yield Found("stale", place, sentence.text, fact, Place(), None, None, day, fingerprint)


def _of_near(passage: Passage, pair: Near) -> Iterator[Found]:
    """Only the sentences that are near: the others are too many, and hardly about the same."""
    mine = [sentence.text for sentence in sentences(passage.text)]
    theirs = [sentence.text for sentence in sentences(pair.other_text)]
    for place, other_place in zip(pair.places, pair.other_places, strict=True):
        if place >= len(mine) or other_place >= len(theirs):
            continue  # the heading, which is embedded as a sentence of its own
        one = Claim(mine[place], passage.title, passage.heading)
        other = Claim(theirs[other_place], pair.other_title, pair.other_heading)
        yield from _of_all([one], Place(passage_id=passage.id), [other], Place(passage_id=pair.other_passage))


def _of_all(mine: Sequence[Claim], place: Place, theirs: Sequence[Claim], other_place: Place) -> Iterator[Found]:
    for one in mine:
        for other in theirs:
            if (differ := contradiction(one, other)) is not None:
                yield Found(
                    differ.kind,
                    place,
                    one.sentence,
                    differ.one,
                    other_place,
                    other.sentence,
                    differ.other,
                    None,
                    _fingerprint(differ.kind, one.said, other.said),
                )


def _answered(answer: Answered | NearAnswer) -> list[Claim]:
    return [
        Claim(one.text, asked=answer.question)
        for one in sentences(answer.answer)
        if tells(f"{answer.question} {one.text}")
    ]


def _claims_of(text: str, title: str, heading: str) -> list[Claim]:
    return [Claim(one.text, title, heading) for one in sentences(text) if tells(one.text)]


def _fingerprint(kind: str, *said: str) -> bytes:
    return hashlib.sha256("\0".join((kind, *sorted(said))).encode()).digest()

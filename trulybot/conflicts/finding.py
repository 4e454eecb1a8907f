"""
Look new passages through: what they say otherwise than their neighbours, and what in them will be over one day.

No model is asked. A passage is compared with its nearest neighbours in meaning, and of those only the sentences that
are near each other, so that the cost grows with what is new and not with its square.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence

from trulybot.conflicts import queries
from trulybot.conflicts.comparing import Claim, contradiction
from trulybot.conflicts.models import Found, Near, Passage
from trulybot.conflicts.stale import over_on
from trulybot.documents.sentences import sentences
from trulybot.kit.db import Database, Identity

PASSAGES_AT_ONCE = 20  # in one transaction: a few tenths of a second at ten thousand passages
TURN_SECONDS = 10.0  # of one workspace, before others have theirs


async def find(db: Database, job: Identity) -> bool:
    """Look through what is new, for one turn. Answers with whether something still waits."""
    until = time.monotonic() + TURN_SECONDS
    while time.monotonic() < until:
        async with db.workspace(job) as tx:
            passages = await queries.uncompared(tx, PASSAGES_AT_ONCE)
            near = await queries.near(tx, [passage.id for passage in passages]) if passages else []
        if not passages:
            return False
        found = await asyncio.to_thread(_all_found, passages, near)
        async with db.workspace(job) as tx:
            await queries.keep(tx, [passage.id for passage in passages], found)
    return True


def _all_found(passages: Sequence[Passage], near: Sequence[Near]) -> list[Found]:
    """Each once: two passages may both be new."""
    by_id = {passage.id: passage for passage in passages}
    found = [one for passage in passages for one in _stale(passage)]
    found += [one for pair in near for one in _contradictions(by_id[pair.passage_id], pair)]
    return list({one.fingerprint: one for one in found}.values())


def _stale(passage: Passage) -> Iterator[Found]:
    for sentence in sentences(passage.text):
        if (over := over_on(sentence.text)) is not None:
            day, fact = over
            yield Found(
                "stale", passage.id, sentence.text, fact, None, None, None, day, _fingerprint("stale", sentence.text)
            )


def _contradictions(passage: Passage, pair: Near) -> Iterator[Found]:
    mine = [sentence.text for sentence in sentences(passage.text)]
    theirs = [sentence.text for sentence in sentences(pair.other_text)]
    for place, other_place in zip(pair.places, pair.other_places, strict=True):
        if place >= len(mine) or other_place >= len(theirs):
            continue  # the heading, which is embedded as a sentence of its own
        one = Claim(mine[place], passage.title, passage.heading)
        other = Claim(theirs[other_place], pair.other_title, pair.other_heading)
        if (differ := contradiction(one, other)) is not None:
            yield Found(
                differ.kind,
                passage.id,
                one.sentence,
                differ.one,
                pair.other_passage,
                other.sentence,
                differ.other,
                None,
                _fingerprint(differ.kind, one.sentence, other.sentence),
            )


def _fingerprint(kind: str, *said: str) -> bytes:
    return hashlib.sha256("\0".join((kind, *sorted(said))).encode()).digest()

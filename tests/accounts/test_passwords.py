import asyncio

import pytest

from trulybot.accounts import passwords
from trulybot.accounts.errors import TooManyRequests


async def test_a_hash_is_argon2id_and_salted():
    first, second = [await passwords.hash_of("correct horse battery") for _ in range(2)]

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert await passwords.matches("correct horse battery", first)


async def test_what_is_checked_for_nobody_costs_what_a_real_hash_costs():
    assert not passwords._hasher.check_needs_rehash(passwords._NOBODY)
    assert not await passwords.matches("", None)


async def test_a_crowd_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords._threads, "MOST_WAITING", 2)

    answers = await asyncio.gather(*(passwords.matches("x", None) for _ in range(6)), return_exceptions=True)

    assert answers[:2] == [False, False]
    assert all(isinstance(answer, TooManyRequests) for answer in answers[2:])

import asyncio
import subprocess
import sys
import unicodedata

import bcrypt
import pytest

from trulybot.accounts import passwords
from trulybot.accounts.errors import GuessablePassword, TooManyRequests


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


@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
async def test_a_hash_from_supabase_is_checked_and_known_to_be_old(prefix: str):
    foreign = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(4)).decode().replace("$2b$", f"${prefix}$")

    assert await passwords.matches("correct horse battery", foreign)
    assert not await passwords.matches("correct horse", foreign)
    assert passwords.is_outdated(foreign)


async def test_our_own_hash_is_not_old():
    assert not passwords.is_outdated(await passwords.hash_of("correct horse battery"))


async def test_a_hash_from_supabase_never_lets_in_what_it_cannot_have_been_made_of():
    foreign = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert await passwords.matches("x" * 72, foreign)
    assert not await passwords.matches("x" * 73, foreign)


async def test_a_character_and_the_same_in_two_parts_are_two_passwords():
    made = await passwords.hash_of("Größenwahn")

    assert not await passwords.matches(unicodedata.normalize("NFD", "Größenwahn"), made)


async def test_every_byte_counts():
    for password in ("x" * 100, "Größe" * 20, "é" * 10, "𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡", "pass word ", "\ud83d half a character"):
        made = await passwords.hash_of(password)

        assert await passwords.matches(password, made)
        assert not await passwords.matches(password[:-1], made)
        assert not await passwords.matches(password.strip() + "x", made)


@pytest.mark.parametrize(
    "password",
    [
        *("password", "12345678", "qwertyuiop", "PassWord", "trustno1", "iloveyou", "1q2w3e4r5t"),
        *("ana.maria", "ANA.MARIA", "ana.maria1", "ana.maria!!", "ana.maria@example.com", "example.com"),
        *("bot-of-willow", "bot-of-willow2026", "TrulyBot", "trulybot123!"),
    ],
)
def test_what_is_guessed_first_is_no_password(password: str):
    with pytest.raises(GuessablePassword) as refused:
        passwords.check_strength(
            password, least=8, about=("ana.maria@example.com", "https://bot-of-willow.willow.example")
        )

    assert refused.value.reasons == ["pwned"]


@pytest.mark.parametrize(
    "password", ["correct horse battery", "aaaaaaaa b", "кореньдуб", "x" * 64, "willow is my cat", "        !"]
)
def test_no_kinds_of_characters_are_demanded(password: str):
    passwords.check_strength(password, least=8, about=("", "https://bot.example.com"))


def test_the_other_lists_of_the_package_stay_on_the_disk():
    code = "import sys; from trulybot.accounts import guessable as g; g.is_guessable('x', about=()); "
    code += "print('zxcvbn' in sys.modules, g._leaked.cache_info().currsize, len(g._leaked()) > 10_000)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["False", "1", "True"]

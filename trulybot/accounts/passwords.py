"""Passwords: hashed slowly, off the event loop, and a few at a time."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from trulybot.accounts.errors import GuessablePassword, InvalidPassword, TooManyRequests, WeakPassword
from trulybot.accounts.guessable import SHORTEST, is_guessable

T = TypeVar("T")

# Nothing is cut off and no kinds of characters are demanded; the end is there so that a body cannot be one password.
LONGEST = 1000

# Characters; an operator may ask for more, and GoTrue's six count as these.
LEAST = SHORTEST

# OWASP's first choice for Argon2id: 19 MiB and two passes, some 30 ms on one of our cores.
_hasher = Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1)

# People who come from Supabase bring hashes of theirs, which are renewed when they next sign in. They were made of at
# most 72 bytes: GoTrue takes no longer password.
_foreign = BcryptHasher()
LONGEST_FOREIGN = 72

# What an unknown email's password is checked against, so that it takes as long as a known one's. Nobody knows the
# password that it was made of.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$4ptB+PA7AroE97gHT/1ZXA$6mr/FP36bVx7/t2huc1jqY22FRX/kM6Iax9cnXVSeA4"


def check_strength(password: str, *, least: int, about: Iterable[str]) -> None:
    """
    about: the person's email and the site's address, which are guessed first.

    Raises:
        WeakPassword: It is shorter than `least` characters.
        GuessablePassword: It is one that everybody tries.
        InvalidPassword: It is too long.
    """
    if len(password) < least:
        raise WeakPassword(length=least)
    if len(password) > LONGEST:
        raise InvalidPassword(reason=f"Password cannot be longer than {LONGEST} characters")
    if is_guessable(password, about=about):
        raise GuessablePassword


async def hash_of(password: str) -> str:
    return await _threads.run(_hasher.hash, _bytes(password))


async def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; without a hash it never is, after the same work."""
    right = await _threads.run(_verify, _bytes(password), password_hash or _NOBODY)
    return right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made by another way than ours, so that it is to be made again while the password is known."""
    return not Argon2Hasher.identify(password_hash) or _hasher.check_needs_rehash(password_hash)


def _verify(password: bytes, password_hash: str) -> bool:
    if BcryptHasher.identify(password_hash):
        return len(password) <= LONGEST_FOREIGN and _foreign.verify(password, password_hash)
    return _hasher.verify(password, password_hash)


def _bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")  # JSON can hold half a character; it counts like any other


class _Threads:
    """Two at once leave the other work its share of two cores; a queue longer than about a second is closed."""

    MOST_WAITING = 64

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._waiting = 0

    async def run(self, function: Callable[..., T], *args: str | bytes) -> T:
        """
        Raises:
            TooManyRequests: Too many wait already.
        """
        if self._waiting >= self.MOST_WAITING:
            raise TooManyRequests
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)
        finally:
            self._waiting -= 1


_threads = _Threads()

"""Secrets at rest: what is sealed opens, for the same purpose, whole, and by whoever has the key."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import SECRET_KEY
from trulybot.kit.db import Database
from trulybot.kit.keyring import (
    DataKey,
    Keyring,
    KeyringLocked,
    Unsealable,
    Wrapping,
    open_sealed,
    seal,
)
from trulybot.kit.text import storable

KEY = DataKey(uuid4(), b"k" * 32, is_retired=False)
TEXTS = st.text().map(storable)


@given(text=TEXTS, purpose=TEXTS)
def test_what_is_sealed_opens(text: str, purpose: str):
    assert open_sealed(KEY, seal(KEY, text, purpose=purpose), purpose=purpose) == text


@given(text=TEXTS, purpose=TEXTS, other=TEXTS)
def test_it_opens_for_no_other_purpose(text: str, purpose: str, other: str):
    sealed = seal(KEY, text, purpose=purpose)

    if other != purpose:
        with pytest.raises(Unsealable):
            open_sealed(KEY, sealed, purpose=other)


@given(text=TEXTS, at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_bit_of_it_can_be_changed(text: str, at: int, bit: int):
    sealed = bytearray(seal(KEY, text, purpose="test"))
    sealed[at % len(sealed)] ^= 1 << bit

    with pytest.raises(Unsealable):
        open_sealed(KEY, bytes(sealed), purpose="test")


@given(text=TEXTS, length=st.integers(min_value=0))
def test_nothing_of_it_can_be_cut_off(text: str, length: int):
    sealed = seal(KEY, text, purpose="test")

    with pytest.raises(Unsealable):
        open_sealed(KEY, sealed[: length % len(sealed)], purpose="test")


def test_the_same_text_is_sealed_differently_each_time():
    assert seal(KEY, "secret", purpose="test") != seal(KEY, "secret", purpose="test")


async def test_a_value_of_another_row_does_not_open(db: Database):
    ring = Keyring(db, SECRET_KEY)
    first, second = uuid4(), uuid4()

    sealed = await ring.seal("a seed", purpose=f"totp seed {first}")

    assert await ring.open(sealed, purpose=f"totp seed {first}") == "a seed"
    with pytest.raises(Unsealable):
        await ring.open(sealed, purpose=f"totp seed {second}")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(60), b"\x01" + bytes(60)])
async def test_what_is_no_sealed_value_does_not_open(db: Database, sealed: bytes):
    with pytest.raises(Unsealable):
        await Keyring(db, SECRET_KEY).open(sealed, purpose="test")


async def test_two_processes_open_what_the_other_sealed(db: Database):
    one, other = Keyring(db, SECRET_KEY), Keyring(db, SECRET_KEY)

    assert await other.open(await one.seal("secret", purpose="test"), purpose="test") == "secret"


async def test_another_secret_key_opens_nothing_and_says_so(db: Database):
    await Keyring(db, SECRET_KEY).seal("secret", purpose="test")

    with pytest.raises(KeyringLocked, match="SECRET_KEY_PREVIOUS"):
        await Keyring(db, "another" * 8).seal("secret", purpose="test")


async def test_the_secret_key_before_opens_as_long_as_it_is_named(db: Database):
    sealed = await Keyring(db, SECRET_KEY).seal("secret", purpose="test")

    ring = Keyring(db, "another" * 8, previous=SECRET_KEY)

    assert await ring.open(sealed, purpose="test") == "secret"


def test_a_wrapped_key_opens_under_its_own_id_alone():
    wrapped = Wrapping(SECRET_KEY).wrap(KEY.id, KEY.key)

    assert Wrapping(SECRET_KEY).unwrap(KEY.id, wrapped) == KEY.key
    with pytest.raises(KeyringLocked):
        Wrapping(SECRET_KEY).unwrap(uuid4(), wrapped)

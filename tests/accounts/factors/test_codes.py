from xml.etree import ElementTree

import pyotp
import pytest

from trulybot.accounts.factors import codes

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(at: int, code: str):
    """RFC 6238, appendix B, the last six digits."""
    assert codes.step_of(SEED, code, at=at) == at // 30


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(seconds: int, taken: bool):
    now = 1_700_000_000

    step = codes.step_of(SEED, pyotp.TOTP(SEED).at(now + seconds), at=now)

    assert (step is not None) == taken


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "000000 ", "1e5000"])
def test_what_is_no_code_is_none(code: str):
    assert codes.step_of(SEED, code, at=59) is None


def test_a_code_may_be_typed_as_the_app_shows_it():
    assert codes.step_of(SEED, "287 082", at=59) == 1


def test_the_picture_is_svg_that_a_data_address_can_hold():
    picture = codes.qr_code(codes.uri(SEED, email="ana@example.com", issuer="bot.example.com"))

    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  (our own picture)
    assert "#" not in picture
    assert "%" not in picture


def test_the_app_is_told_whose_code_it_is():
    read = pyotp.parse_uri(codes.uri(SEED, email="ana+x@example.com", issuer="Ana's Bakery & Co"))

    assert (read.secret, read.name, read.issuer) == (SEED, "ana+x@example.com", "Ana's Bakery & Co")


@pytest.mark.parametrize(
    ("given", "shown"), [("", "bot.example.com"), ("Acme: \x00\u202eInc", "Acme Inc"), ("x" * 500, "x" * 100)]
)
def test_the_site_is_named_when_nobody_says_otherwise(given: str, shown: str):
    assert codes.issuer(given, "https://bot.example.com/auth/v1") == shown

"""
Codes of an authenticator app: SHA-1, six digits, thirty seconds.

Source: RFC 6238; the parameters are those that every such app assumes.
"""

import hmac
import re
from io import BytesIO
from urllib.parse import urlsplit

import pyotp
import segno

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a clock may be this far off, either way
CODE = re.compile(r"[0-9]{6}")
LONGEST_ISSUER = 100  # characters; the app shows it above the code

PIXELS = 4  # of one module; some 45 of them fit even a small phone's page


def new_seed() -> str:
    """160 bits in base32."""
    return pyotp.random_base32()


def step_of(seed: str, code: str, *, at: float) -> int | None:
    """
    Which thirty seconds since 1970 the code belongs to, if it is one of those around `at`.

    at: seconds since 1970.
    """
    code = "".join(code.split())  # apps show it in two groups
    if not CODE.fullmatch(code):
        return None
    now, totp = int(at) // STEP_SECONDS, pyotp.TOTP(seed)
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    return found


def uri(seed: str, *, email: str, issuer: str) -> str:
    """What the app reads out of the QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=email or "account", issuer_name=issuer)


def issuer(given: str, site_url: str) -> str:
    """What the app shows beside the email; the site's name when nobody says otherwise."""
    printable = "".join(character for character in given if character.isprintable() and character != ":").strip()
    return printable[:LONGEST_ISSUER] or urlsplit(site_url).hostname or "TrulyBot"


def qr_code(text: str) -> str:
    """An SVG image of its own. Without a `#`, since the clients put it into a data: address as it is."""
    picture = BytesIO()
    segno.make(text, error="m").save(
        picture, kind="svg", scale=PIXELS, light="white", xmldecl=False, nl=False, svgclass=None, lineclass=None
    )
    return picture.getvalue().decode().replace("#000", "black").replace("#fff", "white")

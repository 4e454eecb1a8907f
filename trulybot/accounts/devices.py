"""Which device a request comes from, as far as it tells."""

import re
from typing import Annotated

from fastapi import Depends, Request

from trulybot.accounts.models import Device

# Which accounts this browser has signed in to before; by https the first, which no other site can set.
MARKS_COOKIES = ("__Host-trulybot-device", "trulybot-device")

LONGEST_USER_AGENT = 400  # characters; a browser's has some 120


# What a browser calls itself, the more particular first: most claim to be Chrome or Safari as well.
BROWSERS = {
    "Edge": r"Edg(?:e|A|iOS)?/",
    "Opera": r"OPR/",
    "Samsung Internet": r"SamsungBrowser/",
    "Firefox": r"(?:Firefox|FxiOS)/",
    "Chrome": r"(?:Chrome|CriOS|Chromium|HeadlessChrome)/",
    "Safari": r"Version/[0-9.]+ .*Safari/",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "macOS": "Mac OS X|Macintosh",
    "ChromeOS": "CrOS",
    "Linux": "Linux",
}
PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,40}(?=/[0-9])")


def spoken(user_agent: str) -> str:
    """What a person may recognise their device by, as far as it says what it is: "Firefox on Windows"."""
    browser = next((name for name, sign in BROWSERS.items() if re.search(sign, user_agent)), None)
    system = next((name for name, sign in SYSTEMS.items() if re.search(sign, user_agent)), None)
    if browser is None and (program := PROGRAM.match(user_agent)) and program[0] != "Mozilla":
        browser = program[0]
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "A program that does not say what it is"


async def device(request: Request) -> Device:  # async, because FastAPI hands plain functions to a thread
    """The address is the client's own, where `TrustedProxies` could tell."""
    agent = request.headers.get("user-agent", "")
    printable = "".join(character for character in agent if character.isprintable())
    address = request.client.host if request.client else ""
    marks = next((request.cookies[name] for name in MARKS_COOKIES if name in request.cookies), "")
    return Device(printable[:LONGEST_USER_AGENT], address, marks)


From = Annotated[Device, Depends(device)]

"""How often the mailbox may be tried."""

from trulybot.kit.limits import Limit

PASSCODES = Limit(
    "mailbox passcodes",
    10,
    900,
    "address",
    "An operator copies the passcode from the start of the server; who guesses one of 2^80 gains nothing by haste.",
    ("POST /mailbox",),
)

LIMITS = (PASSCODES,)

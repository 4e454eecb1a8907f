"""How often visitors may arrive."""

from trulybot.kit.limits import Limit

SESSIONS = Limit(
    "visitor-sessions",
    60,
    60,
    "address",
    "A visitor keeps a session for an hour, so that an office of people behind one address begins a few a minute. "
    "Each makes a row.",
    ("POST /api/widget/session",),
)

LIMITS = (SESSIONS,)

"""How often documents may be sent."""

from trulybot.kit.limits import Limit

UPLOADS = Limit(
    "uploads",
    600,
    60,
    "workspace",
    "Ten requests a second, of up to 500 texts each, are more than the worker reads meanwhile.",
    ("POST /api/text-upload", "POST /dashboard/documents"),
)

LIMITS = (UPLOADS,)

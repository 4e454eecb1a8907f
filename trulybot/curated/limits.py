"""How often curated answers may be changed."""

from trulybot.kit.limits import Limit

CHANGES = Limit(
    "curated-answers",
    1200,
    60,
    "workspace",
    "Twenty a second is a program that brings a list over; each change embeds its phrasings at once.",
    (
        "POST /api/knowledge/answers",
        "PATCH /api/knowledge/answers/{answer_id}",
        "POST /dashboard/answers",
        "POST /dashboard/answers/{answer_id}",
    ),
)

LIMITS = (CHANGES,)

"""How often the past may be replayed."""

from trulybot.kit.limits import Limit

REPLAY = "GET /api/chat/{message_id}/replay"

LIMITS = (
    Limit(
        "replays",
        60,
        60,
        "workspace",
        "A replay asks the question again, with the model when there is one: a person reads each before the next.",
        (REPLAY, "GET /dashboard/history/answers/{message_id}"),
    ),
)

"""How often the bot may be asked."""

from trulybot.kit.limits import Limit

MINUTE = 60
CHAT = "POST /api/chat"
FEEDBACK = "POST /api/chat/{message_id}/feedback"

LIMITS = (
    Limit(
        "chat",
        20,
        MINUTE,
        "visitor",
        "A person reads the answer before they ask again: one question every three seconds is a program.",
        (CHAT,),
    ),
    Limit(
        "chat-from-address",
        300,
        MINUTE,
        "visitor's address",
        "Making new visitors does not help a program; an office of people behind one address still fits.",
        (CHAT,),
    ),
    Limit(
        "questions",
        6000,
        MINUTE,
        "workspace",
        "A runaway program of the workspace's own: its members' and keys' questions. A hundred a second is more than "
        "one machine answers, and leaves evaluations alone.",
        (
            CHAT,
            "POST /api/search",
            "POST /dashboard/try",
            "POST /dashboard/answers/try",
            "POST /dashboard/unanswered/{group_id}/approval",
            "POST /api/knowledge/unanswered/{group_id}/approval",
        ),
    ),
    Limit(
        "feedback",
        30,
        MINUTE,
        "visitor",
        "One for each answer that can be asked for, and half as many changes of mind.",
        (FEEDBACK,),
    ),
)

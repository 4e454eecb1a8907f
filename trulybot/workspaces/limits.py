"""How often a workspace's own things may be made, and how often somebody may be wrong about who they are."""

from trulybot.kit.limits import Limit

MINUTE, HOUR, DAY = 60, 3600, 86_400

INVITATIONS = Limit(
    "invitations",
    100,
    DAY,
    "workspace",
    "A team grows by a few people a day; each invitation is a mail to a stranger.",
    ("POST /api/workspaces/invitations", "POST /api/workspaces/members", "POST /dashboard/team/invitations"),
)
INVITED = Limit(
    "invited-addresses",
    10,
    DAY,
    "email",
    "However many workspaces somebody begins, and however often they invite anew, no stranger's mailbox is filled.",
)
API_KEYS = Limit(
    "api-keys",
    60,
    HOUR,
    "workspace",
    "A program needs one key; sixty an hour is a program gone wrong.",
    ("POST /api/api-keys", "POST /dashboard/keys"),
)
WORKSPACES = Limit(
    "workspaces",
    30,
    HOUR,
    "user",
    "Each has plans and quotas of its own, so that making one after the other would be a way around them.",
    ("POST /api/workspaces", "POST /begin"),
)
WRONG_CREDENTIALS = Limit(
    "wrong-credentials",
    300,
    MINUTE,
    "address",
    "Tokens and keys that sign nobody in. They cannot be guessed; whoever tries is noted.",
)

LIMITS = (INVITATIONS, INVITED, API_KEYS, WORKSPACES, WRONG_CREDENTIALS)

"""How often sources may be added and synced by hand."""

from trulybot.kit.limits import Limit

HOUR = 3600

SOURCES = Limit(
    "sources",
    100,
    HOUR,
    "workspace",
    "Each may load two thousand pages from somebody's server; more pages at once are one sitemap.",
    ("POST /api/sources", "POST /dashboard/sources"),
)
SYNCS = Limit(
    "syncs",
    100,
    HOUR,
    "workspace",
    "Each visits every page of a source again, on a server that is not ours.",
    ("POST /api/sources/{source_id}/sync", "POST /dashboard/sources/{source_id}/sync"),
)

LIMITS = (SOURCES, SYNCS)

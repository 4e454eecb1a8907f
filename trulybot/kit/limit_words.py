"""The table of limits, for people: at `/docs`, and in the documentation."""

from trulybot.kit.limiting import EVERYWHERE, Table
from trulybot.kit.limits import By, Limit

UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
EACH: dict[By, str] = {
    "address": "address",
    "visitor": "visitor",
    "visitor's address": "address, of its visitors",
    "user": "person",
    "workspace": "workspace, of its members and keys",
    "key": "API key",
    "account": "account",
    "email": "mailbox",
    "phone": "phone number",
    "all": "server",
}
HEAD = ("Limit", "How much", "For each", "Where", "Without Redis", "Why")


def rows(table: Table) -> list[tuple[str, ...]]:
    """One for each limit, under `HEAD`."""
    limits = [
        (
            f"`{limit.name}`",
            f"{limit.amount} in {period(limit.per_seconds)}",
            EACH[limit.by],
            _where(limit),
            "each process by itself",
            limit.reason,
        )
        for limit in table.limits
    ]
    streams = [
        (
            f"`{one.name}`",
            f"{one.amount} at once",
            EACH[one.by],
            "event streams",
            "the same: always by process",
            one.reason,
        )
        for one in table.streams
    ]
    return [*limits, *streams]


def markdown(table: Table) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *rows(table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def listed(table: Table) -> str:
    """The same as a list, which fits a telephone."""
    return "\n".join(
        f"- {name}: {how_much} for each {each} ({where}). {why}" for name, how_much, each, where, _, why in rows(table)
    )


def period(seconds: int) -> str:
    """90 seconds, a minute, 5 minutes, an hour."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    if seconds == size:
        return f"{'an' if unit == 'hour' else 'a'} {unit}"
    return f"{seconds // size} {unit}s"


def _where(limit: Limit) -> str:
    if EVERYWHERE in limit.endpoints:
        return "whatever no other limit for each address names"
    return ", ".join(f"`{_shown(endpoint)}`" for endpoint in limit.endpoints) or "where the product counts it"


def _shown(endpoint: str) -> str:
    """A page by its path alone: what programs call is described with its method."""
    method, _, path = endpoint.rpartition(" ")
    return endpoint if method and path.startswith(("/api/", "/auth/")) else path

"""When an operator is woken, why, and what there is to do: `docs/alerts.md` is held to this table."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from trulybot.kit.security import SecurityEvent

By = Literal["address", "user"]


@dataclass(frozen=True)
class Rule:
    """
    Raised when `event` was noted at least `threshold` times `within` a time, by one address or person or in all.

    A rule without an event is about the server itself, and `operations/vitals.py` says when. Raised once per subject
    in each such time. reason: for these numbers.
    """

    name: str
    event: SecurityEvent | None
    threshold: int
    within: timedelta
    by: By | None
    means: str
    reason: str
    what_to_do: str


FIVE_MINUTES = timedelta(minutes=5)

SLOW_SECONDS = 5.0
ERROR_SHARE = 0.05
ERROR_REQUESTS = 20  # below that, one error would be a share of more than 5 %
CONNECTION_SHARE = 0.8

RULES: Final = (
    Rule(
        "sign-ins-failed-by-address",
        SecurityEvent.SIGN_IN_FAILED,
        5,
        FIVE_MINUTES,
        "address",
        "One address failed to sign in five times in five minutes.",
        "People mistype two or three times and then ask for a new password.",
        "Look at which accounts were tried. Many accounts: a list of leaked passwords is being tried; deny the address "
        "at the proxy. One account: ask its owner, by another way than mail.",
    ),
    Rule(
        "sign-ins-failed-for-person",
        SecurityEvent.SIGN_IN_FAILED,
        5,
        FIVE_MINUTES,
        "user",
        "Sign-in to one account failed five times in five minutes, from wherever.",
        "Whoever guesses from many addresses shows here and not by any one of them.",
        "The account is locked for a while by itself. Ask its owner, and suggest a second factor.",
    ),
    Rule(
        "sign-ins-failed-everywhere",
        SecurityEvent.SIGN_IN_FAILED,
        100,
        FIVE_MINUTES,
        None,
        "A hundred sign-ins failed in five minutes, by whomever.",
        "One guess at each of many accounts from each of many addresses passes under the two rules above.",
        "Deny the networks that it comes from, or ask for a second factor, until it ends.",
    ),
    Rule(
        "tenant-crossed",
        SecurityEvent.CROSS_TENANT,
        1,
        FIVE_MINUTES,
        "address",
        "Somebody named a workspace or an id that exists and belongs to another tenant. They were refused.",
        "Ids cannot be guessed: whoever has one got it from somewhere.",
        "Find out where the id leaked: a log, a screenshot, a former member. See who asked, and end their sessions.",
    ),
    Rule(
        "injection-attempted",
        SecurityEvent.INJECTION,
        1,
        FIVE_MINUTES,
        "address",
        "A request carried code where nobody writes code. It was refused or, where people write prose, let in as text.",
        "Scanners begin with this; what follows it is more interesting than itself.",
        "Look at what else the address asked for. Deny it at the proxy when it goes on.",
    ),
    Rule(
        "isolation-broken",
        SecurityEvent.ISOLATION_BROKEN,
        1,
        FIVE_MINUTES,
        None,
        "What belongs to one workspace was seen from another.",
        "This must never happen.",
        "Stop the web processes, keep the logs and a copy of the database, and run `trulybot doctor --isolation`.",
    ),
    Rule(
        "deletion-incomplete",
        SecurityEvent.DELETION_INCOMPLETE,
        1,
        FIVE_MINUTES,
        None,
        "Something was left of a document that its owner had deleted.",
        "A deletion is a promise, often to a person whom the document is about.",
        "The receipt names the places: `GET /api/knowledge/receipts/{receipt_id}`, or History on the dashboard. Remove "
        "what is there by hand, and report it: our code should have.",
    ),
    Rule(
        "responses-slow",
        None,
        1,
        FIVE_MINUTES,
        None,
        "A request waited more than 5 seconds for the beginning of its answer.",
        "A promise to users; nothing of ours takes a tenth of that.",
        "See `trulybot_request_seconds` and `trulybot_transaction_seconds`: the database, the embedder or the model?",
    ),
    Rule(
        "errors-frequent",
        None,
        1,
        FIVE_MINUTES,
        None,
        "More than 5 % of a web process's answers in five minutes were faults of ours.",
        "Counted from 20 answers on, so that one fault in a quiet night is no alarm.",
        "Look for `request.failed` in the logs, and at `GET /api/monitoring/ready`.",
    ),
    Rule(
        "connections-short",
        None,
        1,
        FIVE_MINUTES,
        None,
        "More than 80 % of the connections that PostgreSQL allows are taken.",
        "When all are, nobody can sign in, you included.",
        "See `pg_stat_activity`: too many web processes, or something that holds connections without working?",
    ),
)
BY_NAME: Final = {rule.name: rule for rule in RULES}

"""The one place where the parts meet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from joserfc.jwk import OctKey
from starlette.middleware import Middleware

from trulybot import __version__
from trulybot.accounts import lockout
from trulybot.accounts.limits import AccountLimits
from trulybot.accounts.transport import GoTrueTransport
from trulybot.accounts.wire import gotrue_error
from trulybot.answers.former import keep_asking
from trulybot.conversations import limits as conversation_limits
from trulybot.curated import limits as curated_limits
from trulybot.dashboard import routes as dashboard
from trulybot.documents import limits as document_limits
from trulybot.documents.files import Files
from trulybot.history import limits as history_limits
from trulybot.kit.aside import finish_asides
from trulybot.kit.bodies import MEGABYTE, BodyLimit, Pace
from trulybot.kit.db import Database
from trulybot.kit.edge import Edge
from trulybot.kit.gate import Gate
from trulybot.kit.headers import SecurityHeaders
from trulybot.kit.http import Errors, RequestContext, answer_errors
from trulybot.kit.keyring import Keyring
from trulybot.kit.keys import derive
from trulybot.kit.limit_words import listed
from trulybot.kit.limiting import EVERYWHERE, RateLimits, StreamLimit, Table
from trulybot.kit.limits import Limit, Limiter
from trulybot.kit.openapi import describe
from trulybot.kit.proxies import TrustedProxies
from trulybot.kit.push import Push
from trulybot.kit.streams import settle
from trulybot.mail import limits as mail_limits
from trulybot.operations.security_log import SecurityLog
from trulybot.operations.vitals import Vitals
from trulybot.parts import (
    accounts_of,
    answering_of,
    countries_of,
    embedder_of,
    former_embedders_of,
    mailbox_of,
    reach_of,
)
from trulybot.routes import ACCOUNTS, ROUTES
from trulybot.settings import APP_LOGIN, Settings
from trulybot.sources import limits as source_limits
from trulybot.widget import limits as widget_limits
from trulybot.widget.cors import WidgetCors
from trulybot.workspaces import limits as workspace_limits

BODY_BYTES = 1024 * 1024
UPLOAD_BYTES = 100 * MEGABYTE  # of one request; a file in it has a limit of its own
BODY_BYTES_BY_PATH = {"/api/text-upload": UPLOAD_BYTES, "/dashboard/documents": UPLOAD_BYTES}

SETTLE_SECONDS = 0.5  # for answers that nobody waits for any more, within what the supervisor gives us to end

ALIASES = {"/api/auth/": "/auth/v1/"}

EVERYTHING = Limit(
    "everything",
    12_000,
    60,
    "address",
    "Two hundred requests a second are what one process answers; a person's browser sends a few.",
    (EVERYWHERE,),
)
STREAMS = (
    StreamLimit("streams", 500, "address", "An open stream costs some 50 KB; an office behind one address has a few."),
    StreamLimit("visitor-streams", 5, "visitor", "A visitor has one conversation, perhaps in several tabs."),
    StreamLimit("member-streams", 250, "user", "Some tabs; and a program that tries the bot in parallel still fits."),
    StreamLimit("key-streams", 250, "key", "A program that answers for a whole website through one key."),
)
# What costs less than counting it would.
UNCOUNTED = ("/api/monitoring/health", "/assets/", "/widget.js", "/widget/")

ABOUT = """
JSON in UTF-8. Ids are UUIDs, times RFC 3339 in UTC. Whoever calls sends `Authorization: Bearer …`, or is a person at
the dashboard with its cookie.

A refusal under `/api` is `{"error": {"code", "message", "request_id", "details"?}}`: `code` never changes, `details`
names the fields. Every answer carries `X-Request-Id`; a valid one that you send is kept. Lists take `limit` and
`cursor` and answer with `items` and `next_cursor`.

A `POST` that makes something may be sent with an `Idempotency-Key` of your choice: sent again with the same key within
a day, it is answered as the first time, with `Idempotent-Replayed: true`, and not done again.
"""
LIMITS = """
**Limits.** Whoever exceeds one is answered 429, with the seconds until it is worth trying again in `Retry-After`.
Before that, `RateLimit-Policy: "chat";q=20;w=60` names the limits that an answer counted against, 20 in 60 seconds, and
`RateLimit: "chat";r=19;t=31` what is left of them, 19 for the next 31 seconds. An address is an IPv4 address, or the
/64 network of an IPv6 address.
"""
TAGS = {
    "chat": "Ask the bot, and see what it would read.",
    "documents": "What the bot knows.",
    "bot": "How the bot speaks, with which language model, and what that may cost.",
    "answers": "What the bot says in your own words.",
    "history": "How the knowledge changed, and what was answered from it.",
    "sources": "Web pages that the bot knows, and keeps up with.",
    "quality": "How well the bot answers questions whose right answers are known.",
    "widget": "The bot on a website: its settings, and its visitors' sessions.",
    "leads": "Who wants to be answered by a person.",
    "workspaces": "You, your workspaces and their API keys.",
    "accounts": "Sign-up, sign-in and sessions, by the GoTrue API. The same routes answer below `/api/auth`.",
    "monitoring": "Whether the server is alive and ready.",
}


def build(settings: Settings) -> FastAPI:
    """The web application, ready to be served; it connects when its lifespan begins."""
    db = Database(settings.database_url(APP_LOGIN))
    push = Push(db.url)
    embedder, former = embedder_of(settings), former_embedders_of(settings)
    limiter = Limiter(derive(settings.secret_key, "rate limits"), redis_url=settings.redis_url)
    keyring = Keyring(db, settings.secret_key, previous=settings.secret_key_previous)
    db.keyring = keyring
    answering = answering_of(settings, embedder, keyring)
    security = SecurityLog(db)
    known = accounts_of(settings, limiter, keyring)
    table = limits_of(known.limits)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await db.open()
        await push.open()
        warming = asyncio.create_task(answering.warm_up())
        asking = asyncio.create_task(keep_asking(db, answering, former))
        async with security.keeping():
            yield
            await settle(SETTLE_SECONDS)
            await finish_asides(SETTLE_SECONDS)
        asking.cancel()
        await warming
        await answering.close()
        await push.close()
        for one in (embedder, *former):
            await one.close()
        await limiter.close()
        await db.close()

    app = FastAPI(
        title="TrulyBot",
        version=__version__,
        summary="A support chatbot that answers from what a business knows, with its sources.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.db = db
    app.state.push = push
    app.state.embedder = embedder
    app.state.reach = reach_of(settings)
    app.state.files = Files(settings.files_directory)
    app.state.answering = answering
    app.state.limiter = limiter
    app.state.keyring = keyring
    app.state.security = security
    app.state.accounts = known
    app.state.visitor_key = OctKey.import_key(derive(settings.secret_key, "visitor tokens"))
    app.state.repeat_key = derive(settings.secret_key, "answers to repeated requests")
    app.state.proof_key = derive(settings.secret_key, "challenges for browsers")
    app.state.site_url = settings.site_url
    app.state.mailbox = mailbox_of(settings)
    app.state.metrics_token = settings.metrics_token

    app.router.routes.extend(ROUTES)

    describe(app, about=about(table), tags=TAGS, own_errors=ACCOUNTS)
    answer = answer_errors(app, by_prefix={**dict.fromkeys(ACCOUNTS, gotrue_error), **dashboard.RENDERERS})
    by_https = settings.site_url is not None and settings.site_url.startswith("https://")
    # What a request passes, in this order; each may refuse it. The last one added is the first one passed.
    gateway = [
        Middleware(TrustedProxies, networks=settings.trusted_proxies),
        Middleware(RequestContext),
        Middleware(Vitals, security=security),
        Middleware(SecurityHeaders, by_https=by_https),
        Middleware(Errors, answer=answer),
        Middleware(Pace),
        Middleware(RateLimits, limiter=limiter, table=table, answer=answer, aliases=ALIASES),
        Middleware(Edge, countries=countries_of(settings)),
        Middleware(WidgetCors),
        Middleware(GoTrueTransport),
        Middleware(Errors, answer=answer),
        Middleware(Gate),
        Middleware(BodyLimit, default=BODY_BYTES, by_path=BODY_BYTES_BY_PATH),
    ]
    for step in reversed(gateway):
        app.add_middleware(step.cls, *step.args, **step.kwargs)
    return app


def about(table: Table) -> str:
    """What is said of the API as a whole."""
    return f"{ABOUT}\n{LIMITS}\n{listed(table)}\n"


def limits_of(accounts: AccountLimits) -> Table:
    """Every limit there is, each where it belongs."""
    rows = (
        *accounts.table,
        *lockout.LIMITS,
        *workspace_limits.LIMITS,
        *document_limits.LIMITS,
        *curated_limits.LIMITS,
        *source_limits.LIMITS,
        *conversation_limits.LIMITS,
        *history_limits.LIMITS,
        *widget_limits.LIMITS,
        *mail_limits.LIMITS,
        EVERYTHING,
    )
    return Table(rows, STREAMS, free=UNCOUNTED)

"""The one place where the parts meet."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from joserfc.jwk import OctKey

from trulybot import __version__
from trulybot.accounts import config as accounts_config
from trulybot.accounts import pages as account_pages
from trulybot.accounts import routes as accounts
from trulybot.accounts.transport import GoTrueTransport
from trulybot.accounts.wire import gotrue_error
from trulybot.answers.answering import Answering
from trulybot.conversations import routes as conversations
from trulybot.dashboard import routes as dashboard
from trulybot.documents import routes as documents
from trulybot.documents.files import Files
from trulybot.kit import pages, reference
from trulybot.kit.db import Database
from trulybot.kit.http import MEGABYTE, BodyLimit, RequestContext, answer_errors
from trulybot.kit.keys import derive
from trulybot.kit.openapi import describe
from trulybot.kit.proxies import TrustedProxies
from trulybot.kit.push import Push
from trulybot.kit.streams import settle
from trulybot.leads import routes as leads
from trulybot.llm.embeddings import OpenAIEmbedder
from trulybot.llm.model import OpenAIModel
from trulybot.operations import health
from trulybot.settings import APP_LOGIN, Settings
from trulybot.widget import routes as widget
from trulybot.widget.cors import WidgetCors
from trulybot.workspaces import routes as workspaces
from trulybot.workspaces import service as founding

BODY_BYTES = 1024 * 1024
UPLOAD_BYTES = 100 * MEGABYTE  # of one request; a file in it has a limit of its own
BODY_BYTES_BY_PATH = {"/api/text-upload": UPLOAD_BYTES, "/dashboard/documents": UPLOAD_BYTES}

SETTLE_SECONDS = 0.5  # for answers that nobody waits for any more, within what the supervisor gives us to end

ACCOUNTS = ("/auth/v1", "/api/auth")

ABOUT = """
JSON in UTF-8. Ids are UUIDs, times RFC 3339 in UTC. Whoever calls sends `Authorization: Bearer …`, or is a person at
the dashboard with its cookie.

A refusal under `/api` is `{"error": {"code", "message", "request_id", "details"?}}`: `code` never changes, `details`
names the fields. Every answer carries `X-Request-Id`; a valid one that you send is kept. Lists take `limit` and
`cursor` and answer with `items` and `next_cursor`.
"""
TAGS = {
    "chat": "Ask the bot, and see what it would read.",
    "documents": "What the bot knows.",
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
    embedder, model = embedder_of(settings), model_of(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await db.open()
        await push.open()
        warming = asyncio.create_task(model.warm_up()) if model else None
        yield
        await settle(SETTLE_SECONDS)
        if warming:
            await warming
        if model:
            await model.close()
        await push.close()
        await embedder.close()
        await db.close()

    app = FastAPI(
        title="TrulyBot",
        version=__version__,
        summary="A support chatbot that answers from what a business knows, with its sources.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.db = db
    app.state.push = push
    app.state.embedder = embedder
    app.state.files = Files(settings.files_directory)
    app.state.answering = Answering(embedder, model)
    app.state.accounts = accounts_of(settings)
    app.state.visitor_key = OctKey.import_key(derive(settings.secret_key, "visitor tokens"))
    app.state.site_url = settings.site_url
    app.state.metrics_token = settings.metrics_token

    for router in (
        workspaces,
        documents,
        leads,
        conversations,
        widget,
        health,
        dashboard,
        account_pages,
        reference,
        pages,
    ):
        app.include_router(router.router)
    for prefix in ACCOUNTS:
        app.include_router(accounts.router, prefix=prefix)

    describe(app, about=ABOUT, tags=TAGS, own_errors=ACCOUNTS)
    answer = answer_errors(app, by_prefix={**dict.fromkeys(ACCOUNTS, gotrue_error), **dashboard.RENDERERS})
    # The last one added is the first one passed.
    app.add_middleware(BodyLimit, default=BODY_BYTES, by_path=BODY_BYTES_BY_PATH, answer=answer)
    app.add_middleware(GoTrueTransport)
    app.add_middleware(WidgetCors)
    app.add_middleware(RequestContext)
    app.add_middleware(TrustedProxies, networks=settings.trusted_proxies)
    return app


def embedder_of(settings: Settings) -> OpenAIEmbedder:
    """The embeddings server of the settings, or our own process on this machine."""
    if settings.embeddings_base_url is not None:
        assert settings.embeddings_model is not None  # noqa: S101  (settings refuses one without the other)
        assert settings.embeddings_dimensions is not None  # noqa: S101
        return OpenAIEmbedder(
            settings.embeddings_base_url,
            model=settings.embeddings_model,
            dimensions=settings.embeddings_dimensions,
            api_key=settings.embeddings_api_key or "",
        )
    return OpenAIEmbedder.local(settings.trulybot_embedder_socket or settings.trulybot_data_dir / "embedder.sock")


def model_of(settings: Settings) -> OpenAIModel | None:
    """The model that writes answers, when there is one."""
    if settings.openai_api_key is None:
        return None
    return OpenAIModel(settings.openai_model, api_key=settings.openai_api_key, base_url=settings.openai_base_url)


def accounts_of(settings: Settings) -> accounts_config.Accounts:
    return accounts_config.Accounts(
        secret_key=settings.secret_key,
        issuer=accounts_config.issuer(settings.site_url),
        found=founding.found,
        readdress=founding.readdress,
        jwt_exp_seconds=settings.gotrue_jwt_exp,
        jwt_keys=settings.gotrue_jwt_keys,
        disable_signup=settings.gotrue_disable_signup,
        # There is no mail yet, so nothing else could confirm an account.
        autoconfirm=True,
        password_min_length=settings.gotrue_password_min_length,
        reuse_interval_seconds=settings.gotrue_security_refresh_token_reuse_interval,
        secure_cookies=settings.site_url is not None and settings.site_url.startswith("https://"),
    )


def _operation_id(route: APIRoute) -> str:
    """One name for each method of each path, since the accounts answer at two."""
    return re.sub(r"\W+", "_", f"{min(route.methods or {'GET'}).lower()}{route.path_format}").strip("_")

"""The parts that the settings ask for, each made in one place; `app.py`, worker and commands put them together."""

from trulybot.accounts import config as accounts_config
from trulybot.accounts.limits import AccountLimits
from trulybot.accounts.passwords import LEAST
from trulybot.accounts.providers.provider import Provider, issuer_of
from trulybot.accounts.supabase.project import Project
from trulybot.accounts.texts import HookTexts
from trulybot.answers.answering import Answering
from trulybot.answers.turns import Allowance, Turns
from trulybot.bots.choosing import Models
from trulybot.kit.countries import Countries
from trulybot.kit.db import Database, Sealer
from trulybot.kit.keyring import Keyring
from trulybot.kit.keys import derive
from trulybot.kit.limits import Limiter
from trulybot.kit.log import get_logger
from trulybot.llm.embeddings import Embedder, OpenAIEmbedder
from trulybot.llm.model import OpenAIModel
from trulybot.llm.prices import ASSUMED, Price
from trulybot.mail.delivery import Postman
from trulybot.mail.mailbox import Mailbox
from trulybot.mail.message import Sender
from trulybot.mail.smtp import Smtp, tls_for
from trulybot.operations import doctor
from trulybot.operations.canary import Search
from trulybot.operations.security_log import SecurityLog
from trulybot.settings import APP_LOGIN, Settings, SettingsError
from trulybot.sources.fetching.addresses import Reach
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.workspaces import service as founding

log = get_logger()


def countries_of(settings: Settings) -> Countries:
    """
    Which countries are served.

    Raises:
        SettingsError: The file that should know them cannot be read.
    """
    try:
        return Countries(
            allowed=settings.trulybot_countries_allowed,
            refused=settings.trulybot_countries_refused,
            file=settings.trulybot_geoip_file,
            header=settings.trulybot_country_header or "",
        )
    except (OSError, ValueError) as error:
        raise SettingsError([f"TRULYBOT_GEOIP_FILE cannot be used: {error}"]) from None


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
    return _local_embedder(settings)


def former_embedders_of(settings: Settings) -> list[OpenAIEmbedder]:
    """Embedders of models before the present one, which answer until a workspace has changed over."""
    former = []
    if settings.embeddings_base_url is not None:
        former.append(_local_embedder(settings))
    if settings.embeddings_previous_base_url is not None:
        assert settings.embeddings_previous_model is not None  # noqa: S101  (settings refuses one without the other)
        assert settings.embeddings_previous_dimensions is not None  # noqa: S101
        former.append(
            OpenAIEmbedder(
                settings.embeddings_previous_base_url,
                model=settings.embeddings_previous_model,
                dimensions=settings.embeddings_previous_dimensions,
                api_key=settings.embeddings_previous_api_key or "",
            )
        )
    return former


def _local_embedder(settings: Settings) -> OpenAIEmbedder:
    return OpenAIEmbedder.local(settings.trulybot_embedder_socket or settings.trulybot_data_dir / "embedder.sock")


def reach_of(settings: Settings) -> Reach:
    """Where pages may be fetched from."""
    return Reach(settings.trulybot_crawl_private)


def fetcher_of(settings: Settings) -> Fetcher:
    """Who fetches the pages that owners name."""
    return Fetcher(reach_of(settings), contact=settings.site_url)


def model_of(settings: Settings) -> OpenAIModel | None:
    """The model that writes answers, when there is one."""
    if settings.openai_api_key is None:
        return None
    price = None
    if settings.trulybot_model_prices is not None:
        price = Price(*settings.trulybot_model_prices)
    model = OpenAIModel(
        settings.openai_model,
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        price=price,
        context_tokens=settings.trulybot_model_context_tokens,
    )
    if model.price is ASSUMED:
        log.warning("model.price_assumed", setting="TRULYBOT_MODEL_PRICES")
    return model


def allowance_of(settings: Settings) -> Allowance:
    return Allowance(
        requests_per_minute=settings.trulybot_model_requests_per_minute,
        tokens_per_minute=settings.trulybot_model_tokens_per_minute,
        at_once=settings.trulybot_model_at_once,
        budget_usd=settings.trulybot_model_budget_usd,
    )


def answering_of(settings: Settings, embedder: Embedder, keyring: Sealer) -> Answering:
    """What answers, the same in every process: with the operator's model, workspaces' own, and their budgets."""
    return Answering(embedder, model_of(settings), models_of(settings, keyring), Turns(allowance_of(settings)))


def models_of(settings: Settings, keyring: Sealer) -> Models:
    """The models that workspaces brought themselves."""
    reach = Reach(settings.trulybot_model_private)
    return Models(keyring, reach.choose, default_name=settings.openai_model)


def postman_of(settings: Settings) -> Postman | None:
    """Who takes our mail to the operator's server; nobody where there is none."""
    host, email = settings.gotrue_smtp_host, settings.gotrue_smtp_admin_email
    if host is None:
        return None
    assert email is not None  # noqa: S101  (settings refuses one without the other)
    port = settings.gotrue_smtp_port
    server = Smtp(
        host,
        port,
        tls_for(host, port, plain=settings.trulybot_smtp_plain),
        user=settings.gotrue_smtp_user,
        password=settings.gotrue_smtp_pass,
    )
    return Postman(server, Sender.of(email, settings.gotrue_smtp_sender_name), settings.site_url)


def mailbox_of(settings: Settings) -> Mailbox | None:
    """Where an operator reads what nobody can be sent; nowhere once there is a mail server."""
    if settings.gotrue_smtp_host is not None:
        return None
    return Mailbox(settings.secret_key, (settings.site_url or "").startswith("https://"))


async def doctors(settings: Settings, url: str) -> Search:
    """Check the isolation of the server at `url`, which is on this database."""
    db = Database(settings.database_url(APP_LOGIN), size=2)
    limiter = Limiter(derive(settings.secret_key, "rate limits"), redis_url=settings.redis_url)
    keyring = Keyring(db, settings.secret_key, previous=settings.secret_key_previous)
    db.keyring = keyring
    security = SecurityLog(db)
    await db.open()
    try:
        found = await doctor.check_isolation(db, accounts_of(settings, limiter, keyring), url, sink=security)
        await security.flush()
        return found
    finally:
        await limiter.close()
        await db.close()


def accounts_of(settings: Settings, limiter: Limiter, keyring: Keyring) -> accounts_config.Accounts:
    return accounts_config.Accounts(
        secret_key=settings.secret_key,
        issuer=accounts_config.issuer(settings.site_url),
        found=founding.found,
        readdress=founding.readdress,
        keyring=keyring,
        jwt_exp_seconds=settings.gotrue_jwt_exp,
        jwt_keys=settings.gotrue_jwt_keys,
        # Who is signed in by a Supabase project signs up there.
        disable_signup=settings.gotrue_disable_signup or settings.supabase_url is not None,
        providers=providers_of(settings),
        manual_linking=settings.gotrue_security_manual_linking_enabled,
        supabase=supabase_of(settings),
        autoconfirm=settings.confirms_by_itself,
        jwt_secret=settings.gotrue_jwt_secret,
        admin_key=settings.trulybot_admin_key,
        redirect_url=settings.gotrue_site_url or "",
        allowed_redirects=settings.gotrue_uri_allow_list,
        otp_seconds=settings.gotrue_mailer_otp_exp,
        anonymous_users=settings.gotrue_external_anonymous_users_enabled,
        phones=settings.gotrue_external_phone_enabled,
        sms_autoconfirm=settings.gotrue_sms_autoconfirm,
        texts=texts_of(settings),
        password_min_length=max(LEAST, settings.gotrue_password_min_length),
        reuse_interval_seconds=settings.gotrue_security_refresh_token_reuse_interval,
        secure_cookies=settings.site_url is not None and settings.site_url.startswith("https://"),
        limiter=limiter,
        limits=AccountLimits(
            otp=settings.gotrue_rate_limit_otp,
            token=settings.gotrue_rate_limit_token_refresh,
            verify=settings.gotrue_rate_limit_verify,
            mfa=settings.gotrue_mfa_rate_limit_challenge_and_verify,
            anonymous=settings.gotrue_rate_limit_anonymous_users,
            emails=settings.gotrue_rate_limit_email_sent,
            messages=settings.gotrue_rate_limit_sms_sent,
        ),
    )


def texts_of(settings: Settings) -> HookTexts | None:
    """What sends text messages, when there is something."""
    if settings.gotrue_hook_send_sms_uri is None:
        return None
    return HookTexts(settings.gotrue_hook_send_sms_uri, settings.gotrue_hook_send_sms_secrets)


def providers_of(settings: Settings) -> dict[str, Provider]:
    """Whom people can sign in with. One that has no OpenID Connect is left out, and says so when it is asked for."""
    callback = f"{accounts_config.issuer(settings.site_url)}/callback"
    return {
        one.name: Provider(
            name=one.name,
            issuer=issuer,
            client_ids=one.client_ids,
            redirect_uri=one.redirect_uri or callback,
            secret=one.secret,
        )
        for one in settings.gotrue_external
        if (issuer := issuer_of(one.name, one.url)) is not None
    }


def supabase_of(settings: Settings) -> Project | None:
    if settings.supabase_url is None:
        return None
    assert settings.supabase_anon_key is not None  # noqa: S101  (settings refuses one without the other)
    return Project(
        settings.supabase_url,
        anon_key=settings.supabase_anon_key,
        jwt_secret=settings.supabase_jwt_secret,
        jwks_file=settings.supabase_jwks_file,
    )

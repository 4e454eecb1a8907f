"""
What the environment must tell us.

Every setting is one field of `Settings`; the variable has the field's name in capitals, and an empty variable
counts as unset. `described()` lists them for the docs, which a test holds to this file.
"""
# ruff: noqa: RUF009 - setting() and secret() make dataclass fields; nothing is shared between instances.

import hashlib
import hmac
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from trulybot.setting_values import (
    POSTGRES_URL,
    SECRET_KEY_CHARACTERS,
    External,
    Network,
    admin_key,
    countries,
    directory,
    dollars,
    email_address,
    existing_file,
    externals,
    file_url,
    globs,
    header_name,
    hook_secrets,
    json_web_keys,
    long_secret,
    networks,
    on_or_off,
    postgres_url,
    prices,
    rate,
    redis_url,
    text,
    web_url,
    whole_number,
)

APP_LOGIN = "trulybot_app"
WORKER_LOGIN = "trulybot_worker"
OWNER_LOGIN = "trulybot_owner"  # of the embedded database


# What is of no use without the other.
TOGETHER = (
    ("SUPABASE_URL", "SUPABASE_ANON_KEY"),
    ("EMBEDDINGS_BASE_URL", "EMBEDDINGS_MODEL"),
    ("EMBEDDINGS_BASE_URL", "EMBEDDINGS_DIMENSIONS"),
    ("EMBEDDINGS_PREVIOUS_BASE_URL", "EMBEDDINGS_PREVIOUS_MODEL"),
    ("EMBEDDINGS_PREVIOUS_BASE_URL", "EMBEDDINGS_PREVIOUS_DIMENSIONS"),
    ("GOTRUE_HOOK_SEND_SMS_URI", "GOTRUE_HOOK_SEND_SMS_SECRETS"),
    ("GOTRUE_SMTP_HOST", "GOTRUE_SMTP_ADMIN_EMAIL"),
    ("GOTRUE_SMTP_USER", "GOTRUE_SMTP_PASS"),
)

WIDEST_VECTOR = 4000  # dimensions; pgvector cannot index a wider halfvec


class SettingsError(Exception):
    """The environment cannot be used; `problems` names everything that is wrong, and never a secret's value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Described(NamedTuple):
    """One setting as the docs show it; `default` is empty when the setting is required or off."""

    name: str
    type: str
    default: str
    doc: str


def default_data_dir(env: Mapping[str, str]) -> Path:
    """Where data is kept when nobody says where: the place that the XDG rules give to a user's programs."""
    home = env.get("XDG_DATA_HOME") or Path(env.get("HOME") or "~").expanduser() / ".local" / "share"
    return Path(home) / "trulybot"


def setting(parse: Callable[[str], Any], doc: str, *, default: Any = MISSING, variable: str = "", **meta: str) -> Any:
    """A field read from the environment; without a default it is required."""
    return field(default=default, metadata={"parse": parse, "doc": doc, "variable": variable, **meta})


def secret(parse: Callable[[str], Any], doc: str, *, default: Any = MISSING, variable: str = "") -> Any:
    """A setting whose value appears in no message, log or repr."""
    return field(default=default, repr=False, metadata={"parse": parse, "doc": doc, "variable": variable})


MANY = whole_number(1, 1_000_000_000)


@dataclass(frozen=True, kw_only=True)
class Settings:
    # The database
    given_database_url: str = secret(
        postgres_url,
        "PostgreSQL as its owner sees it (an embedded one runs when unset). Web and worker sign in as logins of their "
        "own, whose passwords follow from SECRET_KEY, unless the address names such a login already.",
        variable="DATABASE_URL",
    )
    trulybot_superuser_url: str | None = secret(
        postgres_url,
        "A login that may create roles, for `trulybot migrate` alone; the owner creates them when unset.",
        default=None,
    )
    secret_key: str = secret(
        long_secret,
        f"At least {SECRET_KEY_CHARACTERS} random characters; everything that must not be guessed follows from it. "
        "Made and kept in the data directory when unset with the embedded database.",
    )
    secret_key_previous: str | None = secret(
        long_secret,
        "The SECRET_KEY before this one, until `trulybot keys rotate --secret-key` has run.",
        default=None,
    )

    redis_url: str | None = secret(
        redis_url,
        "Redis, where all processes count limits together: redis://, rediss://, unix:// or "
        "redis+cluster://host:port,host:port. Each process counts for itself when unset, and while Redis is away.",
        default=None,
    )

    # Where we are, and where we keep things
    site_url: str | None = setting(
        web_url, "The address people reach us at; taken from each request when unset.", default=None
    )
    trusted_proxies: tuple[Network, ...] = setting(
        networks,
        "Networks, comma-separated, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        default=(),
    )
    trulybot_crawl_private: tuple[Network, ...] = setting(
        networks,
        "Private networks, comma-separated, whose web pages owners may take in, at any port; none when unset.",
        default=(),
    )
    trulybot_geoip_file: Path | None = setting(
        existing_file,
        "An MMDB file (MaxMind, DB-IP, IPinfo) that says which country an address is in; read again when it changes.",
        default=None,
    )
    trulybot_country_header: str | None = setting(
        header_name,
        "The CDN's header with the visitor's country, such as CF-IPCountry; believed from TRUSTED_PROXIES alone.",
        default=None,
    )
    trulybot_countries_allowed: tuple[str, ...] = setting(
        countries, "ISO codes, comma-separated, of the only countries that are served.", default=()
    )
    trulybot_countries_refused: tuple[str, ...] = setting(
        countries, "ISO codes, comma-separated, of countries that are not served.", default=()
    )
    metrics_token: str | None = secret(
        text, "Bearer token for /metrics; only loopback may read it when unset.", default=None
    )
    alert_webhook_url: str | None = setting(
        web_url,
        "Where alerts are sent, as JSON signed in the Standard Webhooks form; `trulybot alerts secret` prints the "
        "secret to check it with.",
        default=None,
    )
    trulybot_data_dir: Path = setting(
        directory,
        "What `trulybot serve` keeps: database, files, models, secret key. `--data-dir` wins over it.",
        default=Path("trulybot"),
        shown="$XDG_DATA_HOME/trulybot",
    )
    storage_url: str = setting(
        file_url,
        "Where uploaded files are kept.",
        default="",
        shown="file://$TRULYBOT_DATA_DIR/files",
    )

    # Models
    openai_api_key: str | None = secret(
        text, "Key of the model that writes answers; passages are quoted when unset.", default=None
    )
    openai_base_url: str | None = setting(
        web_url, "Any server that speaks the OpenAI protocol; OpenAI's own when unset.", default=None
    )
    openai_model: str = setting(text, "The model that writes answers.", default="gpt-4o-mini")
    trulybot_model_prices: tuple[Decimal, Decimal] | None = setting(
        prices,
        "What OPENAI_MODEL costs, in US dollars for a million tokens, read and written, as 0.15,0.60. OpenAI's own "
        "gpt-4o-mini is known, and a server in your own network costs nothing; of any other 15,75 is assumed.",
        default=None,
    )
    trulybot_model_context_tokens: int = setting(
        whole_number(2048, 2_000_000), "How many tokens OPENAI_MODEL reads at once.", default=8192
    )
    trulybot_model_budget_usd: Decimal = setting(
        dollars, "What OPENAI_API_KEY may cost for one workspace in a month, in US dollars.", default=Decimal(10)
    )
    trulybot_model_requests_per_minute: int = setting(
        MANY, "How often a model's provider lets one key ask in a minute.", default=500
    )
    trulybot_model_tokens_per_minute: int = setting(
        MANY, "How many tokens a model's provider lets one key use in a minute.", default=200_000
    )
    trulybot_model_at_once: int = setting(
        whole_number(1, 1000), "How many answers of one key a process lets a model write at once.", default=16
    )
    trulybot_model_private: tuple[Network, ...] = setting(
        networks,
        "Private networks, comma-separated, whose model servers owners may name, at any port; none when unset.",
        default=(),
    )
    embeddings_base_url: str | None = setting(
        web_url,
        "A server for embeddings by the OpenAI protocol; our own process on this machine when unset.",
        default=None,
    )
    embeddings_api_key: str | None = secret(text, "Key for EMBEDDINGS_BASE_URL.", default=None)
    embeddings_model: str | None = setting(
        text,
        "Model at EMBEDDINGS_BASE_URL; required with it. After a change all is embedded anew, behind what answers.",
        default=None,
    )
    embeddings_dimensions: int | None = setting(
        whole_number(1, WIDEST_VECTOR), "Length of that model's vectors; required with it.", default=None
    )
    embeddings_previous_base_url: str | None = setting(
        web_url,
        "The server used before, so that meaning goes on finding while another model's vectors are made. Our own "
        "process needs no such setting.",
        default=None,
    )
    embeddings_previous_api_key: str | None = secret(text, "Key for EMBEDDINGS_PREVIOUS_BASE_URL.", default=None)
    embeddings_previous_model: str | None = setting(
        text, "Model at EMBEDDINGS_PREVIOUS_BASE_URL; required with it.", default=None
    )
    embeddings_previous_dimensions: int | None = setting(
        whole_number(1, WIDEST_VECTOR), "Length of that model's vectors; required with it.", default=None
    )
    trulybot_embedder_socket: Path | None = setting(
        directory, "Unix socket of the embedder process; set by `trulybot serve`.", default=None
    )
    trulybot_own_url: str | None = setting(
        web_url,
        "Where the worker reaches the web for its daily isolation check; SITE_URL when unset; set by `trulybot serve`.",
        default=None,
    )

    # Accounts, by GoTrue's names
    gotrue_disable_signup: bool = setting(on_or_off, "No new accounts.", default=False)
    gotrue_jwt_exp: int = setting(
        whole_number(30, 604_800), "How long an access token is valid, in seconds.", default=3600
    )
    gotrue_jwt_keys: tuple[dict[str, Any], ...] = secret(
        json_web_keys, "JSON list of the keys that sign access tokens; made from SECRET_KEY when unset.", default=()
    )
    gotrue_jwt_secret: str | None = secret(
        long_secret,
        "Signs access tokens by HS256 when there are no GOTRUE_JWT_KEYS, and checks service_role tokens of programs.",
        default=None,
    )
    trulybot_admin_key: str | None = secret(
        admin_key,
        "What an operator's programs show at the accounts' admin API: sb_secret_ and 32 random characters or more.",
        default=None,
    )
    gotrue_site_url: str | None = setting(
        web_url, "Where the links in mails lead to when no other place is asked for; SITE_URL when unset.", default=None
    )
    gotrue_uri_allow_list: tuple[str, ...] = setting(
        globs,
        "Further places that links may lead to: globs, comma-separated, as https://shop.example.com/**.",
        default=(),
    )
    gotrue_mailer_autoconfirm: bool | None = setting(
        on_or_off,
        "New addresses count as confirmed.",
        default=None,
        shown="true while GOTRUE_SMTP_HOST is unset",
    )
    gotrue_mailer_otp_exp: int = setting(
        whole_number(60, 86_400), "How long a code or link in a mail is good, in seconds.", default=3600
    )
    gotrue_external_anonymous_users_enabled: bool = setting(
        on_or_off, "People may sign up without saying who they are.", default=False
    )
    gotrue_external_phone_enabled: bool = setting(on_or_off, "People may sign in by phone.", default=False)
    gotrue_sms_autoconfirm: bool = setting(on_or_off, "New phone numbers count as confirmed.", default=False)
    gotrue_hook_send_sms_uri: str | None = setting(
        web_url, "What sends text messages: called as GoTrue calls its send SMS hook.", default=None
    )
    gotrue_hook_send_sms_secrets: tuple[bytes, ...] = secret(
        hook_secrets,
        "Signs those calls: v1,whsec_ and base64, several separated by |; required with the address.",
        default=(),
    )
    gotrue_password_min_length: int = setting(
        whole_number(6, 128), "The shortest password we accept, in characters; less than 8 counts as 8.", default=8
    )
    gotrue_security_refresh_token_reuse_interval: int = setting(
        whole_number(0, 3600), "How long a used refresh token may be sent once more, in seconds.", default=10
    )

    # Mail, by GoTrue's names
    gotrue_smtp_host: str | None = setting(
        text, "The server that sends our mail; mails are kept for the page /mailbox when unset.", default=None
    )
    gotrue_smtp_port: int = setting(
        whole_number(1, 65_535), "Its port: TLS from the first byte on 465, by STARTTLS on any other.", default=587
    )
    gotrue_smtp_user: str | None = setting(text, "How to sign in there; not at all when unset.", default=None)
    gotrue_smtp_pass: str | None = secret(text, "The password for GOTRUE_SMTP_USER; required with it.", default=None)
    gotrue_smtp_admin_email: str | None = setting(
        email_address, "Whom our mail is from; required with GOTRUE_SMTP_HOST.", default=None
    )
    gotrue_smtp_sender_name: str = setting(text, "The name beside that address.", default="TrulyBot")
    trulybot_smtp_plain: bool = setting(
        on_or_off,
        "Talk to GOTRUE_SMTP_HOST without TLS, passwords and codes included: for a server within a network of yours. "
        "One on this machine is never asked for TLS.",
        default=False,
    )

    # Signing in with an account elsewhere; docs/sign-in-providers.md has it step by step
    gotrue_external: tuple[External, ...] = field(
        default=(),
        repr=False,
        metadata={
            "parse": text,
            "variable": "GOTRUE_EXTERNAL_<NAME>_…",
            "doc": "A provider to sign in with, by OpenID Connect: …_ENABLED, …_CLIENT_ID, …_SECRET, and where it is "
            "not the usual one, …_URL (its issuer) or …_REDIRECT_URI.",
        },
    )
    gotrue_security_manual_linking_enabled: bool = setting(
        on_or_off, "Whether people may add identities to their account and take them away.", default=False
    )
    supabase_url: str | None = setting(
        web_url,
        "A Supabase project that signs people in: they come with its tokens, and do not sign up here.",
        default=None,
    )
    supabase_anon_key: str | None = secret(text, "The project's public key; required with SUPABASE_URL.", default=None)
    supabase_jwt_secret: str | None = secret(
        long_secret, "The project's old JWT secret, where it still signs its tokens with that.", default=None
    )
    supabase_jwks_file: Path | None = setting(
        directory, "The project's public keys, where this server cannot reach SUPABASE_URL.", default=None
    )

    # Limits, by GoTrue's names; docs/limits.md has all of them
    gotrue_rate_limit_otp: int = setting(
        MANY, "Sign-ups, and requests for mails or a change of one's account, from an address in 5 minutes.", default=30
    )
    gotrue_rate_limit_token_refresh: int = setting(
        MANY, "Sign-ins and refreshes from an address in 5 minutes.", default=150
    )
    gotrue_rate_limit_verify: int = setting(MANY, "Codes tried from an address in 5 minutes.", default=30)
    gotrue_mfa_rate_limit_challenge_and_verify: int = setting(
        MANY, "Codes of authenticator apps tried from an address in a minute.", default=15
    )
    gotrue_rate_limit_anonymous_users: int = setting(MANY, "Anonymous sign-ups from an address in an hour.", default=30)
    gotrue_rate_limit_email_sent: tuple[int, int] = setting(
        rate,
        "Mails of the accounts altogether: a number for an hour, or one such as 100/24h.",
        default=(30, 3600),
        shown="30/1h",
    )
    gotrue_rate_limit_sms_sent: tuple[int, int] = setting(
        rate, "Text messages altogether, in the same form.", default=(30, 3600), shown="30/1h"
    )

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "Settings":
        """
        Read every setting.

        Raises:
            SettingsError: Something is missing or cannot be used; it names all of it.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for one in fields(cls):
            name = variable(one)
            given = env.get(name, "").strip()
            if given:
                try:
                    values[one.name] = one.metadata["parse"](given)
                except ValueError as error:
                    problems.append(f"{name} {error}" + (f": {given!r}" if one.repr else ""))
            elif one.default is MISSING:
                problems.append(f"{name} is not set")

        values["gotrue_external"] = externals(env, problems)
        for name, needed in TOGETHER:
            if env.get(name, "").strip() and not env.get(needed, "").strip():
                problems.append(f"{needed} is not set, but {name} is")
        knows_countries = values.get("trulybot_geoip_file") or values.get("trulybot_country_header")
        if not knows_countries:
            ruled = ("TRULYBOT_COUNTRIES_ALLOWED", "TRULYBOT_COUNTRIES_REFUSED")
            needs = "needs TRULYBOT_GEOIP_FILE or TRULYBOT_COUNTRY_HEADER"
            problems += [f"{name} {needs}" for name in ruled if values.get(name.lower())]
        if problems:
            raise SettingsError(problems)

        data_dir = values.setdefault("trulybot_data_dir", default_data_dir(env))
        values.setdefault("storage_url", f"file://{quote(str(data_dir / 'files'))}")
        return cls(**values)

    @property
    def confirms_by_itself(self) -> bool:
        """Whether a new address counts as confirmed: without a mail server, nobody could confirm one."""
        if self.gotrue_mailer_autoconfirm is None:
            return self.gotrue_smtp_host is None
        return self.gotrue_mailer_autoconfirm

    @property
    def embeds_here(self) -> Path:
        """A note that vectors of our own embedder may be kept."""
        return self.trulybot_data_dir / "embeds_here"

    @property
    def files_directory(self) -> Path:
        return Path(unquote(urlsplit(self.storage_url).path))

    def database_url(self, login: str) -> str:
        """The database as `login` signs in to it; as given when the setting already names that login."""
        return with_login(self.given_database_url, login, self.login_password(login))

    def login_password(self, login: str) -> str:
        return login_password(self.secret_key, login)


def login_password(secret_key: str, login: str) -> str:
    """A database login's password: nobody has to keep it, and one login's does not tell another's."""
    return hmac.new(secret_key.encode(), f"database login {login}".encode(), hashlib.sha256).hexdigest()


def with_login(url: str, login: str, password: str) -> str:
    """The same database for another login; unchanged when the URL is that login's already."""
    parts = POSTGRES_URL.fullmatch(url)
    if parts is None:
        raise ValueError("not a postgresql:// address")
    parameters = [pair for pair in (parts["query"] or "").split("&") if pair]
    named = [unquote(pair[len("user=") :]) for pair in parameters if pair.startswith("user=")]
    if login == (named[-1] if named else unquote(parts["user"] or "")):
        return url

    kept = "&".join(pair for pair in parameters if pair.partition("=")[0] not in ("user", "password"))
    signed_in = f"{parts['scheme']}{quote(login, safe='')}:{quote(password, safe='')}@{parts['hosts']}"
    return signed_in + (parts["path"] or "") + (f"?{kept}" if kept else "")


def described() -> Iterator[Described]:
    """Every setting, in the order of the fields."""
    types = typing.get_type_hints(Settings)
    for one in fields(Settings):
        default = "" if one.default in (MISSING, None, ()) else str(one.default)
        yield Described(
            name=variable(one),
            type=spoken(types[one.name], one.default),
            default=one.metadata.get("shown", default.lower() if isinstance(one.default, bool) else default),
            doc=one.metadata["doc"],
        )


def variable(one: Field[Any]) -> str:
    return str(one.metadata["variable"] or one.name.upper())


def spoken(annotation: Any, default: Any) -> str:
    """How the docs name a setting's type."""
    plain = [kind for kind in typing.get_args(annotation) if kind is not type(None)] or [annotation]
    names = {bool: "true or false", int: "whole number", Path: "path", str: "text"}
    required = ", required" if default is MISSING else ""
    return names.get(plain[0], "list") + required

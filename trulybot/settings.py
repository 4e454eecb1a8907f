"""
What the environment must tell us.

Every setting is one field of `Settings`; the variable has the field's name in capitals, and an empty variable
counts as unset. `described()` lists them for the docs, which a test holds to this file.
"""
# ruff: noqa: RUF009 - setting() and secret() make dataclass fields; nothing is shared between instances.

import hashlib
import hmac
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

APP_LOGIN = "trulybot_app"
WORKER_LOGIN = "trulybot_worker"
OWNER_LOGIN = "trulybot_owner"  # of the embedded database

SECRET_KEY_CHARACTERS = 32  # 16 bytes in hexadecimal: below that, guessing comes into reach
WIDEST_VECTOR = 4000  # dimensions; pgvector cannot index a wider halfvec

# libpq's own grammar, which is not quite that of a web address: a password may hold "#" or "?", there may be several
# hosts or none, and a socket's folder comes percent-encoded as the host or as a parameter.
POSTGRES_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/]*)(?::[^@/]*)?@)?(?P<hosts>[^/?]*)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)

Network = IPv4Network | IPv6Network


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


def text(value: str) -> str:
    return value


def web_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http:// or https:// address")
    return value.rstrip("/")


def postgres_url(value: str) -> str:
    if not POSTGRES_URL.fullmatch(value):
        raise ValueError("is not a postgresql:// address")
    return value


def file_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError("is not a file:///… address with an absolute path")
    return value


def secret_key(value: str) -> str:
    if len(value) < SECRET_KEY_CHARACTERS:
        raise ValueError(f"is shorter than {SECRET_KEY_CHARACTERS} characters")
    return value


def directory(value: str) -> Path:
    return Path(value).absolute()


def networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"is not a comma-separated list of networks: {error}") from None


def on_or_off(value: str) -> bool:
    # The spellings that GoTrue, a Go program, takes, so that its configuration moves over unchanged.
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError("is neither true nor false")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (re.fullmatch("[0-9]{1,12}", value) and least <= int(value) <= most):
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(value)

    return parse


def json_web_keys(value: str) -> tuple[dict[str, Any], ...]:
    try:
        keys = json.loads(value)
    except ValueError:
        raise ValueError("is not JSON") from None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) and "kty" in key for key in keys):
        raise ValueError("is not a list of JSON Web Keys")
    return tuple(keys)


def setting(parse: Callable[[str], Any], doc: str, *, default: Any = MISSING, variable: str = "", **meta: str) -> Any:
    """A field read from the environment; without a default it is required."""
    return field(default=default, metadata={"parse": parse, "doc": doc, "variable": variable, **meta})


def secret(parse: Callable[[str], Any], doc: str, *, default: Any = MISSING, variable: str = "") -> Any:
    """A setting whose value appears in no message, log or repr."""
    return field(default=default, repr=False, metadata={"parse": parse, "doc": doc, "variable": variable})


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
        secret_key,
        f"At least {SECRET_KEY_CHARACTERS} random characters; everything that must not be guessed follows from it. "
        "Made and kept in the data directory when unset with the embedded database.",
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
    metrics_token: str | None = secret(
        text, "Bearer token for /metrics; only loopback may read it when unset.", default=None
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
    embeddings_base_url: str | None = setting(
        web_url,
        "A server for embeddings by the OpenAI protocol; our own process on this machine when unset.",
        default=None,
    )
    embeddings_api_key: str | None = secret(text, "Key for EMBEDDINGS_BASE_URL.", default=None)
    embeddings_model: str | None = setting(
        text,
        "Model at EMBEDDINGS_BASE_URL; required with it. What another model embedded is found by its words alone.",
        default=None,
    )
    embeddings_dimensions: int | None = setting(
        whole_number(1, WIDEST_VECTOR), "Length of that model's vectors; required with it.", default=None
    )
    trulybot_embedder_socket: Path | None = setting(
        directory, "Unix socket of the embedder process; set by `trulybot serve`.", default=None
    )

    # Accounts, by GoTrue's names
    gotrue_disable_signup: bool = setting(on_or_off, "No new accounts.", default=False)
    gotrue_jwt_exp: int = setting(
        whole_number(30, 604_800), "How long an access token is valid, in seconds.", default=3600
    )
    gotrue_jwt_keys: tuple[dict[str, Any], ...] = secret(
        json_web_keys, "JSON list of the keys that sign access tokens; made from SECRET_KEY when unset.", default=()
    )
    gotrue_password_min_length: int = setting(
        whole_number(6, 128), "The shortest password we accept, in characters.", default=8
    )
    gotrue_security_refresh_token_reuse_interval: int = setting(
        whole_number(0, 3600), "How long a used refresh token may be sent once more, in seconds.", default=10
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

        if values.get("embeddings_base_url"):
            needed = ("EMBEDDINGS_MODEL", "EMBEDDINGS_DIMENSIONS")
            problems += [f"{name} is not set, but EMBEDDINGS_BASE_URL is" for name in needed if not env.get(name)]
        if problems:
            raise SettingsError(problems)

        data_dir = values.setdefault("trulybot_data_dir", default_data_dir(env))
        values.setdefault("storage_url", f"file://{quote(str(data_dir / 'files'))}")
        return cls(**values)

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

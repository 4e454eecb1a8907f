"""The server that `trulybot serve` runs, as a command beside it finds it."""

from collections.abc import Mapping
from pathlib import Path

from trulybot.operations.embedded import Server
from trulybot.operations.launch import StartError
from trulybot.settings import OWNER_LOGIN, Settings, default_data_dir, login_password

SOCKETS_LINE = 4  # of postmaster.pid, from 0. Source: PostgreSQL, src/include/utils/pidfile.h


def running_settings(env: Mapping[str, str], data_dir: Path | None) -> Settings:
    """
    The settings of the server on this data directory, or of the one that the environment describes by itself.

    Raises:
        SettingsError: The environment cannot be used.
        StartError: Nothing runs there.
    """
    if env.get("DATABASE_URL", "").strip():
        return Settings.read(env)
    folder = (data_dir or Path(env.get("TRULYBOT_DATA_DIR") or default_data_dir(env))).absolute()
    try:
        secret_key = env.get("SECRET_KEY") or (folder / "secret_key").read_text().strip()
        sockets = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[SOCKETS_LINE]
    except PermissionError:
        raise StartError(f"cannot read {folder}: run this as the user who runs `trulybot serve`") from None
    except (OSError, IndexError):
        raise StartError(f"no `trulybot serve` is running in {folder}; --data-dir names another place") from None
    database_url = Server(folder / "postgres", Path(sockets), {}).url(
        OWNER_LOGIN, login_password(secret_key, OWNER_LOGIN)
    )
    own = {"TRULYBOT_DATA_DIR": str(folder), "SECRET_KEY": secret_key, "DATABASE_URL": database_url}
    return Settings.read({**env, **own})

"""`trulybot serve`: which processes make up the product on one machine."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from trulybot.mail.passcode import passcode
from trulybot.operations.data_directory import DataDirectory, taken
from trulybot.operations.embedded import SUPERUSER, Server
from trulybot.operations.launch import StartError
from trulybot.operations.supervisor import Child, Supervisor
from trulybot.settings import (
    APP_LOGIN,
    OWNER_LOGIN,
    WORKER_LOGIN,
    Settings,
    default_data_dir,
    login_password,
    variable,
)

# Those of a lower order are ready before one starts, and end after it.
FOUNDATION, MIGRATIONS, SERVICES = 0, 1, 2

# Together less than the ten seconds in which SIGTERM ends everything.
SERVICE_ENDING = ((signal.SIGTERM, 6.0), (signal.SIGKILL, 0.5))
DATABASE_ENDING = ((signal.SIGINT, 2.0), (signal.SIGQUIT, 0.5), (signal.SIGKILL, 0.5))
EMBEDDER_ENDING = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 0.5))

WORKER_NICENESS = 5  # ten thousand documents may wait; a visitor should not notice them
BACKLOG = 2048  # connections that wait in the kernel while a web process is replaced
PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class Parts:
    """What the children are made from. server is None when DATABASE_URL names a database elsewhere."""

    settings: Settings
    data: DataDirectory
    listener: socket.socket
    server: Server | None
    env: Mapping[str, str]


def serve(env: Mapping[str, str], *, host: str, port: int, data_dir: Path | None, workers: int) -> None:
    """
    Run everything until a signal asks us to stop.

    Raises:
        SettingsError: The environment cannot be used.
        StartError: Something else is in the way, or a process did not come up.
    """
    folder = data_dir or Path(env.get("TRULYBOT_DATA_DIR") or default_data_dir(env))
    with taken(folder) as data, listen(host, port) as listener:
        parts = gather(env, data, listener)
        address = "http://{}:{}".format(*reachable(listener))
        children = processes(parts, workers)
        asyncio.run(Supervisor(children).run(partial(announce, address, parts.settings), listener.close))


def listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes share. Held here, it makes visitors wait while one is replaced, not fail."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # A host name that was not found comes with a negative number of its own, and with its own words.
        reason = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
        raise StartError(f"cannot listen on {host}:{port}: {reason}") from None


def gather(env: Mapping[str, str], data: DataDirectory, listener: socket.socket) -> Parts:
    """Complete the environment with what we know ourselves, and check all of it before anything starts."""
    complete = dict(env)
    complete["TRULYBOT_DATA_DIR"] = str(data.path)
    complete["TRULYBOT_EMBEDDER_SOCKET"] = str(data.embedder_socket)
    if env.get("DATABASE_URL", "").strip():
        return Parts(Settings.read(complete), data, listener, None, complete)

    complete["SECRET_KEY"] = env.get("SECRET_KEY") or data.secret_key()
    server = Server(data.postgres, data.postgres_sockets, {})
    complete["DATABASE_URL"] = server.url(OWNER_LOGIN, login_password(complete["SECRET_KEY"], OWNER_LOGIN))
    return Parts(Settings.read(complete), data, listener, server, complete)


def processes(parts: Parts, workers: int) -> list[Child]:
    children = [migrations(parts), worker(parts)]
    children += [web(parts, f"web-{number}") for number in range(1, workers + 1)]
    if _embeds_here(parts):
        children.insert(0, local_embedder(parts))
    if parts.server is not None:
        children.insert(1, postgres(parts.server, parts.settings))
    return children


def _embeds_here(parts: Parts) -> bool:
    """
    Whether our own embedder is needed: by the settings, or because they named none before, so that its vectors may
    still answer. The worker takes the note away once they do not, and the embedder is gone after the next start.
    """
    if parts.settings.embeddings_base_url is None:
        parts.settings.embeds_here.touch()
    return parts.settings.embeds_here.exists()


def postgres(server: Server, settings: Settings) -> Child:
    def before() -> None:
        try:
            server.prepare(settings.login_password(SUPERUSER))
        except OSError as error:
            raise StartError(f"cannot use {server.directory}: {error.strerror or error}") from None

    async def ready(pid: int) -> bool:
        return server.is_ready(pid)

    return Child(
        "postgres",
        server.argv,
        server.env,
        FOUNDATION,
        ready=ready,
        ending=DATABASE_ENDING,
        death_signal=signal.SIGINT,
        attempts=1,
        before=before,
        account=server.account,
    )


def local_embedder(parts: Parts) -> Child:
    # It reads hostile text with native code, so it is told no setting at all.
    ours = {variable(one) for one in fields(Settings)}
    env = {name: value for name, value in parts.env.items() if name not in ours}
    places = ("--socket", str(parts.data.embedder_socket), "--models", str(parts.data.models))
    argv = [sys.executable, "-P", "-m", "trulybot.llm.embedder", *places]
    return Child("embedder", argv, env, FOUNDATION, ending=EMBEDDER_ENDING)


def migrations(parts: Parts) -> Child:
    env = dict(parts.env)
    if parts.server is not None:
        env["TRULYBOT_SUPERUSER_URL"] = parts.server.url(SUPERUSER, parts.settings.login_password(SUPERUSER))
    return Child("migrate", command("migrate"), env, MIGRATIONS, once=True, attempts=1)


def web(parts: Parts, name: str) -> Child:
    fd = parts.listener.fileno()
    return Child(
        name,
        command("web", "--fd", str(fd)),
        signed_in(parts, APP_LOGIN),
        SERVICES,
        ready=partial(answers, reachable(parts.listener)),
        ending=SERVICE_ENDING,
        pass_fds=(fd,),
    )


def worker(parts: Parts) -> Child:
    env = signed_in(parts, WORKER_LOGIN)
    env["TRULYBOT_OWN_URL"] = "http://{}:{}".format(*reachable(parts.listener))
    return Child("worker", command("worker"), env, SERVICES, ending=SERVICE_ENDING, niceness=WORKER_NICENESS)


def command(*arguments: str) -> list[str]:
    # -P: what lies in the folder we were started from is not imported.
    return [sys.executable, "-P", "-m", "trulybot", *arguments]


def signed_in(parts: Parts, login: str) -> dict[str, str]:
    """The environment of a child that may reach the database as this login alone."""
    env = {**parts.env, "DATABASE_URL": parts.settings.database_url(login)}
    env.pop("TRULYBOT_SUPERUSER_URL", None)
    return env


def reachable(listener: socket.socket) -> tuple[str, int]:
    """Host and port as a browser on this machine writes them."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host, port


def announce(address: str, settings: Settings) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(f"TrulyBot is ready at {address}\n")
        if settings.gotrue_smtp_host is None:
            code = passcode(settings.secret_key)
            sys.stdout.write(f"Mail is not set up: messages are kept at {address}/mailbox, passcode {code}\n")
        sys.stdout.flush()


async def answers(address: tuple[str, int], _pid: int) -> bool:
    """Whether the web process says that all it needs is there."""
    host, port = address
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host.strip("[]"), port)
            try:
                writer.write(
                    f"GET /api/monitoring/ready HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False

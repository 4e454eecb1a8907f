"""
The command line. Each command imports what it needs, when it runs.

The standard library reads the arguments: every process of `trulybot serve` starts here, and a package for it would
cost each of them a third of a second and 20 MB.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from trulybot.operations.launch import StartError
from trulybot.settings import APP_LOGIN, OWNER_LOGIN, WORKER_LOGIN, Settings, SettingsError, whole_number

DRAIN_SECONDS = 5  # what a web process gives the answers it is in the middle of
KEEP_ALIVE_SECONDS = 75  # longer than a proxy keeps an idle connection to us, so that it is never the surprised one
MOST_WORKERS = 64


def main() -> None:
    """Run a command. What can be expected to go wrong is one line each, and an exit code of 1."""
    options = parser().parse_args()
    try:
        options.run(options)
    except SettingsError as error:
        sys.exit("\n".join(f"trulybot: {problem}" for problem in error.problems))
    except StartError as error:
        sys.exit(f"trulybot: {error}")
    except KeyboardInterrupt:
        sys.exit(130)  # as shells say it


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="trulybot", description="A support chatbot that answers from what a business knows, with its sources."
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=about, allow_abbrev=False)

    one = command("serve", "Run everything on this machine: database, migrations, embedder, web and worker.")
    one.set_defaults(run=serve)
    add_address(one)
    one.add_argument("--data-dir", type=Path, metavar="DIR", help="where everything is kept")
    one.add_argument("--workers", type=number(1, MOST_WORKERS), default=1, metavar="N", help="web processes (1)")

    one = command("web", "Answer HTTP.")
    one.set_defaults(run=web)
    add_address(one)
    one.add_argument("--fd", type=number(0, 2**20), metavar="N", help="use this socket, which is listening already")

    one = command("demo", "Run everything with a demo shop already filled, and the shop's website beside it.")
    one.set_defaults(run=demo)
    one.add_argument("--port", type=number(1, 65_535), default=8000, help="port of TrulyBot (8000)")
    one.add_argument("--shop-port", type=number(1, 65_535), default=8001, help="port of the shop's website (8001)")
    one.add_argument("--data-dir", type=Path, default=Path("demo"), metavar="DIR", help="where it is kept (demo)")

    command("worker", "Take jobs from the queue and do them.").set_defaults(run=worker)
    command("migrate", "Bring the database to the form that this version needs.").set_defaults(run=migrate)
    return whole


def add_address(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    one.add_argument("--port", type=number(0, 65_535), default=8000, help="port to listen on (8000); 0: a free one")


def number(least: int, most: int) -> Callable[[str], int]:
    parse = whole_number(least, most)

    def read(text: str) -> int:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} {error}") from None

    return read


def demo(options: argparse.Namespace) -> None:
    from trulybot.demo.start import DemoFailed, start

    try:
        start(options.data_dir, options.port, options.shop_port)
    except DemoFailed as error:
        sys.exit(f"trulybot: {error}")


def serve(options: argparse.Namespace) -> None:
    from trulybot.operations.serve import serve as run

    run(os.environ, host=options.host, port=options.port, data_dir=options.data_dir, workers=options.workers)


def web(options: argparse.Namespace) -> None:
    settings = settings_and_logs()
    refuse_unsafe_login(settings.database_url(APP_LOGIN))

    import socket

    import uvicorn

    from trulybot.app import build
    from trulybot.operations.serve import listen

    # Not by uvicorn's own option for this, which takes every such socket for a Unix one.
    inherited = options.fd is not None
    listener = socket.socket(fileno=options.fd) if inherited else listen(options.host, options.port)
    server = uvicorn.Server(
        uvicorn.Config(
            build(settings),
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    server.run([listener])
    if not server.started:
        sys.exit(1)


def worker(_options: argparse.Namespace) -> None:
    settings = settings_and_logs()
    refuse_unsafe_login(settings.database_url(WORKER_LOGIN))

    import asyncio

    from trulybot.app import embedder_of
    from trulybot.documents.files import Files
    from trulybot.operations.worker import run

    asyncio.run(run(settings.database_url(WORKER_LOGIN), Files(settings.files_directory), embedder_of(settings)))


def migrate(_options: argparse.Namespace) -> None:
    settings = Settings.read(os.environ)
    passwords = {login: settings.login_password(login) for login in (APP_LOGIN, WORKER_LOGIN)}

    import psycopg

    from trulybot.kit import migrations

    try:
        if settings.trulybot_superuser_url is None:
            owner_url = settings.given_database_url
            migrations.bootstrap(owner_url, passwords=passwords)
        else:
            owner_url = settings.database_url(OWNER_LOGIN)
            passwords[OWNER_LOGIN] = settings.login_password(OWNER_LOGIN)
            migrations.bootstrap(settings.trulybot_superuser_url, passwords=passwords, owner=OWNER_LOGIN)
        applied = migrations.migrate(owner_url)
    except psycopg.OperationalError as error:
        raise StartError(f"cannot work with the database: {' '.join(str(error).split())}") from None
    except (psycopg.Error, migrations.MigrationChanged) as error:
        raise StartError(f"the database cannot be migrated: {' '.join(str(error).split())}") from None
    for name in applied:
        sys.stderr.write(f"applied {name}\n")


def refuse_unsafe_login(database_url: str) -> None:
    """One clear line, where the process would end in a traceback later."""
    import asyncio

    from psycopg_pool import PoolTimeout

    from trulybot.kit.db import Database, UnsafeLogin

    async def connect() -> None:
        db = Database(database_url, size=1)
        try:
            await db.open()
        finally:
            await db.close()

    try:
        asyncio.run(connect())
    except UnsafeLogin as error:
        raise StartError(str(error)) from None
    except PoolTimeout:
        raise StartError("cannot reach the database") from None


def settings_and_logs() -> Settings:
    settings = Settings.read(os.environ)

    from trulybot.kit import log

    log.configure(json=not sys.stderr.isatty())
    return settings

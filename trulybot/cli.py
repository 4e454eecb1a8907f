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
from uuid import UUID

from trulybot.operations.launch import StartError
from trulybot.setting_values import whole_number
from trulybot.settings import APP_LOGIN, OWNER_LOGIN, WORKER_LOGIN, Settings, SettingsError

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

    add_eval(command("eval", "Ask golden sets and say how well the bot finds and answers, beside the last time."))

    add_audit(command("audit", "What was done in the workspaces, and whether its log is whole."))

    one = command("doctor", "Look for what must not be, on the server that runs.")
    one.set_defaults(run=doctor)
    one.add_argument(
        "--isolation", action="store_true", required=True, help="whether anything of one workspace shows to another"
    )
    one.add_argument("--url", metavar="URL", help="where the server answers (TRULYBOT_OWN_URL, or else SITE_URL)")
    one.add_argument("--data-dir", type=Path, metavar="DIR", help="of the `trulybot serve` that runs")

    add_keys(command("keys", "The keys that secrets in the database are sealed with."))
    add_alerts(command("alerts", "What the operator is told when something is wrong."))

    one = command("mailbox", "Print the mail that was kept because no mail server is set up.")
    one.set_defaults(run=mailbox)
    one.add_argument("--data-dir", type=Path, metavar="DIR", help="of the `trulybot serve` that runs")
    return whole


def add_address(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    one.add_argument("--port", type=number(0, 65_535), default=8000, help="port to listen on (8000); 0: a free one")


def add_eval(one: argparse.ArgumentParser) -> None:
    one.set_defaults(run=evaluate)
    one.add_argument("folders", type=Path, nargs="*", metavar="FOLDER", help="with corpus.jsonl and queries.jsonl")
    one.add_argument(
        "--url", metavar="URL", help="instead, a server that runs, with the golden sets of --key's workspace"
    )
    one.add_argument("--key", metavar="KEY", help="an API key of that workspace")
    one.add_argument("--set", metavar="NAME", help="this golden set of it alone")
    one.add_argument("--baselines", action="store_true", help="BM25, embeddings and their sum beside it")
    one.add_argument("--json", type=Path, metavar="FILE", help="write everything here too")
    one.add_argument("--data-dir", type=Path, metavar="DIR", help="where the last run is kept")


def add_audit(one: argparse.ArgumentParser) -> None:
    about = "Check every audit log from its first row to its end, and print the ends. Exits with 1 when one is broken."
    verify = one.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "verify", help=about, description=about, allow_abbrev=False
    )
    verify.set_defaults(run=audit_verify)
    verify.add_argument("--workspace", type=UUID, metavar="ID", help="this one alone")
    verify.add_argument("--against", type=Path, metavar="FILE", help="what an earlier run printed, kept elsewhere")
    verify.add_argument("--data-dir", type=Path, metavar="DIR", help="of the `trulybot serve` that runs")


def add_keys(one: argparse.ArgumentParser) -> None:
    commands = one.add_subparsers(required=True, metavar="COMMAND")
    about = "List the data keys, with how many secrets each seals."
    listing = commands.add_parser("list", help=about, description=about, allow_abbrev=False)
    listing.set_defaults(run=keys_list)
    about = "Make a new data key and seal every secret anew with it. The product may go on running; takes minutes."
    rotate = commands.add_parser("rotate", help=about, description=about, allow_abbrev=False)
    rotate.set_defaults(run=keys_rotate)
    rotate.add_argument(
        "--secret-key",
        action="store_true",
        help="instead, seal the data keys under the present SECRET_KEY; SECRET_KEY_PREVIOUS names the one before",
    )
    for each in (listing, rotate):
        each.add_argument("--data-dir", type=Path, metavar="DIR", help="of the `trulybot serve` that runs")


def add_alerts(one: argparse.ArgumentParser) -> None:
    about = "Print the secret by which the receiver of ALERT_WEBHOOK_URL knows that an alert is ours."
    secret = one.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "secret", help=about, description=about, allow_abbrev=False
    )
    secret.set_defaults(run=alerts_secret)
    secret.add_argument("--data-dir", type=Path, metavar="DIR", help="of the `trulybot serve` that runs")


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
    from trulybot.kit.server import configured
    from trulybot.operations.serve import listen

    # Not by uvicorn's own option for this, which takes every such socket for a Unix one.
    inherited = options.fd is not None
    listener = socket.socket(fileno=options.fd) if inherited else listen(options.host, options.port)
    server = uvicorn.Server(configured(build(settings)))
    server.run([listener])
    if not server.started:
        sys.exit(1)


def worker(_options: argparse.Namespace) -> None:
    settings = settings_and_logs()
    refuse_unsafe_login(settings.database_url(WORKER_LOGIN))

    import asyncio
    from functools import partial

    from trulybot.documents.files import Files
    from trulybot.operations.worker import run
    from trulybot.parts import answering_of, embedder_of, fetcher_of, former_embedders_of, postman_of

    files = Files(settings.files_directory)
    embedder, former, fetcher = embedder_of(settings), former_embedders_of(settings), fetcher_of(settings)
    answering = partial(answering_of, settings, embedder)
    asyncio.run(run(settings, files, embedder, former, fetcher, answering, postman_of(settings)))


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


def evaluate(options: argparse.Namespace) -> None:
    from trulybot.evaluation.command import of_folders, of_workspace
    from trulybot.evaluation.golden import NotGolden
    from trulybot.evaluation.server import CannotMeasure
    from trulybot.settings import default_data_dir

    kept = Path(options.data_dir or os.environ.get("TRULYBOT_DATA_DIR") or default_data_dir(os.environ), "evaluations")
    try:
        if options.url and options.key:
            of_workspace(options.url, options.key, options.set, kept=kept, json_file=options.json)
            return
        if not options.folders:
            raise StartError("name the folder of a golden set, or a server by --url and --key")
        of_folders(options.folders, kept=kept, beside=options.baselines, json_file=options.json)
    except (NotGolden, CannotMeasure) as error:
        raise StartError(str(error)) from None


def audit_verify(options: argparse.Namespace) -> None:
    from trulybot.operations.audit_command import verify_logs
    from trulybot.operations.running import running_settings

    settings = running_settings(os.environ, options.data_dir)
    if not verify_logs(settings, workspace=options.workspace, against=options.against):
        sys.exit(1)


def doctor(options: argparse.Namespace) -> None:
    from trulybot.operations.running import running_settings

    settings = running_settings(os.environ, options.data_dir)
    url = options.url or settings.trulybot_own_url or settings.site_url
    if url is None:
        raise StartError("--url is needed: where does the server answer?")

    import asyncio

    from trulybot.kit import log
    from trulybot.operations.doctor import CannotLook, table
    from trulybot.parts import doctors

    log.configure(json=not sys.stderr.isatty())
    try:
        found = asyncio.run(doctors(settings, url))
    except CannotLook as error:
        raise StartError(str(error)) from None
    sys.stdout.write(f"{table(found)}\n")
    if found.leaks:
        sys.exit(1)


def keys_list(options: argparse.Namespace) -> None:
    from trulybot.operations.key_rotation import Rotation
    from trulybot.operations.running import running_settings

    for key in Rotation(running_settings(os.environ, options.data_dir)).uses():
        state = f"retired {key.retired_at:%Y-%m-%d}" if key.retired_at else "in use"
        sys.stdout.write(f"{key.id}  made {key.created_at:%Y-%m-%d}  {state}  seals {key.values}\n")


def keys_rotate(options: argparse.Namespace) -> None:
    from trulybot.operations.key_rotation import LEARNING_SECONDS, Rotation
    from trulybot.operations.running import running_settings

    rotation = Rotation(running_settings(os.environ, options.data_dir))
    if options.secret_key:
        sys.stdout.write(f"sealed {rotation.rewrap()} data keys under SECRET_KEY; SECRET_KEY_PREVIOUS may go now\n")
        return
    sys.stderr.write(f"this waits {LEARNING_SECONDS:.0f} seconds, until every process knows the new key\n")
    done = rotation.rotate()
    sys.stdout.write(
        f"key {done.key_id}: sealed {done.resealed} secrets anew, retired {done.retired} keys, removed {done.removed}\n"
    )
    if done.unreadable:
        sys.exit(f"trulybot: {done.unreadable} secrets open with no key, and were left as they are")


def alerts_secret(options: argparse.Namespace) -> None:
    from trulybot.operations.alerts import Alerts
    from trulybot.operations.running import running_settings

    sys.stdout.write(f"{Alerts.of(running_settings(os.environ, options.data_dir)).secret}\n")


def mailbox(options: argparse.Namespace) -> None:
    from trulybot.operations.running import running_settings

    settings = running_settings(os.environ, options.data_dir)
    database_url = settings.database_url(APP_LOGIN)
    refuse_unsafe_login(database_url)

    import asyncio

    from trulybot.mail.terminal import printed

    text = asyncio.run(printed(database_url, settings.secret_key, settings.secret_key_previous))
    sys.stdout.write(f"{text}\n")


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

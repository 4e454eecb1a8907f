"""Start everything, fill the demo shop's workspace once, and serve the shop's website until told to stop."""

import json
import mimetypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any
from uuid import uuid4

from trulybot.mail.passcode import passcode

HERE = Path(__file__).parent
EMAIL, PASSWORD = "demo@example.com", "willow-and-pine"
QUESTIONS = [
    "How long do I have to return something?",
    "What if something arrives broken?",
    "How much is delivery to Ireland?",
]
READY_SECONDS = 120  # a first start converts the embedding model


class DemoFailed(Exception):
    """The demo did not start; the message says why, for people."""


def start(data_dir: Path, port: int, shop_port: int) -> None:
    """
    Run the demo until it is told to stop.

    Raises:
        DemoFailed: Something is in the way.
    """
    here, shop = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{shop_port}"
    command = [sys.executable, "-m", "trulybot", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    for one in (port, shop_port):
        _refuse_if_taken(one)
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "demo.log"
    print("Starting TrulyBot …", flush=True)  # noqa: T201
    with log.open("ab") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603  (our own command)
    try:
        signal.signal(signal.SIGTERM, _stop)
        _wait_until_ready(server, here, log)
        bot = _fill(here, shop)
        _serve_shop(here, bot, shop_port)
        print(_welcome(here, shop, log, data_dir), flush=True)  # noqa: T201  (this is what the person waits for)
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        server.wait()


def _refuse_if_taken(port: int) -> None:
    """Whoever has the port already would be taken for the server that we are about to start."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise DemoFailed(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None


def _welcome(here: str, shop: str, log: Path, data_dir: Path) -> str:
    return f"""
  TrulyBot is running, with a demo shop.

    The shop's website, with the widget in its corner:  {shop}
    The shop owner's dashboard:                         {here}/sign-in
      Email {EMAIL}, password {PASSWORD}{_mailbox(here, data_dir)}

  What it has to say is in {log}. Ctrl+C ends it.
"""


def _mailbox(here: str, data_dir: Path) -> str:
    """Where its mail is, unless there is a server that sends it."""
    if os.environ.get("GOTRUE_SMTP_HOST", "").strip():
        return ""
    secret_key = os.environ.get("SECRET_KEY") or (data_dir / "secret_key").read_text()
    return f"""
    The mail that it would send:                        {here}/mailbox
      Passcode {passcode(secret_key.strip())}"""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait_until_ready(server: "subprocess.Popen[bytes]", here: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise DemoFailed(last.removeprefix("trulybot: ") or "the server did not start")
        try:
            with urllib.request.urlopen(f"{here}/api/monitoring/ready", timeout=2) as response:  # noqa: S310
                if json.load(response)["status"] == "ready":
                    return
        except (OSError, ValueError):
            pass
        time.sleep(0.2)
    raise DemoFailed(f"the server was not ready within {READY_SECONDS} seconds")


def _fill(here: str, shop: str) -> str:
    """The demo shop's bot key; its workspace is made and filled the first time."""
    try:
        session = _call(here, "/auth/v1/token?grant_type=password", {"email": EMAIL, "password": PASSWORD})
    except urllib.error.HTTPError:
        data = {"workspace_name": "Willow & Pine"}
        session = _call(here, "/auth/v1/signup", {"email": EMAIL, "password": PASSWORD, "data": data})
    token = session["access_token"]
    for file in sorted((HERE / "knowledge").iterdir()):
        _upload(here, token, file)
    _wait_until_read(here, token)
    change = {
        "allowed_origins": [shop, shop.replace("127.0.0.1", "localhost")],
        "suggested_questions": QUESTIONS,
        "texts": {"greeting": "Hello! Ask me about delivery, returns or gift cards."},
    }
    return str(_call(here, "/api/widget/config", change, token=token, method="PATCH")["bot"])


def _wait_until_read(here: str, token: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        summary = _call(here, "/api/documents/summary", token=token)
        if not summary["queued"] and not summary["processing"]:
            return
        time.sleep(0.2)


def _upload(here: str, token: str, file: Path) -> None:
    """As a form, the way a browser does. The same file again is not stored twice."""
    boundary = uuid4().hex
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = head.encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{here}/api/text-upload", body, headers)  # noqa: S310
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310


def _call(here: str, path: str, body: Any = None, *, token: str | None = None, method: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(here + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)


def _serve_shop(here: str, bot: str, port: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(Shop, here, bot))
    Thread(target=server.serve_forever, daemon=True).start()


class Shop(BaseHTTPRequestHandler):
    """The shop's website: a strict policy of its own, which allows TrulyBot's host and nothing else."""

    def __init__(self, here: str, bot: str, *args: Any) -> None:
        self.here, self.bot = here, bot
        super().__init__(*args)

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/") or "index.html"
        file = HERE / "shop" / name
        if file.parent != HERE / "shop" or not file.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = file.read_bytes()
        if file.suffix == ".html":
            content = content.replace(b"{{ host }}", self.here.encode()).replace(b"{{ bot }}", self.bot.encode())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", mimetypes.guess_type(name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        policy = f"default-src 'self'; script-src 'self' {self.here}; connect-src {self.here}"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass

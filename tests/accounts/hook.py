"""An operator's program that sends text messages: it takes what the send SMS hook is called with, and checks it."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = b"a key of the tests for the hook."


@dataclass
class Hook:
    """codes: what was sent to each number. status: what it answers from now on."""

    url: str = ""
    codes: dict[str, list[str]] = field(default_factory=dict)
    status: int = 200


@contextmanager
def running() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
            expected = "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
            assert self.headers["webhook-signature"] == expected
            asked = json.loads(body)
            if hook.status == 200:
                hook.codes.setdefault(asked["user"]["phone"], []).append(asked["sms"]["otp"])
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests say nothing of what goes well."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()

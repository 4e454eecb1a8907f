"""The product as people meet it: `trulybot serve` with all its processes, and shops on origins of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.models import converted_models
from tests.sites import SITE_ADDRESS
from trulybot.demo.start import Shop

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"

# The address of a new shop whose page embeds a bot, under a strict policy of its own.
OpenShop = Callable[[str], str]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers."""
    folder = tmp_path_factory.mktemp("product")
    (folder / "models").symlink_to(converted_models())
    command = [sys.executable, "-m", "trulybot", "serve", "--data-dir", str(folder), "--port", "0"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TRULYBOT_CRAWL_PRIVATE": f"{SITE_ADDRESS}/32"}
    with (folder.parent / "product.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("TrulyBot is ready at "), (folder.parent / "product.log").read_text()
        yield line.split()[-1]
        process.terminate()
        process.wait()


@pytest.fixture
def open_shop(product: str) -> Iterator[OpenShop]:
    with ExitStack() as stack:

        def open_one(bot: str) -> str:
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, product, bot))
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            # Another site than the product's, not only another port.
            return f"http://willow-and-pine.localhost:{server.server_port}"

        yield open_one


@dataclass
class Owner:
    """Somebody with a workspace, made by the API so that a story can begin in the middle."""

    email: str
    password: str
    http: httpx.Client

    @property
    def bot(self) -> str:
        return str(self._call("GET", "/api/widget/config")["bot"])

    def allows(self, origin: str) -> None:
        self._call("PATCH", "/api/widget/config", json={"allowed_origins": [origin]})

    def knows(self, file: Path) -> None:
        """Give the bot a file, and wait until it was read."""
        sent = {"file": (file.name, file.read_bytes())}
        document = self._call("POST", "/api/text-upload", files=sent)["documents"][0]
        for _ in range(1000):
            if document["status"] == "ready":
                return
            document = self._call("GET", f"/api/documents/{document['id']}")
        raise AssertionError(f"{file.name} is {document['status']}")

    def _call(self, method: str, path: str, **content: Any) -> Any:
        response = self.http.request(method, path, **content)
        assert response.is_success, response.text
        return response.json()


@pytest.fixture(scope="session")
def new_owner(product: str) -> Callable[[str], Owner]:
    def sign_up(workspace: str) -> Owner:
        email, password = f"{uuid4().hex}@example.com", "correct horse battery"
        form = {"email": email, "password": password, "data": {"workspace_name": workspace}}
        response = httpx.post(f"{product}/auth/v1/signup", json=form)
        assert response.is_success, response.text
        headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        return Owner(email, password, httpx.Client(base_url=product, headers=headers))

    return sign_up


@pytest.fixture(scope="session")
def willow(new_owner: Callable[[str], Owner]) -> Owner:
    """The owner of Willow & Pine, whose bot has read the returns policy."""
    owner = new_owner("Willow & Pine")
    owner.knows(SAMPLES / "returns-policy.pdf")
    return owner

"""What the running product writes down: ids, and nothing of what people wrote."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.world import PASSWORD
from trulybot.settings import Settings

ROOT = Path(__file__).parents[2]
QUESTION = "Does the zanzibar lamp fit the oak table?"
TEXT = "The xylophone cabinet is sold out."


@dataclass
class Told:
    """A web process that has answered, and what it wrote down."""

    text: str
    responses: dict[str, httpx.Response]
    secrets: dict[str, str]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def request(self, name: str) -> dict[str, Any]:
        (event,) = [
            event
            for event in self.events
            if event["event"] == "request" and event["request_id"] == self.responses[name].headers["x-request-id"]
        ]
        return event


@pytest.fixture(scope="module")
def told(settings: Settings, owner_url: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    path = tmp_path_factory.mktemp("log") / "stderr"
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": owner_url,
        "SECRET_KEY": settings.secret_key,
        "TRULYBOT_DATA_DIR": str(settings.trulybot_data_dir),
        "TRULYBOT_EMBEDDER_SOCKET": str(settings.trulybot_embedder_socket),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener, path.open("wb") as log:
        command = [sys.executable, "-m", "trulybot", "web", "--fd", str(listener.fileno())]
        process = subprocess.Popen(command, env=env, stderr=log, pass_fds=[listener.fileno()])
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60) as http:
            responses, secrets = use(http)
        process.terminate()
        process.wait(30)
    return Told(path.read_text(), responses, secrets)


def use(http: httpx.Client) -> tuple[dict[str, httpx.Response], dict[str, str]]:
    """Requests of every kind, and what must not be found in the log."""
    email = f"{uuid4().hex}@example.com"
    sign_up = http.post("/auth/v1/signup", json={"email": email, "password": PASSWORD})
    token = sign_up.json()["access_token"]
    http.headers["authorization"] = f"Bearer {token}"
    responses = {
        "sign_up": sign_up,
        "chat": http.post("/api/chat", json={"message": QUESTION}, headers={"X-Request-Id": "their-own.id_1"}),
        "stream": http.post("/api/chat", json={"message": QUESTION}, headers={"Accept": "text/event-stream"}),
        "text": http.post("/api/text-upload", json={"text": TEXT, "title": "Cabinets"}),
        "search": http.post("/api/search", json={"query": QUESTION}, headers={"X-Request-Id": 'forged" "x": 1}'}),
        "wrong": http.post("/api/chat", json={"message": {"zanzibar": 1}}),
        "missing": http.get(f"/api/documents/{uuid4()}"),
        "nowhere": http.get("/zanzibar?question=zanzibar", headers={"X-Request-Id": "short"}),
    }
    secrets = {"password": PASSWORD, "email": email, "token": token, "refresh": sign_up.json()["refresh_token"]}
    return responses, {**secrets, "question": "zanzibar", "text": "xylophone", "title": "Cabinets", "forged": "forged"}


def test_every_request_is_written_down_by_its_route(told: Told):
    assert told.request("chat")["route"] == "/api/chat"
    assert told.request("missing")["route"] == "/api/documents/{document_id}"
    assert told.request("nowhere")["route"] == "unmatched"
    for name, response in told.responses.items():
        event = told.request(name)
        assert (event["method"], event["status"]) == (response.request.method, response.status_code)
        assert event["milliseconds"] > 0


def test_nothing_of_what_people_wrote_is_written_down(told: Told):
    assert {name for name, secret in told.secrets.items() if secret in told.text} == set()


def test_a_valid_request_id_is_kept_and_any_other_replaced(told: Told):
    assert told.responses["chat"].headers["x-request-id"] == "their-own.id_1"
    for name in ("search", "nowhere", "text"):
        assert UUID(told.responses[name].headers["x-request-id"]).version == 7


def logged(code: str) -> list[dict[str, Any]]:
    whole = f"import logging\nfrom trulybot.kit import log\nlog.configure(json=True)\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", whole], cwd=ROOT, check=True, capture_output=True, text=True, env={"PYTHONPATH": "."}
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_an_exception_is_written_down_by_its_kind_and_place_without_its_words():
    (event,) = logged("""
def deliver():
    raise ValueError("what Ana wrote")
try:
    deliver()
except ValueError:
    log.get_logger().error("mail.failed", mail_id=7, exc_info=True)
""")

    assert (event["event"], event["mail_id"], event["error"]) == ("mail.failed", 7, "ValueError")
    assert event["at"][-1].endswith(" deliver")
    assert "Ana" not in str(event)


def test_what_libraries_log_is_an_event_too_and_without_their_exceptions_words():
    events = logged("""
try:
    raise ValueError("what Ana wrote")
except ValueError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=error)
    logging.getLogger("asyncio").error("Task exception was never retrieved\\nfuture: %r", error)
logging.getLogger("chatty").info("Said in passing")
""")

    assert [(event["event"], event["logger"], event["says"]) for event in events] == [
        ("library", "uvicorn.error", "Exception in ASGI application"),
        ("library", "asyncio", "Task exception was never retrieved"),
    ]
    assert events[0]["error"] == "ValueError"
    assert "Ana" not in str(events)


def test_a_refused_body_is_written_down_without_what_was_in_it(told: Told):
    assert told.responses["wrong"].status_code == 400
    assert told.request("wrong")["status"] == 400

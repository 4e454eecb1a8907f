"""What an operator must know reaches them, over a real socket and by real mail, once."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from tests.mail.servers import MailServer, mail_server
from tests.world import Person, World
from trulybot.kit import security
from trulybot.kit.security import Origin, SecurityEvent
from trulybot.operations.alert_rules import BY_NAME, RULES
from trulybot.operations.alerts import Alerts
from trulybot.operations.security_log import SecurityLog
from trulybot.operations.vitals import Vitals, look_at_connections
from trulybot.operations.worker import database_of
from trulybot.settings import Settings

OPERATOR = "operator@example.com"
ROUTES_THAT_FAIL = 30


@dataclass
class Hook:
    """A receiver of webhooks that speaks HTTP over a socket. statuses: what it answers first, then always 204."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(body)["data"] for _, body in self.received]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.splitlines()[1:])
        }
        self.received.append((headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.statuses.pop(0) if self.statuses else 204
        writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    found = Hook()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


@dataclass
class Watched:
    """The product, whose alerts go to the hook and by mail."""

    world: World
    hook: Hook
    post: MailServer
    superuser_url: str

    @property
    def security(self) -> SecurityLog:
        found: SecurityLog = self.world.app.state.security
        return found

    async def told(self) -> list[dict[str, Any]]:
        """What the hook has heard by now."""
        await self.security.flush()
        await self.work()
        return self.hook.alerts

    async def work(self) -> None:
        """As if the time had passed until the next attempt."""
        self.sql("update queue.procrastinate_jobs set scheduled_at = null where status = 'todo'")
        await self.world.work()

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.superuser_url) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def watched(settings: Settings, hook: Hook, superuser_of_the_database: str) -> AsyncIterator[Watched]:
    async with mail_server() as post:
        own = replace(
            settings,
            alert_webhook_url=f"http://127.0.0.1:{hook.port}/alerts",
            gotrue_smtp_host="127.0.0.1",
            gotrue_smtp_port=post.port,
            gotrue_smtp_admin_email=OPERATOR,
            gotrue_mailer_autoconfirm=True,
        )
        async with World.running(own) as world:
            found = Watched(world, hook, post, superuser_of_the_database)
            found.sql("delete from trulybot_auth.alerts")
            found.sql("delete from trulybot_auth.security_events")
            found.sql("delete from queue.procrastinate_jobs")
            yield found


@contextmanager
def requested(watched: Watched, address: str = "203.0.113.9") -> Iterator[None]:
    """As in a request from this address."""
    with security.coming_from(Origin(address, "a-request-id", sink=watched.security)):
        yield


async def fails_to_sign_in(watched: Watched, who: Person, times: int) -> None:
    for _ in range(times):
        form = {"email": who.email, "password": "not the password"}
        await watched.world.http.post("/auth/v1/token?grant_type=password", json=form)


async def test_five_failed_sign_ins_are_told_and_four_are_not(watched: Watched):
    alice = await watched.world.alice()

    await fails_to_sign_in(watched, alice, 4)
    assert await watched.told() == []
    await fails_to_sign_in(watched, alice, 1)

    rules = {alert["rule"]: alert for alert in await watched.told()}
    assert rules.keys() == {"sign-ins-failed-by-address", "sign-ins-failed-for-person"}
    assert rules["sign-ins-failed-for-person"]["subject"] == str(alice.user_id)
    assert rules["sign-ins-failed-for-person"]["details"]["count"] == 5


async def test_an_id_of_another_tenant_is_told_with_who_asked(watched: Watched):
    alice, charlie = await watched.world.alice(), await watched.world.charlie()
    document = await alice.knows("Our prices are secret.")

    assert (await charlie.get(f"/api/documents/{document['id']}")).status_code == 404

    [alert] = await watched.told()
    assert alert["rule"] == "tenant-crossed"
    assert alert["details"]["id"] == document["id"]
    assert alert["details"]["from_user"] == str(charlie.user_id)
    mine, theirs = [(await one.get("/api/audit-log?action=tenant.crossed")).json()["items"] for one in (alice, charlie)]
    assert len(mine) == 1
    assert str(charlie.user_id) not in json.dumps(mine)
    assert theirs == []  # it would tell that the id exists


async def test_another_tenants_workspace_is_told_and_one_that_does_not_exist_is_not(watched: Watched):
    alice, charlie = await watched.world.alice(), await watched.world.charlie()

    for workspace_id in (uuid4(), alice.workspace_id):
        response = await charlie.get("/api/documents", headers={"X-Workspace-Id": str(workspace_id)})
        assert response.status_code == 403
        told = await watched.told()

        assert len(told) == (workspace_id == alice.workspace_id)


async def test_ones_own_ids_and_ids_of_nobody_are_no_crossing(watched: Watched):
    alice = await watched.world.alice()
    document = await alice.knows("We are open on Mondays.")
    await alice.delete(f"/api/documents/{document['id']}")

    for id in (document["id"], uuid4(), alice.workspace_id):
        assert (await alice.get(f"/api/documents/{id}")).status_code == 404

    assert await watched.told() == []


async def test_a_visitors_token_from_another_tenants_website_is_told(watched: Watched):
    alice, charlie = await watched.world.alice(), await watched.world.charlie()
    visitor = await alice.visitor()
    await charlie.patch("/api/widget/config", {"allowed_origins": ["https://elsewhere.example"]})

    response = await visitor.post("/api/chat", {"message": "Hi"}, headers={"Origin": "https://elsewhere.example"})

    assert response.status_code == 403
    assert [alert["rule"] for alert in await watched.told()] == ["tenant-crossed"]


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        (SecurityEvent.INJECTION, "injection-attempted"),
        (SecurityEvent.ISOLATION_BROKEN, "isolation-broken"),
        (SecurityEvent.DELETION_INCOMPLETE, "deletion-incomplete"),
    ],
)
async def test_one_of_these_is_enough(watched: Watched, event: SecurityEvent, rule: str):
    with requested(watched):
        security.note(event, rule="sql")

    [alert] = await watched.told()
    assert alert["rule"] == rule
    assert alert["what_to_do"] == BY_NAME[rule].what_to_do


async def test_a_hundred_failed_sign_ins_from_everywhere_are_told(watched: Watched):
    for number in range(100):
        with requested(watched, f"203.0.113.{number}"):
            security.note(SecurityEvent.SIGN_IN_FAILED)

    assert [alert["rule"] for alert in await watched.told()] == ["sign-ins-failed-everywhere"]


async def asks(vitals: Vitals) -> int:
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await vitals({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}, receive, send)
    return status


async def test_an_answer_that_takes_more_than_five_seconds_is_told(watched: Watched):
    now = 100.0

    async def slow(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal now
        await receive()
        now += 5.1
        await JSONResponse({})({"type": "http"}, receive, send)

    await asks(Vitals(slow, security=watched.security, clock=lambda: now))

    [alert] = await watched.told()
    assert alert["rule"] == "responses-slow"
    assert alert["details"]["seconds"] == 5.1


async def test_a_slow_client_is_not_our_slowness(watched: Watched):
    now = 100.0

    async def quick(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal now
        now += 60  # until the body has arrived
        await receive()
        await JSONResponse({})({"type": "http"}, receive, send)

    await asks(Vitals(quick, security=watched.security, clock=lambda: now))

    assert await watched.told() == []


async def test_more_faults_than_one_in_twenty_are_told(watched: Watched):
    app = FastAPI()
    statuses = iter([200] * 18 + [500, 500])

    @app.get("/")
    async def answers() -> Response:
        return Response(status_code=next(statuses))

    vitals = Vitals(app, security=watched.security)
    for _ in range(19):
        await asks(vitals)
    assert await watched.told() == []
    await asks(vitals)

    [alert] = await watched.told()
    assert (alert["rule"], alert["details"]["faults"]) == ("errors-frequent", 2)


async def test_a_database_that_is_short_of_connections_is_told(watched: Watched):
    worker = database_of(watched.world.settings, size=1)
    await worker.open()
    try:
        await look_at_connections(worker, watched.security)
        assert await watched.told() == []
        watched.sql("alter database suite connection limit 1")
        await look_at_connections(worker, watched.security)
    finally:
        watched.sql("alter database suite connection limit -1")
        await worker.close()

    assert [alert["rule"] for alert in await watched.told()] == ["connections-short"]


async def test_every_rule_is_raised_by_a_test():
    raised = {
        "sign-ins-failed-by-address",
        "sign-ins-failed-for-person",
        "sign-ins-failed-everywhere",
        "tenant-crossed",
        "injection-attempted",
        "isolation-broken",
        "deletion-incomplete",
        "responses-slow",
        "errors-frequent",
        "connections-short",
    }

    assert raised == {rule.name for rule in RULES}


async def test_an_alert_is_raised_once_in_its_time_by_however_many_processes(watched: Watched):
    others = [SecurityLog(watched.world.app.state.db) for _ in range(3)]
    for sink in (watched.security, *others):
        with security.coming_from(Origin("203.0.113.9", sink=sink)):
            security.note(SecurityEvent.INJECTION)

    await asyncio.gather(*(sink.flush() for sink in others))
    assert len(await watched.told()) == 1
    watched.sql("update trulybot_auth.alerts set raised_at = raised_at - interval '6 minutes'")
    with requested(watched):
        security.note(SecurityEvent.INJECTION)

    assert len(await watched.told()) == 2


async def test_whoever_has_many_addresses_does_not_fill_the_operators_mailbox(watched: Watched):
    for number in range(100):
        with requested(watched, f"2001:db8:{number:x}::1"):
            security.note(SecurityEvent.INJECTION, rule="script", place="path")
    await watched.security.flush()

    subjects = [subject for (subject,) in watched.sql("select subject from trulybot_auth.alerts")]

    assert len(subjects) == 21
    assert subjects.count("") == 1


async def test_the_hook_can_tell_that_an_alert_is_ours(watched: Watched):
    with requested(watched):
        security.note(SecurityEvent.INJECTION)
    await watched.told()

    [(headers, body)] = watched.hook.received
    secret = base64.b64decode(Alerts.of(watched.world.settings).secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["content-type"] == "application/json"


async def test_a_hook_that_fails_is_tried_again_until_it_takes_the_alert(watched: Watched):
    watched.hook.statuses = [500, 302]
    with requested(watched):
        security.note(SecurityEvent.INJECTION)

    await watched.told()
    for _ in range(3):
        await watched.work()

    assert len(watched.hook.received) == 3
    assert len({headers["webhook-id"] for headers, _ in watched.hook.received}) == 1


async def test_bad_news_of_yesterday_is_not_sent(watched: Watched):
    with requested(watched):
        security.note(SecurityEvent.INJECTION)
    await watched.security.flush()
    watched.sql("update trulybot_auth.alerts set raised_at = raised_at - interval '25 hours'")

    assert await watched.told() == []


async def test_an_alert_comes_by_mail_too(watched: Watched):
    with requested(watched):
        security.note(SecurityEvent.INJECTION, rule="sql")
    await watched.told()

    [mail] = watched.post.mails
    assert OPERATOR in str(mail["To"])
    assert "injection-attempted" in str(mail["Subject"])

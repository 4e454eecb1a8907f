"""Tell the operator: to a webhook, signed, and by mail. The worker does, as long as it takes, for a day."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from trulybot.kit.db import Database
from trulybot.kit.keys import derive
from trulybot.kit.log import get_logger
from trulybot.mail import service as mail
from trulybot.mail.delivery import Delivery
from trulybot.mail.kinds import Kind
from trulybot.operations.alert_rules import BY_NAME
from trulybot.settings import Settings

log = get_logger()

TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # seconds; the job is tried again, later and later
SECRET_PREFIX = "whsec_"  # noqa: S105  (of every secret of this kind)


class WebhookRefused(Exception):
    """The alerts' webhook did not take an alert. It is tried again."""


@dataclass(frozen=True)
class Alert:
    """subject: what the rule counts by, an address or a user's id; empty for the whole server."""

    id: UUID
    rule: str
    subject: str
    raised_at: datetime
    details: dict[str, Any]
    delivered_at: datetime | None


@dataclass(frozen=True)
class Alerts:
    """Where alerts go; nowhere but to the log and the metrics when neither is set."""

    webhook_url: str | None
    mail_to: str | None
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Alerts":
        key = derive(settings.secret_key, "alert webhook")
        return cls(settings.alert_webhook_url, settings.gotrue_smtp_admin_email, key)

    @property
    def secret(self) -> str:
        """What the receiver checks signatures with."""
        return SECRET_PREFIX + base64.b64encode(self.key).decode()

    async def post(self, db: Database, alert_id: UUID) -> None:
        """
        Send it to the webhook, at least once.

        Raises:
            WebhookRefused: Not this time.
        """
        alert = await _read(db, alert_id)
        if self.webhook_url is None or alert is None or alert.delivered_at is not None:
            return
        body = json.dumps({"type": "alert.raised", "timestamp": _iso(alert.raised_at), "data": _said(alert)})
        headers = {"Content-Type": "application/json", **self.signed(f"msg_{alert.id}", body.encode())}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client:
                response = await client.post(self.webhook_url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise WebhookRefused from error
        if not response.is_success:
            log.warning("alert.webhook_refused", status=response.status_code)
            raise WebhookRefused
        async with db.chore("an alert was sent") as tx:
            await tx.run("select private.alert_was_sent(%(id)s)", id=alert.id)

    async def mail(self, db: Database, alert_id: UUID, job: Delivery) -> None:
        """Hand it to the mail, which has a patience of its own."""
        alert = await _read(db, alert_id)
        if self.mail_to is None or alert is None:
            return
        async with db.workspace(job) as tx:
            await mail.send(tx, Kind.ALERT, self.mail_to, subject=_subject(alert), text=_text(alert))

    def signed(self, id: str, body: bytes) -> dict[str, str]:
        """
        Headers by which the receiver knows us, and an old message that somebody sends again.

        Source: Standard Webhooks, Symmetric signatures.
        """
        sent_at = str(int(datetime.now(UTC).timestamp()))
        seal = hmac.digest(self.key, f"{id}.{sent_at}.".encode() + body, "sha256")
        return {
            "webhook-id": id,
            "webhook-timestamp": sent_at,
            "webhook-signature": f"v1,{base64.b64encode(seal).decode()}",
        }


async def _read(db: Database, alert_id: UUID) -> Alert | None:
    async with db.chore("an alert that is to be sent") as tx:
        return await tx.maybe(
            Alert,
            "select id, rule, subject, raised_at, details, delivered_at from private.alert_to_send(%(id)s)",
            id=alert_id,
        )


def _said(alert: Alert) -> dict[str, Any]:
    rule = BY_NAME.get(alert.rule)
    return {
        "id": str(alert.id),
        "rule": alert.rule,
        "subject": alert.subject,
        "raised_at": _iso(alert.raised_at),
        "means": rule.means if rule else "",
        "what_to_do": rule.what_to_do if rule else "",
        "details": alert.details,
    }


def _subject(alert: Alert) -> str:
    return f"TrulyBot alert: {alert.rule}" + (f" ({alert.subject})" if alert.subject else "")


def _text(alert: Alert) -> str:
    said = _said(alert)
    facts = [f"{name.replace('_', ' ')}: {value}" for name, value in alert.details.items()]
    about = [f"about: {alert.subject}"] if alert.subject else []
    when = f"when: {alert.raised_at:%Y-%m-%d %H:%M:%S} UTC"
    return "\n\n".join([said["means"], "\n".join([when, *about, *facts]), said["what_to_do"]])


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()

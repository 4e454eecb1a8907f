"""Hand a message to the operator's mail server."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses
from ipaddress import ip_address
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

TIMEOUT_SECONDS = 30.0  # for a whole delivery; a server that thinks longer is tried again
IMPLICIT_TLS_PORT = 465
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463

Tls = Literal["implicit", "starttls", "none"]


class Undelivered(Exception):
    """The mail server did not take the message. reason: a name of ours and the server's number, never its words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Later(Undelivered):
    """Try again: the server is away, busy, or not set up right."""


class Refused(Undelivered):
    """It never will."""


@dataclass(frozen=True)
class Smtp:
    """A mail server, and how to sign in to it."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS

    async def deliver(self, message: EmailMessage) -> None:
        """
        Hand over a message to its one recipient; return once the server has taken it.

        Raises:
            Later: It may go another time.
            Refused: The server will not have this message, or not for this recipient.
        """
        try:
            async with asyncio.timeout(self.timeout_seconds), self._client() as client:
                await self._enter(client)
                await self._hand_over(client, message)
        except SMTPRecipientsRefused as error:
            raise _judged("recipient_refused", error.recipients[0].code, error.recipients[0].message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise Later("sign_in_unsupported") from error
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPSenderRefused) as error:
            name = "sign_in_refused" if isinstance(error, aiosmtplib.SMTPAuthenticationError) else "sender_refused"
            raise Later(_named(name, error.code, error.message)) from error  # ours to put right, not the mail's fault
        except aiosmtplib.SMTPDataError as error:
            raise _judged("message_refused", error.code, error.message) from error
        except SMTPResponseException as error:
            raise Later(_named("refused", error.code, error.message)) from error
        except ssl.SSLError as error:
            raise Later("tls_failed") from error
        except (TimeoutError, aiosmtplib.SMTPTimeoutError) as error:
            raise Later("timed_out") from error
        except (SMTPException, OSError) as error:
            certificate = isinstance(error.__cause__, ssl.SSLError)
            raise Later("tls_failed" if certificate else "unreachable") from error

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls == "implicit",
            start_tls=False,  # not by itself; see _enter
            tls_context=None if self.tls == "none" else ssl.create_default_context(),
            timeout=self.timeout_seconds,
        )

    async def _enter(self, client: aiosmtplib.SMTP) -> None:
        await client.ehlo()
        if self.tls == "starttls":
            # Nothing goes on without it: whoever sits in between could take the offer away.
            if not client.supports_extension("starttls"):
                raise Later("starttls_unsupported")
            await client.starttls()
            await client.ehlo()
        if self.user is not None:
            await client.login(self.user, self.password or "")

    async def _hand_over(self, client: aiosmtplib.SMTP, message: EmailMessage) -> None:
        (_, sender), (_, recipient) = getaddresses([message["From"]])[0], getaddresses([message["To"]])[0]
        options = []
        if not recipient.isascii():
            if not client.supports_extension("smtputf8"):
                raise Refused("smtputf8_unsupported")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        await client.sendmail(sender, [recipient], message.as_bytes(), mail_options=options)


def tls_for(host: str, port: int, *, plain: bool) -> Tls:
    """How to talk to a mail server. plain: the operator says that nobody sits in between."""
    if port == IMPLICIT_TLS_PORT:
        return "implicit"
    return "none" if plain or _is_loopback(host) else "starttls"


def _judged(name: str, code: int, said: str) -> Undelivered:
    kind = Refused if 500 <= code < 600 else Later
    return kind(_named(name, code, said))


def _named(name: str, code: int, said: str) -> str:
    enhanced = ENHANCED.search(said)
    return " ".join([name, str(code), *([enhanced[0]] if enhanced else [])])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"

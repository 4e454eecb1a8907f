"""Real mail servers on a socket of this machine: one that takes mail, and some that do not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

USER, PASSWORD = "trulybot", "a password of the mail server"


@dataclass
class MailServer:
    """An SMTP server that keeps what it was given. refusals: what it answers to a step, by the step's name."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    before_data: Callable[[], Any] = lambda: None
    was_encrypted: list[bool] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [read(envelope) for envelope in self.taken]

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's own name and order)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.refusals:
            return self.refusals["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if "RCPT" in self.refusals:
            return self.refusals["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.before_data()
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        if "CLOSE" in self.refusals:
            server.transport.close()
            return "421 Bye"
        self.taken.append(envelope)
        self.was_encrypted.append(session.ssl is not None)
        self.signed_in.append(session.authenticated is True)
        return "250 OK"


def read(envelope: Envelope) -> EmailMessage:
    content = envelope.original_content or b""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@asynccontextmanager
async def mail_server(port: int = 0, **options: Any) -> AsyncIterator[MailServer]:
    """A server that takes mail. options: as aiosmtpd takes them; `ssl` for TLS from the first byte."""
    kept = MailServer()
    tls: ssl.SSLContext | None = options.pop("ssl", None)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(kept, hostname="mail.test", enable_SMTPUTF8=options.get("utf8", True), loop=loop, **own)

    own = {name: value for name, value in options.items() if name != "utf8"}
    server = await loop.create_server(protocol, "127.0.0.1", port, ssl=tls)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """The port of a server that takes a connection and says nothing."""
    done = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()


def sign_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()), handled=False)


def certificate(folder: Path, name: str = "localhost") -> ssl.SSLContext:
    """What a server named so shows; the certificate that it rests on is `folder / "ca.pem"`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context

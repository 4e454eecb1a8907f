"""A mail as it goes over the wire."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from trulybot.mail import addresses
from trulybot.mail.service import Mail
from trulybot.mail.writing import one_line, write


@dataclass(frozen=True)
class Sender:
    """Who our mails are from: always ourselves, whoever caused them."""

    address: Address
    name: str

    @classmethod
    def of(cls, email: str, name: str) -> "Sender":
        """
        The sender of the settings.

        Raises:
            BadAddress: The email is no address.
        """
        return cls(addresses.read(email), one_line(name))


def compose(mail: Mail, sender: Sender, *, written_at: datetime) -> EmailMessage:
    """
    The message of a mail, the same at every attempt: a server that has it already can tell by its Message-ID.

    Raises:
        BadAddress: The recipient is no address.
    """
    recipient = addresses.read(mail.to)
    letter = write(mail)
    message = EmailMessage(policy=SMTP if recipient.addr_spec.isascii() else SMTPUTF8)
    message["From"] = Address(sender.name, sender.address.username, sender.address.domain)
    message["To"] = recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{mail.id}@{sender.address.domain}>"
    # No out-of-office notes, please. Sources: RFC 3834; MS-OXCMAIL for the second, which Exchange listens to.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # after the content, whose setting clears it
    return message

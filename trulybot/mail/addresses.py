"""Addresses as a mail server takes them."""

import re
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address

import idna

LONGEST = 320  # characters: 64 before the @, 255 after it; RFC 5321, 4.5.3.1

# One address and nothing else: a space, a comma, a bracket or a line end would begin another one, or another command.
PLAIN = re.compile(r"""[^\s@<>(),;:\\"\x00-\x20\x7f]+@[^\s@<>(),;:\\"\x00-\x20\x7f]+""")


class BadAddress(ValueError):
    """The address cannot stand in a mail."""


def read(given: str) -> Address:
    """
    An address with its domain in ASCII; only the part before the @ may still need SMTPUTF8.

    Raises:
        BadAddress: It is none, or its domain cannot be one.
    """
    if len(given) > LONGEST or not PLAIN.fullmatch(given) or not given.isprintable():
        raise BadAddress
    local, _, domain = given.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
        return Address(username=local, domain=ascii_domain)
    except (idna.IDNAError, MessageError, HeaderParseError, ValueError, IndexError) as error:
        raise BadAddress from error

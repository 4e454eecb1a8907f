"""One name for whoever is counted, however they spell themselves."""

import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

NETWORK_BITS = 64  # what one customer of an IPv6 provider has at the least, with 2^64 addresses in it


def place(host: str) -> str:
    """The network that an address is in: an IPv4 address by itself, of IPv6 the /64."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, NETWORK_BITS), strict=False).network_address)


def mailbox(email: str) -> str:
    """
    Where mail to `email` is likely to arrive: ÁNA.b+shop@Example.com and ána.b@example.com share a box.

    Where dots do tell boxes apart, two people share a limit, which is large enough for two.
    """
    local, _, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{_ascii(domain)}"


def account(email: str) -> str:
    """An account by its email. Spelled apart by a tag or a dot, two emails are two accounts, with a password each."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def telephone(phone: str) -> str:
    return "".join(digit for digit in unicodedata.normalize("NFKC", phone) if digit.isdecimal())


def _ascii(domain: str) -> str:
    try:
        return domain.rstrip(".").encode("idna").decode()
    except UnicodeError:
        return domain

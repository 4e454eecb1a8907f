"""
Where we may connect to. The list of what is public is our own: the standard library's differs from release to release.

Source: IANA, IPv4 and IPv6 Special-Purpose Address Registries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from trulybot.sources.fetching.models import FetchError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = frozenset((80, 443))

SPECIAL_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # between a provider and its customers
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_IPV6 = IPv6Network("2000::/3")  # all that has been given to anybody
SPECIAL_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo among others: tunnels to an IPv4 address that hides within
        "2001:db8::/32",
        "2002::/16",  # 6to4, the same
        "3fff::/20",
    )
)
NAT64 = IPv6Network("64:ff9b::/96")

# Where clouds keep the secrets of their machines, and what no router passes on: no setting opens it.
NEVER: tuple[Network, ...] = tuple(
    ip_network(text) for text in ("0.0.0.0/8", "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "::/128")
)

# Names of a network of one's own; a public address behind one would be a resolver's trick.
LOCAL_SUFFIXES = (".localhost", ".internal", ".local", ".lan", ".home", ".corp", ".intranet", ".home.arpa")


@dataclass(frozen=True)
class Reach:
    """private: networks of the operator's that may be fetched from, at any port."""

    private: Sequence[Network] = ()

    def choose(self, host: str, port: int, found: Sequence[str]) -> str:
        """
        The address to connect to, of those that a host's name stands for.

        Raises:
            FetchError: There is none, or one of them is not for us: who mixes both is playing with the resolver.
        """
        try:
            addresses = [ip_address(text) for text in found]
        except ValueError:
            addresses = []
        if not addresses:
            raise FetchError("not_resolved")
        if not all(self._allows(host, port, plain(address)) for address in addresses):
            raise FetchError("address_refused")
        # Where a machine has no IPv6, trying it first would cost every page its time.
        return str(min(addresses, key=lambda address: address.version))

    def check_at_sight(self, url: str) -> None:
        """
        Refuse an address, in its one spelling, that no look-up could make fit.

        Raises:
            FetchError: It is written as a private one, or names a private network or another port, and none is open.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if literal(host) is not None:
            self.choose(host, port, [host])
        elif not self.private and (is_local(host) or port not in PORTS):
            raise FetchError("address_refused")

    def _allows(self, host: str, port: int, address: Address) -> bool:
        if any(address in network for network in NEVER):
            return False
        if any(address in network for network in self.private):
            return True
        return port in PORTS and not is_local(host) and is_public(address)


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps, since that is where the packets would go."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or IPv6Address(int(address))  # without the scope, which no network has


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    return address in GLOBAL_IPV6 and not any(address in network for network in SPECIAL_IPV6)


def is_local(host: str) -> bool:
    """Whether a name is one of a private network. An address is no name."""
    if literal(host) is not None:
        return False
    name = f".{host.rstrip('.').lower()}"
    return name.endswith(LOCAL_SUFFIXES) or name.count(".") == 1


def literal(host: str) -> Address | None:
    """The address, where a host is written as one."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None

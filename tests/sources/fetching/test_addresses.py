"""Where we may connect to."""

from ipaddress import IPv4Network, ip_address, ip_network

import pytest

from trulybot.sources.fetching.addresses import Reach
from trulybot.sources.fetching.models import FetchError

PRIVATE = """
127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.251 240.0.0.1 255.255.255.255
::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::
2001:0:4136:e378:8000:63bf:3fff:fdd2 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 100::1 fec0::1
""".split()
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused_however_it_is_written(address: str):
    with pytest.raises(FetchError, match="private network") as refused:
        Reach().choose("shop.example", 443, [address])

    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_chosen(address: str):
    assert ip_address(Reach().choose("shop.example", 443, [address])) == ip_address(address)


def test_a_name_with_one_private_address_is_refused_whatever_the_others_are():
    with pytest.raises(FetchError, match="private network"):
        Reach().choose("shop.example", 443, ["93.184.215.14", "10.0.0.1"])


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 5432])
def test_other_ports_than_those_of_the_web_are_refused(port: int):
    with pytest.raises(FetchError, match="port"):
        Reach().choose("shop.example", port, ["93.184.215.14"])


@pytest.mark.parametrize("name", ["localhost", "db", "metadata.google.internal", "printer.local", "a.localhost."])
def test_a_name_of_a_private_network_is_refused_even_if_its_address_is_public(name: str):
    with pytest.raises(FetchError, match="private network"):
        Reach().choose(name, 443, ["93.184.215.14"])


def test_an_operator_may_open_a_network_of_theirs_at_any_port():
    reach = Reach((IPv4Network("10.0.0.0/8"),))

    assert reach.choose("wiki.internal", 8080, ["10.0.0.7"]) == "10.0.0.7"
    with pytest.raises(FetchError):
        reach.choose("wiki.internal", 8080, ["192.168.0.7"])


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.1", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"]
)
def test_no_setting_opens_where_clouds_keep_their_secrets(address: str):
    everything = Reach((ip_network("0.0.0.0/0"), ip_network("::/0")))

    with pytest.raises(FetchError):
        everything.choose("shop.example", 80, [address])


def test_a_name_without_an_address_is_not_known():
    with pytest.raises(FetchError, match="No server"):
        Reach().choose("shop.example", 443, [])

"""Names that lead into private networks: judged when the connection is made, and connected to as judged."""

import socket
from typing import Any

import pytest
from urllib3.util import connection

from plugin.ehr.public_addresses import NotPublic, is_public, public_addresses
from plugin.ehr.transport import Transport

PRIVATE = [
    *["10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "0.0.0.0"],  # noqa: S104 - nothing listens
    *["169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0"],
    *["fd00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:a00:1::"],
]
PUBLIC = ["8.8.8.8", "203.0.114.1", "2606:4700::1", "::ffff:8.8.8.8"]


class Net:
    """Names and connections as these tests want them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked, self.connected = list(answers), [], []
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)
        monkeypatch.setattr(connection, "create_connection", self.connect)

    def look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        """The next answer; the last one stays."""
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> Any:
        """Nobody answers, but where it went is known."""
        self.connected.append(address[0])
        raise OSError("nobody there")

    def fetch(self, url: str = "https://ehr.example.org/fhir", **made: Any) -> str:
        """What comes of one request."""
        transport = Transport(**made)
        try:
            transport.send(transport.plain_session(), "GET", url, headers={})
        except Exception as error:
            return type(error).__name__
        return "answered"


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    """Loopback, link-local, shared, multicast and the cloud's own, also inside an IPv6 address."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    """The internet's."""
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """No packet leaves, and the remedy is told."""
    net = Net(monkeypatch, [address])
    assert net.fetch() == "NotPublic"
    assert net.connected == []
    with pytest.raises(NotPublic, match="private_network = true"):
        public_addresses("ehr.example.org", 443)


def test_the_judged_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that would lead inside at the next look-up isn't looked up again."""
    net = Net(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    assert net.fetch() == "Unreachable"
    assert (net.asked, net.connected) == (["ehr.example.org"], ["8.8.8.8"])


def test_public_ones_are_tried_in_turn_and_private_ones_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with several addresses."""
    net = Net(monkeypatch, ["10.0.0.1", "8.8.8.8", "8.8.4.4"])
    assert net.fetch() == "Unreachable"
    assert net.connected == ["8.8.8.8", "8.8.4.4"]


def test_a_tenant_may_live_in_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its table says so; another host is judged all the same."""
    net = Net(monkeypatch, ["10.0.0.1"])
    assert net.fetch("https://EHR.example.org/fhir", private_hosts=["ehr.example.org"]) == "Unreachable"
    assert net.fetch("https://other.example.org/fhir", private_hosts=["ehr.example.org"]) == "NotPublic"
    assert net.connected == ["ehr.example.org"]


@pytest.mark.parametrize("url", ["http://localhost:8080/fhir", "http://127.0.0.1/fhir", "http://[::1]:9/fhir"])
def test_this_machine_by_name_is_meant(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Somebody wrote it into the tenants file."""
    net = Net(monkeypatch, ["127.0.0.1"])
    assert net.fetch(url) == "Unreachable"
    assert len(net.connected) == 1

"""No connection to an address that isn't public, unless the tenant says that its EHR lives in a private network.

A name is looked up and judged when the connection is made, and the connection goes to the very address that was judged:
a name that leads somewhere else a moment later (DNS rebinding) leads nowhere. Behind a corporate proxy it is the proxy
that connects, and the proxy that judges.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from plugin.ehr.addresses import is_loopback
from plugin.ehr.errors import EhrError


class NotPublic(EhrError):
    """A host's name leads to a private address; nothing was sent there."""


def is_public(address: str) -> bool:
    """Is this IP address one of the internet's, for one machine alone? An IPv4 address inside an IPv6 one counts."""
    found = ip_address(address.partition("%")[0])
    inner = (found.ipv4_mapped or found.sixtofour) if isinstance(found, IPv6Address) else None
    found = inner or found
    return found.is_global and not found.is_multicast


def public_addresses(host: str, port: int) -> list[str]:
    """The public addresses of a host; raises NotPublic when it has none, OSError when it has no address at all."""
    found = dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    public = [address for address in found if is_public(address)]
    if not public:
        text = f"{host} has no public address; if its EHR lives in a private network, set private_network = true"
        raise NotPublic(f"{text} in its tenant's table")
    return public


class _Judging(HTTPConnection):
    """Connects to judged addresses alone; the name stays what TLS checks the certificate against."""

    private_hosts: frozenset[str] = frozenset()

    def _new_conn(self) -> socket.socket:
        named = self._dns_host
        if named in self.private_hosts or is_loopback(named):
            return super()._new_conn()
        try:
            return self._first_that_answers(public_addresses(named, self.port))
        finally:
            self._dns_host = named

    def _first_that_answers(self, addresses: list[str]) -> socket.socket:
        for address in addresses[:-1]:
            self._dns_host = address
            try:
                return super()._new_conn()
            except NewConnectionError:
                continue
        self._dns_host = addresses[-1]
        return super()._new_conn()


class JudgingAdapter(HTTPAdapter):
    """A connection pool whose connections judge where they go; `private_hosts` are not judged."""

    def __init__(self, private_hosts: Iterable[str] = (), **given: Any) -> None:
        judged = {"private_hosts": frozenset(host.lower() for host in private_hosts)}
        plain = type("JudgingHTTPConnection", (_Judging,), judged)
        secure = type("JudgingHTTPSConnection", (_Judging, HTTPSConnection), judged)
        self._pools = {
            "http": type("JudgingHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("JudgingHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        super().__init__(**given)

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Make the pools of the classes above."""
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = self._pools

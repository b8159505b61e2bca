"""A test outside the loopback tiers can't reach the network by accident."""

import socket

import pytest
from pytest_socket import SocketBlockedError


def test_sockets_are_off_outside_the_loopback_tiers():
    """Even this machine can't be reached from a test that has no business with servers."""
    with pytest.raises(SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)

"""A site whose way out is a proxy, and whose certificates are its own."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.ehr.errors import Unreachable
from plugin.ehr.transport import Transport


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy that notes what is asked of it, and refuses it."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4096).decode().splitlines()[0])
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        thread.join(5)


def test_requests_leave_through_the_proxy(proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is believed: the EHR's name reaches the proxy, and this machine never looks it up."""
    address, heard = proxy
    monkeypatch.setenv("HTTPS_PROXY", address)
    transport = Transport()
    with pytest.raises(Unreachable):
        transport.send(transport.plain_session(), "GET", "https://ehr.example.org/fhir/metadata", headers={})

    assert [line.split()[:2] for line in heard] == [["CONNECT", "ehr.example.org:443"]]


@pytest.fixture
def own_certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody but the site knows."""
    file = tmp_path / "site.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", str(file), "-out", str(file) + ".crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def ehr(own_certificate: Path) -> Iterator[str]:
    """A server with that certificate, which answers two connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(4096)
                        secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/fhir/metadata"
        thread.join(5)


def test_the_sites_own_certificates_are_believed_when_named(
    ehr: str, own_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE makes the difference; without it nothing is sent."""
    transport = Transport()
    with pytest.raises(Unreachable):
        transport.send(transport.plain_session(), "GET", ehr, headers={})
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own_certificate))

    assert transport.send(transport.plain_session(), "GET", ehr, headers={}).json() == {}

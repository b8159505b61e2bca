"""Serving a sandbox on loopback, from the command line or from a thread of a test."""

from __future__ import annotations

import contextlib
import socket

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from plugin.sandbox.config import SandboxError, require_loopback

THREADS = 64
CONNECTIONS = 1000


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    `localhost` means IPv4, so that a browser and a client agree on where it is.
    Raises SandboxError where the host is not loopback or the port is taken.
    """
    require_loopback(host)
    listener = socket.socket(socket.AF_INET6 if host == "::1" else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SandboxError(f"Port {port} can't be had ({error}). Choose another with --port.") from None
    return listener


def base_url(host: str, listener: socket.socket) -> str:
    """The address a browser uses for a listener."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class Server:
    """One sandbox behind a listener."""

    def __init__(self, app: Flask, listener: socket.socket) -> None:
        self._waitress = create_server(
            app, sockets=[listener], threads=THREADS, connection_limit=CONNECTIONS, ident="sandbox-ehr"
        )

    def run(self) -> None:
        """Serve until `stop`, or until the process is interrupted."""
        self._waitress.run()

    def stop(self) -> None:
        """Make `run` return; to be called from another thread."""
        # The loop may wake by itself and close everything, the trigger too, before it is pulled: then all is done.
        with contextlib.suppress(OSError):
            self._waitress.trigger.pull_trigger(lambda: wasyncore.close_all(self._waitress._map))

    def close(self) -> None:
        """Let the worker threads go; after `run` has returned."""
        self._waitress.task_dispatcher.shutdown()
        self._waitress.close()

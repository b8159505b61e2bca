"""The app behind its production server in this process, so that a test hears every log line of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waitress.server import create_server

from plugin.store.cipher import make_key
from plugin.web.app import create_app
from plugin.web.settings import Settings
from tests.functional.launch.running import AppUnderTest


@contextmanager
def served_by_waitress(folder: Path, tenants: str, port: int) -> Iterator[AppUnderTest]:
    """Serve the app with these tenants on this port."""
    path, url = folder / "tenants.toml", f"http://127.0.0.1:{port}"
    path.write_text(tenants, encoding="utf-8")
    database = f"sqlite:///{folder / 'app.sqlite3'}"
    app = create_app(Settings(public_url=url, tenants=path, database_url=database, encryption_keys=(make_key(),)))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = create_server(app, sockets=[listener], threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield AppUnderTest(url, app)
    finally:
        server.close()
        thread.join(10)
        listener.close()
        app.extensions["infusion_charges"].store.close()

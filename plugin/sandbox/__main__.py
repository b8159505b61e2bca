"""`python -m plugin.sandbox`: the sandbox EHR as a process of its own."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import FrameType

from plugin.sandbox.app import close_sandbox, create_sandbox
from plugin.sandbox.config import PACKAGE_FOLDER, ClientSettings, SandboxConfig, SandboxError
from plugin.sandbox.serving import Server, base_url, listen
from plugin.sandbox.vendors import VENDORS


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    options = _parse(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s sandbox-ehr %(message)s")
    logging.getLogger("waitress").setLevel(logging.ERROR)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        _serve(options)
    except SandboxError as error:
        print(f"sandbox-ehr: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m plugin.sandbox", description="A pretend EHR on loopback.")
    parser.add_argument("--host", default="localhost", help="localhost (the default), 127.0.0.1 or ::1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--app-launch-url", default="http://127.0.0.1:8000/launch", help="where the app is launched")
    parser.add_argument("--redirect-uri", action="append", help="where codes may be sent; may be repeated")
    parser.add_argument("--client-id", default="infusion-charges")
    parser.add_argument("--data", type=Path, help="folder for the data; without it a temporary one, deleted at the end")
    parser.add_argument("--charts", type=Path, default=PACKAGE_FOLDER / "charts", help="folder of chart folders")
    parser.add_argument("--vendor", default="plain", choices=VENDORS, help="whose EHR it behaves like (default: plain)")
    return parser.parse_args(arguments)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve(options: argparse.Namespace) -> None:
    with listen(options.host, options.port) as listener:
        folder = _data_folder(options.data)
        try:
            _run(options, listener, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _data_folder(parent: Path | None) -> Path:
    """A new folder for this run alone."""
    try:
        return Path(tempfile.mkdtemp(prefix="sandbox-ehr-", dir=parent))
    except OSError as error:
        raise SandboxError(f"No data folder can be made ({error.strerror}). Name another with --data.") from None


def _run(options: argparse.Namespace, listener: socket.socket, folder: Path) -> None:
    client = ClientSettings(options.client_id, tuple(options.redirect_uri or ["http://127.0.0.1:8000/callback"]))
    config = SandboxConfig(
        base_url=base_url(options.host, listener),
        data=folder,
        charts=options.charts,
        clients=(client,),
        app_launch_url=options.app_launch_url,
        vendor=options.vendor,
    )
    app = create_sandbox(config)
    try:
        server = Server(app, listener)
        _announce(config)
        server.run()
    finally:
        close_sandbox(app)


def _announce(config: SandboxConfig) -> None:
    ready = {
        "ready": True,
        "ehr": f"{config.base_url}/",
        "iss": config.fhir_base,
        "client_id": config.clients[0].client_id,
    }
    print(json.dumps(ready), flush=True)


if __name__ == "__main__":
    sys.exit(main())

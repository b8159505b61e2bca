"""`infusion-charges serve`: the app behind a production WSGI server."""

import argparse
import contextlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask
from pythonjsonlogger.json import JsonFormatter

from plugin.ehr.addresses import is_loopback
from plugin.web.app import create_app
from plugin.web.daily_heads import tell_heads_daily
from plugin.web.services import EXTENSION, Services
from plugin.web.settings import Settings, SettingsError, read_settings
from plugin.web.sweeping import sweep_in_background
from plugin.web.warming import warm_up
from plugin.web.worklist_keeping import hash_names_in_background

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

# Named by prometheus_client, which looks for it when it is imported; so the app must not be made before it is set.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
JSON_FIELDS = "{asctime}{levelname}{name}{message}"


class _Server(Protocol):
    def __call__(self, settings: Settings, options: argparse.Namespace) -> None: ...


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("serve", help="the app behind a production WSGI server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument("--workers", type=int, default=2, help="processes, with gunicorn (default: 2)")
    parser.add_argument("--threads", type=int, default=16, help="threads of each process (default: 16)")
    parser.add_argument("--server", choices=("auto", "gunicorn", "waitress"), default="auto", help="which WSGI server")
    parser.add_argument(
        "--allow-open", action="store_true", help="serve tenants without sign-in beyond loopback (test data only)"
    )
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="how log lines look")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until stopped; 0 after a clean stop, 2 when the settings don't let it start."""
    _log_to_standard_error(options.log_format)
    try:
        with _shared_numbers():
            settings = _settings(options)
            _check(settings, options)
            _choose_server(options.server)(settings, options)
    except SettingsError as error:
        print(f"infusion-charges serve: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{options.host}:{options.port}"
        print(f"infusion-charges serve: can't listen on {where} ({error.strerror}); choose --port", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _log_to_standard_error(log_format: str) -> None:
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        JsonFormatter(JSON_FIELDS, style="{") if log_format == "json" else logging.Formatter(LOG_FORMAT)
    )
    logging.basicConfig(level=logging.INFO, handlers=[output])
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _settings(options: argparse.Namespace) -> Settings:
    settings = read_settings()
    return replace(settings, allow_open=settings.allow_open or options.allow_open)


def _check(settings: Settings, options: argparse.Namespace) -> None:
    """Everything that can be wrong is told before a worker starts; migrations run once, here."""
    if settings.unpartitioned_for_tests:
        raise SettingsError("INFUSION_CHARGES_TEST_UNPARTITIONED is for tests; unset it")
    for name in ("workers", "threads"):
        if getattr(options, name) < 1:
            raise SettingsError(f"--{name} must be at least 1")
    app = create_app(settings)
    services: Services = app.extensions[EXTENSION]
    services.store.close()
    exposed = [tenant.key for tenant in services.tenants if tenant.open]
    if exposed and not is_loopback(options.host) and not settings.allow_open:
        problem = f"tenant {', '.join(exposed)} has no sign-in and {options.host} is not loopback"
        raise SettingsError(f"{problem}; remove it or allow it with --allow-open")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _choose_server(name: str) -> _Server:
    if name == "waitress":
        return _serve_with_waitress
    try:
        import gunicorn.app.base  # noqa: F401, PLC0415 - it can't be imported on Windows
    except ImportError as error:
        if name == "gunicorn":
            raise SettingsError("gunicorn doesn't run on this system; use --server waitress") from error
        return _serve_with_waitress
    return _serve_with_gunicorn


def _app(settings: Settings) -> Flask:
    """The app of one serving process, which first looks for what a dead one left unknown."""
    app = create_app(settings)
    services: Services = app.extensions[EXTENSION]
    warm_up(app)
    sweep_in_background(services)
    hash_names_in_background(services.store)
    tell_heads_daily(services)
    return app


def _serve_with_gunicorn(settings: Settings, options: argparse.Namespace) -> None:
    """Threads, not sync workers: requests wait for the EHR most of their time."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    class InProcess(BaseApplication):  # type: ignore[misc]
        """gunicorn without its command line and configuration files."""

        def load_config(self) -> None:
            for name, value in _gunicorn_settings(options).items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            return _app(settings)

    InProcess().run()


@contextlib.contextmanager
def _shared_numbers() -> Iterator[None]:
    """A folder in which the workers keep their numbers together, unless the site has named one."""
    if os.environ.get(SHARED_FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="infusion-charges-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            os.environ.pop(SHARED_FOLDER, None)  # what is started later must not look for a folder that is gone


def _gunicorn_settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "bind": f"{options.host}:{options.port}",
        "workers": options.workers,
        "worker_class": "gthread",
        "threads": options.threads,
        "timeout": 120,
        "graceful_timeout": 30,
        "keepalive": 75,  # longer than proxies keep an idle connection: one closed here under a request loses it
        "logger_class": "plugin.cli.server_log.RootLog",
        "accesslog": None,  # the app writes one without addresses
        "proc_name": "infusion-charges",
        "control_socket_disable": True,  # newer versions would open a socket in the home folder; older don't know it
    }


def _serve_with_waitress(settings: Settings, options: argparse.Namespace) -> None:
    import waitress  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _interrupt)
    waitress.serve(
        _app(settings), host=options.host, port=options.port, threads=options.threads, ident="infusion-charges"
    )

"""The factory of the sandbox EHR."""

from __future__ import annotations

import logging

from flask import Flask

from plugin.sandbox.admin import admin
from plugin.sandbox.config import SandboxConfig
from plugin.sandbox.faults import FaultSwitches
from plugin.sandbox.fhir.bulk import bulk
from plugin.sandbox.fhir.endpoint import fhir
from plugin.sandbox.fhir.resources import ResourceStore
from plugin.sandbox.guard import protect
from plugin.sandbox.loading import load_charts, load_staff
from plugin.sandbox.pages import pages
from plugin.sandbox.smart.clients import ClientBook
from plugin.sandbox.smart.endpoints import smart
from plugin.sandbox.smart.identity import Identity
from plugin.sandbox.smart.launches import LaunchBook
from plugin.sandbox.smart.server import SmartParts, SmartServer
from plugin.sandbox.smart.tokens import TokenBook
from plugin.sandbox.state import KEY, Sandbox
from plugin.sandbox.store import Database
from plugin.sandbox.switches_page import switches
from plugin.sandbox.vendors import VendorSwitch

LARGEST_BODY = 4 * 1024 * 1024


def create_sandbox(config: SandboxConfig) -> Flask:
    """A sandbox EHR with its charts loaded; its data goes into a new file in `config.data`.

    Raises SandboxError where a chart can't be loaded.
    Call `close_sandbox` when done.
    """
    logging.getLogger("authlib").setLevel(logging.WARNING)  # below, it writes what it grants
    app = Flask("plugin.sandbox", static_folder="assets", static_url_path="/assets")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    sandbox = _assemble(app, config)
    app.extensions[KEY] = sandbox
    for settings in config.clients:
        sandbox.clients.register(settings, config.app_launch_url)
    load_staff(sandbox.resources)
    sandbox.titles = load_charts(sandbox.resources, config.charts)
    protect(app)
    for blueprint in (fhir, bulk, smart, admin, switches, pages):
        app.register_blueprint(blueprint)
    return app


def close_sandbox(app: Flask) -> None:
    """Close the data file of a sandbox."""
    sandbox: Sandbox = app.extensions[KEY]
    sandbox.database.close()


def _assemble(app: Flask, config: SandboxConfig) -> Sandbox:
    database = Database(config.data / "sandbox.sqlite")
    clients, faults = ClientBook(database), FaultSwitches()
    tokens = TokenBook(database, config.clock, config.code_seconds)
    identity = Identity(config.issuer, config.fhir_base)
    return Sandbox(
        config=config,
        database=database,
        resources=ResourceStore(database, config.fhir_base, config.clock),
        clients=clients,
        launches=LaunchBook(database, config.clock, config.launch_seconds),
        tokens=tokens,
        identity=identity,
        faults=faults,
        vendor=VendorSwitch(config.vendor),
        server=SmartServer(app, SmartParts(config, clients, tokens, identity, faults)),
    )

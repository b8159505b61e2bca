"""The parts of one running sandbox, found through the Flask app."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from flask import current_app

from plugin.sandbox.config import SandboxConfig
from plugin.sandbox.faults import FaultSwitches
from plugin.sandbox.fhir.resources import ResourceStore
from plugin.sandbox.smart.clients import ClientBook
from plugin.sandbox.smart.identity import Identity
from plugin.sandbox.smart.launches import LaunchBook
from plugin.sandbox.smart.tokens import TokenBook
from plugin.sandbox.vendors import VendorSwitch

if TYPE_CHECKING:
    from plugin.sandbox.smart.server import SmartServer
    from plugin.sandbox.store import Database

KEY = "sandbox-ehr"


@dataclass(slots=True)
class Sandbox:
    """One running sandbox EHR; `titles` says for each patient id what the chart is about."""

    config: SandboxConfig
    database: Database
    resources: ResourceStore
    clients: ClientBook
    launches: LaunchBook
    tokens: TokenBook
    identity: Identity
    faults: FaultSwitches
    vendor: VendorSwitch
    server: SmartServer
    titles: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def http_date(updated: str) -> str:
        """A stored instant as an HTTP date."""
        return format_datetime(datetime.fromisoformat(updated), usegmt=True)


def current() -> Sandbox:
    """The sandbox that serves the present request."""
    found: Sandbox = current_app.extensions[KEY]
    return found

"""`infusion-charges doctor TENANT`: what an EHR offers, and what that means for its users, before anyone launches."""

import argparse
import dataclasses
import json
import sys
import textwrap
from itertools import groupby
from typing import Any

from plugin.ehr.discovery import Discovery
from plugin.ehr.preflight import Finding, Report, Standing, examine
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.ehr.tenants_file import TenantsError, read_tenants
from plugin.ehr.transport import Transport
from plugin.store.cipher import CannotOpen, UnusableKey
from plugin.store.engine import UnusableStore, open_store
from plugin.store.signing_keys import SigningKeys
from plugin.web.settings import Settings, SettingsError, read_settings

USABLE, STOPPED, UNUSABLE = 0, 1, 2
MARKS = {Standing.GOOD: "ok  ", Standing.LOOK: "look", Standing.STOP: "STOP"}
WIDTH = 100


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor", help="what an EHR offers, before anyone launches", description=__doc__
    )
    parser.add_argument("tenant", metavar="TENANT", help="its name in the tenants file")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when nothing stops the app from working there, 1 when something does, 2 when the question can't be asked."""
    try:
        settings = read_settings()
        tenant = _tenant(settings, options.tenant)
    except (SettingsError, TenantsError) as error:
        print(f"infusion-charges doctor: {error}", file=sys.stderr)
        return UNUSABLE
    report = _ask(settings, tenant)
    print(_as_json(report) if options.format == "json" else _as_text(report))
    return USABLE if report.usable else STOPPED


def _tenant(settings: Settings, name: str) -> Tenant:
    if settings.tenants is None:
        raise SettingsError("INFUSION_CHARGES_TENANTS: not set; give the path of a tenants file")
    tenants = read_tenants(settings.tenants)
    found = tenants.by_key(name)
    if found is None:
        raise SettingsError(f"no tenant {name}; the file has {', '.join(each.key for each in tenants)}")
    return found


def _ask(settings: Settings, tenant: Tenant) -> Report:
    transport = Transport()
    return examine(tenant, Discovery(transport), Statements(transport), _has_key(settings, tenant))


def _has_key(settings: Settings, tenant: Tenant) -> bool | None:
    """None where the store can't be looked into from here; `serve` will say so itself."""
    if not tenant.signs or not settings.encryption_keys:
        return None
    try:
        store = open_store(settings.database_url, settings.encryption_keys)
    except (UnusableStore, UnusableKey):
        return None
    try:
        return bool(SigningKeys(store).of(tenant.key))
    except CannotOpen:
        return False
    finally:
        store.close()


def _as_json(report: Report) -> str:
    values = dataclasses.asdict(report)
    values["usable"] = report.usable
    for finding in values["findings"]:
        finding["standing"] = finding["standing"].value
    return json.dumps(values, indent=2)


def _as_text(report: Report) -> str:
    lines = [f"{report.name} ({report.tenant})"]
    for topic, findings in groupby(report.findings, key=lambda each: each.topic):
        lines += ["", topic, *(line for each in findings for line in _lines(each))]
    ending = "Nothing stops the app from working here." if report.usable else "The app can't work here yet: see STOP."
    return "\n".join([*lines, "", ending])


def _lines(finding: Finding) -> list[str]:
    words = f"{finding.says} {finding.means}".strip()
    return textwrap.wrap(words, WIDTH, initial_indent=f"  {MARKS[finding.standing]}  ", subsequent_indent=" " * 8)

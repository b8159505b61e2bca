"""`infusion-charges doctor TENANT`: what an EHR offers, and what that means for its users, before anyone launches."""

import argparse
import dataclasses
import json
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.ehr.credentials import Credentials
from plugin.ehr.findings import Finding, Report, Standing
from plugin.ehr.preflight import examine
from plugin.ehr.tenants import Tenant, Tenants
from plugin.ehr.transport import Transport
from plugin.store.cipher import UnusableKey
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
        tenant = read_tenant(settings, options.tenant)
    except SettingsError as error:
        print(f"infusion-charges doctor: {error}", file=sys.stderr)
        return UNUSABLE
    report = _ask(settings, tenant)
    print(_as_json(report) if options.format == "json" else _as_text(report))
    return USABLE if report.usable else STOPPED


def _ask(settings: Settings, tenant: Tenant) -> Report:
    transport = Transport(private_hosts=Tenants((tenant,)).private_hosts())
    with _credentials(settings, tenant) as credentials:
        return examine(tenant, transport, credentials, datetime.now(UTC))


@contextmanager
def _credentials(settings: Settings, tenant: Tenant) -> Iterator[Credentials | None]:
    """None where the app's keys can't be looked up from here; `serve` will say so itself."""
    store = None
    if tenant.signs and settings.encryption_keys:
        with suppress(UnusableStore, UnusableKey):
            store = open_store(settings.database_url, settings.encryption_keys)
    try:
        yield Credentials(keys_of=SigningKeys(store).of) if store else None
    finally:
        if store:
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

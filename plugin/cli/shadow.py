"""`infusion-charges shadow TENANT`: what would have been written, against what was charged meanwhile."""

import argparse
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.cli.own_client import own_client, transport_of
from plugin.codebook import CodeBook, CodeBookError
from plugin.ehr.charged import charges_on
from plugin.ehr.charges_by_hand import ChargesFileError, read_charges_file
from plugin.ehr.errors import EhrError
from plugin.ehr.read_ways import read_ways
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.store.cipher import CannotOpen, UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.web.services import policy_of
from plugin.web.settings import SettingsError, read_settings
from plugin.web.shadow_report import ChargesOf, ShadowReport, gather, sums, write_lines

DONE, PARTLY, UNUSABLE = 0, 1, 2


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "shadow",
        help="what would have been written against what was charged",
        description="Before writing is switched on: for each visit of a time that somebody decided on in the app, what "
        "would have been written against what the EHR, or a file of charges, says was charged.",
    )
    parser.add_argument("tenant", metavar="TENANT", help="its name in the tenants file")
    for name, help_ in (("--from", "the first day of visits"), ("--to", "the last")):
        parser.add_argument(name, dest=name[2:] + "_", type=_day, required=True, metavar="YYYY-MM-DD", help=help_)
    parser.add_argument(
        "--charges", type=Path, metavar="FILE", help="what was charged, as CSV, where the EHR shows apps no charges"
    )
    parser.add_argument("--lines", type=Path, metavar="FILE", help="a new CSV file with every line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0: all was compared; 1: the charges of some visits could not be read; 2: nothing can be compared."""
    try:
        if options.to_ < options.from_:
            raise SettingsError("--to is before --from")
        if options.lines and options.lines.exists():
            raise SettingsError(f"--lines {options.lines}: is there already; choose a new file")
        settings = read_settings()
        tenant = read_tenant(settings, options.tenant)
        with closing(open_store(settings.database_url, settings.encryption_keys)) as store:
            return _report(options, tenant, store)
    except (SettingsError, UnusableStore, UnusableKey, CannotOpen, EhrError, CodeBookError, ChargesFileError) as wrong:
        print(f"infusion-charges shadow: {wrong}", file=sys.stderr)
    except OSError as wrong:
        print(f"infusion-charges shadow: {options.lines}: {wrong.strerror}; choose a new file", file=sys.stderr)
    return UNUSABLE


def _report(options: argparse.Namespace, tenant: Tenant, store: Store) -> int:
    charges_of = _of_file(options.charges) if options.charges else _of_ehr(tenant, store)
    governed = CodeBook.load().governed
    report = gather(store, policy_of(tenant), options.from_, options.to_, charges_of, governed)
    if options.lines:
        options.lines.touch(mode=0o600, exist_ok=False)
        with options.lines.open("w", encoding="utf-8", newline="") as output:
            write_lines(report.lines, tenant.fees, output)
    _tell(report, tenant)
    for encounter in report.unread:
        text = f"{encounter}: its charges could not be read, or not all of them; run the same command again later"
        print(f"infusion-charges shadow: {text}", file=sys.stderr)
    return PARTLY if report.unread else DONE


def _of_file(path: Path) -> ChargesOf:
    charges = read_charges_file(path)
    return lambda encounter: charges.get(encounter, ())


def _of_ehr(tenant: Tenant, store: Store) -> ChargesOf:
    transport = transport_of(tenant)
    ways = read_ways(tenant, Statements(transport).of(tenant))
    if not ways.charges:
        raise SettingsError(f"{tenant.name} shows apps no charges; give what was charged with --charges")
    client = own_client(transport, tenant, lambda: store)
    return lambda encounter: charges_on(client, tenant, ways, encounter)


def _tell(report: ShadowReport, tenant: Tenant) -> None:
    print(f"{report.known} visits of this time are known here, {report.decided} were decided on")
    print(f"{'':28}{'lines':>8}{'would be written':>18}{'charged':>14}{'without a fee':>15}")
    for outcome, each in sums(report.lines, tenant.fees).items():
        print(f"{outcome:28}{each.lines:>8}{each.would:>18.2f}{each.charged:>14.2f}{each.unpriced:>15}")


def _day(text: str) -> date:
    return date.fromisoformat(text)

"""`infusion-charges export-charges TENANT`: accepted charges as a file for billing, where the EHR takes none."""

import argparse
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.ehr.billing_csv import write_csv
from plugin.ehr.billing_hl7v2 import NoMessage, write_hl7v2
from plugin.ehr.billing_lines import billing_line
from plugin.ehr.tenants import Tenant
from plugin.store.cipher import CannotOpen, UnusableKey
from plugin.store.engine import UnusableStore, open_store
from plugin.store.exports import Batch, ExportLedger
from plugin.web.settings import SettingsError, read_settings

WRITTEN, PARTLY, UNUSABLE = 0, 1, 2


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export-charges", help="accepted charges as a file for billing", description=__doc__
    )
    parser.add_argument("tenant", metavar="TENANT", help="its name in the tenants file")
    parser.add_argument("--format", choices=("csv", "hl7v2"), default="csv", help="CSV, or HL7 v2.5.1 DFT^P03")
    parser.add_argument("--output", type=Path, metavar="FILE", help="a new file; default: standard output")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--again", type=int, metavar="NUMBER", help="write an earlier file once more, the same as it was")
    what.add_argument("--list", action="store_true", help="list the files so far")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when a file was written, or there is nothing to write; 2 when something can't be used."""
    try:
        settings = read_settings()
        tenant = read_tenant(settings, options.tenant)
        with closing(open_store(settings.database_url, settings.encryption_keys)) as store:
            return _export(options, tenant, ExportLedger(store, tenant.key))
    except (SettingsError, UnusableStore, UnusableKey, CannotOpen) as error:
        print(f"infusion-charges export-charges: {error}", file=sys.stderr)
    except OSError as error:
        print(
            f"infusion-charges export-charges: {options.output}: {error.strerror}; choose a new file", file=sys.stderr
        )
    return UNUSABLE


def _export(options: argparse.Namespace, tenant: Tenant, ledger: ExportLedger) -> int:
    if options.list:
        for each in ledger.batches():
            print(f"{each.id}\t{each.made_at.isoformat(timespec='minutes')}\t{each.lines} lines")
        return WRITTEN
    if options.output and options.output.exists():
        raise FileExistsError(0, "is there already")
    batch = _batch(options, ledger)
    if batch is None:
        print("infusion-charges export-charges: nothing was accepted since the last file", file=sys.stderr)
        return WRITTEN
    content, refused = _content(options.format, batch, tenant, ledger)
    _write(options.output, content)
    for refusal in refused:
        print(f"infusion-charges export-charges: left out: {refusal}", file=sys.stderr)
    print(f"infusion-charges export-charges: file {batch.id} with {batch.lines} lines", file=sys.stderr)
    return PARTLY if refused else WRITTEN


def _batch(options: argparse.Namespace, ledger: ExportLedger) -> Batch | None:
    if options.again is None:
        return ledger.make_batch(datetime.now(UTC))
    found = next((batch for batch in ledger.batches() if batch.id == options.again), None)
    if found is None:
        raise SettingsError(f"--again: there is no file {options.again} of this tenant; see --list")
    return found


def _content(format: str, batch: Batch, tenant: Tenant, ledger: ExportLedger) -> tuple[str, list[NoMessage]]:
    """The file, and the visits that this format can't hold."""
    lines = [billing_line(line, tenant.charge_master) for line in ledger.lines_of(batch.id)]
    if format == "csv":
        return write_csv(batch.id, lines), []
    return write_hl7v2(batch.id, batch.made_at, lines, tenant.hl7v2)


def _write(output: Path | None, content: str) -> None:
    """A file of its own is for its owner alone; it holds names."""
    if output is None:
        sys.stdout.write(content)
        return
    output.touch(mode=0o600, exist_ok=False)
    output.write_bytes(content.encode())

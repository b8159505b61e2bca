"""`infusion-charges audit-trail verify|heads|export`: who decided what, and whether it is as it was written."""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plugin.ehr.plain_cells import plain_cell
from plugin.store.cipher import CannotOpen, UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.store.trail import TrailRow, trail_rows
from plugin.store.trail_check import count_entries, heads_in, heads_since, verify
from plugin.web.settings import SettingsError, read_settings

SOUND, UNSOUND, UNUSABLE = 0, 1, 2
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "audit-trail", help="check the audit trail, or write it out", description=__doc__
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("verify", help="is every entry as it was written, and none missing?")
    check.add_argument(
        "--log", type=Path, action="append", default=[], metavar="FILE", help="a log that holds ends of trails"
    )
    check.set_defaults(run=_told(run_verify))
    ends = actions.add_parser("heads", help="the ends of all trails, as the log has them once a day")
    ends.set_defaults(run=_told(run_heads))
    export = actions.add_parser("export", help="every entry, one in each line")
    export.add_argument("--tenant", metavar="NAME", help="one tenant alone")
    export.add_argument("--encounter", metavar="Encounter/ID", help="one encounter alone")
    export.add_argument("--since", type=_moment, default=BEGINNING, metavar="YYYY-MM-DD", help="from this day on (UTC)")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    export.set_defaults(run=_told(run_export))


def run_verify(options: argparse.Namespace) -> int:
    """0 when every trail is whole, 1 with a line for each that isn't."""
    with _store() as store:
        found = list(verify(store, _logged(options.log)))
        encounters, entries = count_entries(store)
    for finding in found:
        print(f"infusion-charges audit-trail: {finding.text()}", file=sys.stderr)
    if not found:
        print(f"{entries} entries of {encounters} encounters are as they were written")
    return UNSOUND if found else SOUND


def run_heads(options: argparse.Namespace) -> int:
    """Print every end."""
    with _store() as store:
        for head in heads_since(store, BEGINNING):
            print(head.line())
    return SOUND


def run_export(options: argparse.Namespace) -> int:
    """Write entries out, oldest first in each encounter."""
    with _store() as store:
        rows = trail_rows(store, options.tenant, options.encounter, options.since)
        _WRITERS[options.format](rows)
    return SOUND


def _write_lines(rows: Iterator[TrailRow]) -> None:
    for row in rows:
        print(json.dumps(row.columns(), ensure_ascii=False))


def _write_csv(rows: Iterator[TrailRow]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(TrailRow.COLUMNS)
    for row in rows:
        writer.writerow([plain_cell(str(cell)) for cell in row.columns().values()])


_WRITERS = {"jsonl": _write_lines, "csv": _write_csv}


def _logged(files: list[Path]) -> Iterator[Any]:
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from heads_in(lines)
        except OSError as error:
            raise SettingsError(f"--log {file}: can't be read ({error.strerror})") from error


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Say in one line what can't be used."""

    def told(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except (SettingsError, UnusableStore, UnusableKey) as error:
            print(f"infusion-charges audit-trail: {error}", file=sys.stderr)
        except CannotOpen as error:
            print(f"infusion-charges audit-trail: {error}; give every key it was written with", file=sys.stderr)
        return UNUSABLE

    return told


def _store() -> closing[Store]:
    settings = read_settings()
    return closing(open_store(settings.database_url, settings.encryption_keys))

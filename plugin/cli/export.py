"""`infusion-charges export TENANT`: charts from an EHR, by FHIR Bulk Data or patient by patient."""

import argparse
import re
import sys
import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin.bulk.errors import BulkError
from plugin.bulk.exporting import export
from plugin.cli.one_tenant import read_tenant
from plugin.cli.own_client import own_client, transport_of
from plugin.cli.stopping import Stopped, say_stopped, stoppable
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import EhrError
from plugin.ehr.scopes import read_granted
from plugin.store.cipher import UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.web.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

DONE, ENDED_EARLY, UNUSABLE = 0, 1, 2
ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        help="bring an EHR's charts into a folder",
        description="Ask the EHR for a bulk data export and bring its files, with the app's own registration "
        "(SMART Backend Services). A broken-off export goes on when the same command is given again.",
    )
    parser.add_argument("tenant", metavar="TENANT", help="its name in the tenants file")
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="where the files go; default: one of the tenant's name"
    )
    parser.add_argument("--group", default="", metavar="ID", help="the patients of one Group, as most EHRs want it")
    parser.add_argument(
        "--since", default="", metavar="INSTANT", help="only what changed since, as 2026-01-01T00:00:00Z"
    )
    parser.add_argument(
        "--patients", type=Path, metavar="FILE", help="no bulk export: search patient by patient, an id a line"
    )
    parser.add_argument(
        "--pause", type=float, default=0.5, metavar="SECONDS", help="between two searches of --patients (default: 0.5)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0: everything arrived; 1: it ended early and can be gone on with; 2: the question can't be asked.

    130 or 143 when it was stopped by Ctrl-C or SIGTERM.
    """
    try:
        with stoppable(), ExitStack() as held:
            return _run(options, held)
    except Stopped as stopped:
        return say_stopped("export", "what has arrived is kept; run the same command again to go on", stopped)


def _run(options: argparse.Namespace, held: ExitStack) -> int:
    folder = options.folder or Path(options.tenant)
    try:
        _check(options)
        patients = _patients(options.patients) if options.patients else None
        settings = read_settings()
        tenant = read_tenant(settings, options.tenant)
        client = own_client(transport_of(tenant), tenant, partial(_open_store, settings, held))
    except (SettingsError, EhrError, UnusableStore, UnusableKey) as wrong:
        return _say(wrong, UNUSABLE)
    measures = read_granted(tenant.backend_scopes.split()).can_read("Observation")
    try:
        if patients is not None:
            return _crawl(client, folder, patients, options.pause, measures)
        count = export(client, folder, options.group, options.since, sleep=time.sleep, measures=measures, told=_tell)
    except (BulkError, EhrError, OSError) as wrong:
        return _say(wrong, ENDED_EARLY)
    print(f"{count} files in {folder}")
    return DONE


def _open_store(settings: Settings, held: ExitStack) -> Store:
    return held.enter_context(closing(open_store(settings.database_url, settings.encryption_keys)))


def _crawl(client: FhirClient, folder: Path, patients: list[str], pause: float, measures: bool) -> int:
    from tqdm import tqdm  # noqa: PLC0415

    from plugin.bulk.crawling import crawl  # noqa: PLC0415

    with tqdm(total=len(patients), unit=" patients", disable=None) as bar:
        told: Callable[[int], object] = lambda done: bar.update(done - bar.n)  # noqa: E731
        count = crawl(client, folder, patients, pause=pause, sleep=time.sleep, measures=measures, told=told)
    print(f"the charts of {count} patients in {folder}")
    return DONE


def _check(options: argparse.Namespace) -> None:
    if options.group and not ID.fullmatch(options.group):
        raise SettingsError(f"--group {options.group}: not an id")
    if options.since and not INSTANT.fullmatch(options.since):
        raise SettingsError(f"--since {options.since}: write it as 2026-01-01T00:00:00Z")


def _patients(path: Path) -> list[str]:
    try:
        given = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"--patients {path}: can't be read") from None
    ids = [each.removeprefix("Patient/") for each in given]
    wrong = next((number for number, each in enumerate(ids, 1) if not ID.fullmatch(each)), 0)
    if wrong or not ids:
        raise SettingsError(f"--patients {path}: entry {wrong} is no id" if wrong else f"--patients {path}: empty")
    return list(dict.fromkeys(ids))


def _tell(words: str) -> None:
    print(f"infusion-charges export: {''.join(c if c.isprintable() else ' ' for c in words)}", file=sys.stderr)


def _say(wrong: object, status: int) -> int:
    print(f"infusion-charges export: {wrong}", file=sys.stderr)
    return status

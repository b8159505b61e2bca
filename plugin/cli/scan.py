"""`infusion-charges scan TENANT`: find encounters that want a coder, with the app's own registration, at night."""

import argparse
import hashlib
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.cli.own_client import own_client, transport_of
from plugin.codebook import CodeBook
from plugin.codebook.errors import CodeBookError
from plugin.ehr.backend import told_to_it
from plugin.ehr.client import FhirClient
from plugin.ehr.encounters import Place, find_places, find_visits
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.read_ways import ReadWays, read_ways
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import is_fhir_id
from plugin.ehr.transport import Transport
from plugin.store.cipher import UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.store.scans import SILENCE, Scans
from plugin.web.scanning import Scan
from plugin.web.settings import SettingsError, read_settings
from plugin.web.settling import settle_tenant

DONE, PARTLY, UNUSABLE = 0, 1, 2
MOST_DAYS = 60


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "scan",
        help="fill the worklist from an EHR",
        description="Read and code the encounters of the last days with the app's own registration (SMART Backend "
        "Services) and keep counts and days of each on the worklist. It can be repeated at any time, "
        "and goes on after a break.",
    )
    parser.add_argument("tenant", metavar="TENANT", help="its name in the tenants file")
    parser.add_argument("--days", type=int, default=3, metavar="N", help="how far back to look (default: 3)")
    parser.add_argument(
        "--patients", type=Path, metavar="FILE", help="look patient by patient, an id a line, where the EHR wants that"
    )
    parser.add_argument("--pause", type=float, default=0.2, metavar="SECONDS", help="between two charts (default: 0.2)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0: all was read; 1: some encounters could not be read, or not all were listed; 2: nothing can be asked."""
    try:
        patients = _patients(options)
        settings = read_settings()
        tenant = read_tenant(settings, options.tenant)
        store = open_store(settings.database_url, settings.encryption_keys)
    except (SettingsError, UnusableStore, UnusableKey) as wrong:
        return _say(wrong, UNUSABLE)
    try:
        return _scan(options, tenant, store, patients)
    except EhrError as wrong:
        return _say(told_to_it(wrong, tenant), UNUSABLE)
    except CodeBookError as wrong:
        return _say(wrong, UNUSABLE)
    except KeyboardInterrupt:
        return _say("stopped; what was found so far is on the worklist, and the same command goes on from here", PARTLY)
    finally:
        store.close()


def _scan(options: argparse.Namespace, tenant: Tenant, store: Store, patients: list[str] | None) -> int:
    transport = transport_of(tenant)
    client, scans = own_client(transport, tenant, lambda: store), Scans(store, tenant.key)
    _settle(transport, client, tenant, store)
    last = scans.last(_now())
    if last is not None and last.state == "running":
        wait = f"wait for it, or {SILENCE.seconds // 60} minutes where its process was killed"
        return _say(f"a scan is running already, {last.read} of {last.total} encounters read; {wait}", PARTLY)
    scan = Scan(
        client=client,
        tenant=tenant,
        ways=_ways(transport, tenant),
        store=store,
        book=CodeBook.load(),
        clock=_now,
        pause=lambda: time.sleep(options.pause),
    )
    places, whole = _begin_or_go_on(options, scans, client, tenant, patients)
    try:
        counts = _run(scan, places, scans)
    except BaseException:
        scans.end("broken", _now())
        raise
    scans.end("done", _now())
    print(f"{len(places)} encounters: {counts['found']} on the worklist, {counts['nothing']} with nothing to charge")
    if not whole:
        _say(
            "not every encounter was listed; raise page_cap in the tenants file, or scan again later",
            PARTLY,
        )
    if counts["unread"]:
        _say(f"{counts['unread']} encounters could not be read; run the same command again later", PARTLY)
    return PARTLY if counts["unread"] or not whole else DONE


def _settle(transport: Transport, client: FhirClient, tenant: Tenant, store: Store) -> None:
    """Somebody may ask the EHR now: charges that nobody heard of are looked for first."""
    looked, left = settle_tenant(tenant, store, client, Statements(transport), _now)
    if looked:
        print(f"charges of unknown arrival: {looked} encounters had some, {left} still have", file=sys.stderr)


def _begin_or_go_on(
    options: argparse.Namespace, scans: Scans, client: FhirClient, tenant: Tenant, patients: list[str] | None
) -> tuple[list[Place], bool]:
    """What a scan of the same left over when it broke, else everything; and whether the EHR listed all."""
    of_patients = hashlib.sha256(" ".join(patients).encode()).hexdigest()[:16] if patients is not None else "all"
    asked = f"{options.days} days, {of_patients}"
    left = [Place(patient, encounter) for patient, encounter in scans.left(asked, _now())]
    last = scans.last(_now())
    if left and last is not None:
        print(f"going on with the scan of {last.started_at.astimezone(tenant.zone):%Y-%m-%d %H:%M}", file=sys.stderr)
        return left, last.whole
    places, whole = _places(client, tenant, _days(options.days, tenant), patients)
    scans.begin(asked, [(place.patient, place.encounter) for place in places], _now(), whole=whole)
    return places, whole


def _places(
    client: FhirClient, tenant: Tenant, days: list[date], patients: list[str] | None
) -> tuple[list[Place], bool]:
    """Each encounter once, and whether the EHR listed all."""
    if patients is not None:
        return _of_patients(client, tenant, days, patients)
    found: dict[Place, None] = {}
    whole = True
    for day in days:
        places, all_of_them = find_places(client, tenant, day)
        found |= dict.fromkeys(places)
        whole = whole and all_of_them
    return list(found), whole


def _of_patients(client: FhirClient, tenant: Tenant, days: list[date], patients: list[str]) -> tuple[list[Place], bool]:
    """Encounters that were not over before the first day; a patient who can't be looked up holds up nobody else."""
    first, whole = days[0].isoformat(), True
    found: list[Place] = []
    for patient in patients:
        try:
            visits = find_visits(client, tenant, patient)
        except TokenRefused:
            raise
        except EhrError as error:
            whole = False
            _say(f"Patient/{patient}: {told_to_it(error, tenant)}", PARTLY)
        else:
            found += [Place(patient, visit.id) for visit in visits if not visit.stop or visit.stop[:10] >= first]
    return found, whole


def _days(count: int, tenant: Tenant) -> list[date]:
    return [_today(tenant) - timedelta(days=back) for back in range(count, -1, -1)]


def _today(tenant: Tenant) -> date:
    return datetime.now(UTC).astimezone(tenant.zone).date()


def _ways(transport: Transport, tenant: Tenant) -> ReadWays:
    try:
        return read_ways(tenant, Statements(transport).of(tenant))
    except EhrError:
        return read_ways(tenant, None)


def _patients(options: argparse.Namespace) -> list[str] | None:
    if not 0 < options.days <= MOST_DAYS:
        raise SettingsError(f"--days {options.days}: from 1 to {MOST_DAYS}")
    if not 0 <= options.pause <= 60:
        raise SettingsError("--pause: from 0 to 60 seconds")
    if options.patients is None:
        return None
    try:
        given = options.patients.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"--patients {options.patients}: can't be read") from None
    ids = [each.removeprefix("Patient/") for each in given]
    wrong = next((number for number, each in enumerate(ids, 1) if not is_fhir_id(each)), 0)
    if wrong or not ids:
        raise SettingsError(f"--patients {options.patients}: {f'entry {wrong} is no id' if wrong else 'empty'}")
    return list(dict.fromkeys(ids))


def _run(scan: Scan, places: list[Place], scans: Scans) -> Counter[str]:
    """Keep how far the scan is where the worklist sees it, and tell it with rate and time left on a terminal."""
    from tqdm import tqdm  # noqa: PLC0415 - takes its time, and the other commands need it not

    with tqdm(total=len(places), unit=" encounters", disable=None) as bar:

        def tell(outcome: str, place: Place, why: str) -> None:
            scans.went_through(place.encounter, outcome, _now())
            if outcome == "unread":
                with bar.external_write_mode(sys.stderr):
                    _say(f"Encounter/{place.encounter} could not be read: {why}", PARTLY)
            bar.update()

        return replace(scan, told=tell).run(places)


def _now() -> datetime:
    return datetime.now(UTC)


def _say(wrong: object, status: int) -> int:
    print(f"infusion-charges scan: {wrong}", file=sys.stderr)
    return status

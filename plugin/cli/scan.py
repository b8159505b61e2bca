"""`infusion-charges scan TENANT`: find encounters that want a coder, with the app's own registration, at night."""

import argparse
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.codebook import CodeBook
from plugin.codebook.errors import CodeBookError
from plugin.ehr.backend import backend_client
from plugin.ehr.client import FhirClient
from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import Discovery
from plugin.ehr.encounters import Place, find_places, find_visits
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.read_ways import ReadWays, read_ways
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenEndpoint, is_fhir_id
from plugin.ehr.transport import Transport
from plugin.store.cipher import UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.store.signing_keys import SigningKeys
from plugin.web.scanning import Scan
from plugin.web.settings import SettingsError, read_settings

DONE, PARTLY, UNUSABLE = 0, 1, 2
MOST_DAYS = 60
# Nobody waits for a scan, so it sits out what a busy EHR asks for: this many seconds at most.
LONGEST_WAIT = 600.0


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "scan",
        help="fill the worklist from an EHR",
        description="Read and code the encounters of the last days with the app's own registration (SMART Backend "
        "Services) and keep counts and days of each on the worklist. It can be repeated at any time.",
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
    except (EhrError, CodeBookError) as wrong:
        return _say(wrong, UNUSABLE)
    except KeyboardInterrupt:
        return _say("stopped; what was found so far is on the worklist", PARTLY)
    finally:
        store.close()


def _scan(options: argparse.Namespace, tenant: Tenant, store: Store, patients: list[str] | None) -> int:
    transport = Transport(private_hosts=tenant.hosts if tenant.private_network else ())
    client = _client(transport, tenant, store)
    places, whole = _places(client, tenant, _days(options.days, tenant), patients)
    scan = Scan(
        client=client,
        tenant=tenant,
        ways=_ways(transport, tenant),
        store=store,
        book=CodeBook.load(),
        clock=lambda: datetime.now(UTC),
        pause=lambda: time.sleep(options.pause),
        told=_tell_unread,
    )
    counts = scan.run(places)
    print(f"{len(places)} encounters: {counts['found']} on the worklist, {counts['nothing']} with nothing to charge")
    if not whole:
        _say(
            "not every encounter was listed; raise page_cap in the tenants file, or scan again later",
            PARTLY,
        )
    if counts["unread"]:
        _say(f"{counts['unread']} encounters could not be read; run the same command again later", PARTLY)
    return PARTLY if counts["unread"] or not whole else DONE


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
            _say(f"Patient/{patient}: {error}", PARTLY)
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


def _client(transport: Transport, tenant: Tenant, store: Store) -> FhirClient:
    """With the app's own token; without one where the tenant has no sign-in."""
    if tenant.open:
        return FhirClient(transport, tenant, None, longest_wait=LONGEST_WAIT)
    credentials = Credentials(keys_of=SigningKeys(store).of)
    endpoint = TokenEndpoint(transport, tenant, Discovery(transport).of(tenant), credentials)
    return backend_client(endpoint, lambda: datetime.now(UTC), LONGEST_WAIT)


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


def _tell_unread(outcome: str, place: Place) -> None:
    if outcome == "unread":
        _say(f"Encounter/{place.encounter} could not be read", PARTLY)


def _say(wrong: object, status: int) -> int:
    print(f"infusion-charges scan: {wrong}", file=sys.stderr)
    return status

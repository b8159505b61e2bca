"""What helps a person to tell a patient's visits apart: whose they are, where they were, and how much was given.

It is a help and no more: where the EHR doesn't say, the choice goes without.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from fhir_mappings.lookup import Lookup
from fhir_mappings.patient import read_patient
from fhir_mappings.time import read_moment
from plugin.domain import Patient
from plugin.ehr.client import FhirClient
from plugin.ehr.encounters import Visit
from plugin.ehr.errors import EhrError
from plugin.ehr.references import Base, local_name
from plugin.ehr.searches import search
from plugin.ehr.tenants import Tenant

NEWEST = 10
_GIVEN = ("in-progress", "completed", "stopped")


def find_person(client: FhirClient, patient: str) -> Patient | None:
    """The patient of that logical id; None where the EHR doesn't say."""
    try:
        return read_patient(client.read(f"Patient/{patient}"), Lookup())[0]
    except EhrError:
        return None


def name_places(client: FhirClient, tenant: Tenant, visits: Sequence[Visit]) -> Mapping[str, str]:
    """What the places of the newest visits are called that came as `Location/id`, by that; one request."""
    places = (place for visit in visits[:NEWEST] for place in visit.places)
    ids = dict.fromkeys(place.removeprefix("Location/") for place in places if place.startswith("Location/"))
    if not ids:
        return {}
    try:
        found = search(client, replace(tenant, page_cap=1), "Location", [("_id", ",".join(ids))])
    except EhrError:
        return {}
    return {local_name(each): name for each in found.resources if isinstance(name := each.get("name"), str)}


def count_given(client: FhirClient, tenant: Tenant, patient: str, visits: Sequence[Visit]) -> Mapping[str, int]:
    """How many administrations name each of the newest visits, by its logical id.

    Empty where one page of one search doesn't tell, or an administration names no visit: none is shown with fewer
    than it has.
    """
    newest = visits[:NEWEST]
    moments = [read_moment(visit.start, tenant.zone, UTC).at for visit in newest]
    first = min((moment for moment in moments if moment is not None), default=None)
    if first is None:
        return {}
    since = f"ge{(first - timedelta(days=1)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    asked = [("patient", patient), ("effective-time", since)]
    try:
        found = search(client, replace(tenant, page_cap=1), "MedicationAdministration", asked)
    except EhrError:
        return {}
    if found.truncated or found.issues:
        return {}
    base = Base(tenant.iss)
    theirs = [each for each in found.resources if base.local(each.get("subject")) == f"Patient/{patient}"]
    named = Counter(base.local(each.get("context")) for each in theirs if each.get("status") in _GIVEN)
    return {} if named[""] else {visit.id: named[f"Encounter/{visit.id}"] for visit in newest}

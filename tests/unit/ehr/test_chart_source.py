"""Reading a chart: in two waves, at most so many at once, only what belongs to it, told what is missing."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from plugin.domain import CareSetting, Chart
from plugin.ehr.chart_source import FhirChartSource
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import FhirError, Unreachable
from plugin.ehr.read_ways import ReadWays, read_ways
from plugin.ehr.scopes import read_granted
from plugin.ehr.transport import Answer
from plugin.review.prepare import ReviewSettings, setting_for
from tests.unit.ehr.fakes import BASE, FakeEhr, Sent, answer, bundle, tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
CPT = "http://www.ama-assn.org/go/cpt"


def resource(kind: str, name: str, **elements: Any) -> dict[str, Any]:
    """A resource of patient p1."""
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p1"}, **elements}


def at(encounter: str) -> dict[str, Any]:
    """A reference to an encounter."""
    return {"reference": f"Encounter/{encounter}"}


def administration(name: str, **elements: Any) -> dict[str, Any]:
    """A MedicationAdministration of encounter e1 with a drug by reference."""
    usual = {
        "status": "completed",
        "context": at("e1"),
        "medicationReference": {"reference": f"Medication/drug-{name}"},
        "effectivePeriod": {"start": "2026-03-02T10:00:00-06:00", "end": "2026-03-02T11:00:00-06:00"},
        "request": {"reference": "MedicationRequest/r1"},
    }
    return resource("MedicationAdministration", name, **{**usual, **elements})


def condition(name: str, category: str, **elements: Any) -> dict[str, Any]:
    """A Condition of some category."""
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K50.90"}
    category_of = [{"coding": [{"code": category}]}]
    return resource("Condition", name, code={"coding": [coding]}, category=category_of, **elements)


def visit(name: str, start: str, end: str, **elements: Any) -> dict[str, Any]:
    """An Encounter with its period."""
    period = {"start": f"{start}T08:00:00-06:00", "end": f"{end}T17:00:00-06:00"}
    return resource("Encounter", name, status="finished", **{"class": {"code": "AMB"}}, period=period, **elements)


def charge(name: str, encounter: str) -> dict[str, Any]:
    """A ChargeItem on an encounter."""
    code = {"coding": [{"system": CPT, "code": "96365"}]}
    return resource("ChargeItem", name, status="billed", context=at(encounter), code=code)


def medication(name: str) -> dict[str, Any]:
    """A Medication, which has no patient."""
    return {"resourceType": "Medication", "id": name, "code": {"text": name}}


class Ehr:
    """A server that ignores every search parameter but `_id`, `patient` and `context`, as some do."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        self.resources = list(resources)
        self.special: dict[str, Callable[[], Answer]] = {}

    def __call__(self, request: Sent) -> Answer:
        """Answer a read or a search."""
        kind, _, name = request.path[len(BASE) + 1 :].partition("/")
        if kind in self.special and not (kind == "Encounter" and name):
            return self.special[kind]()
        of_kind = [each for each in self.resources if each["resourceType"] == kind]
        if name:
            return next((answer(each) for each in of_kind if each["id"] == name), answer(None, 404))
        ids = request.params.get("_id", "").split(",")
        return answer(bundle(*[each for each in of_kind if ids == [""] or each["id"] in ids]))


def full_ehr() -> Ehr:
    """A chart with everything the app reads, beside things that don't belong to it."""
    return Ehr(
        {"resourceType": "Patient", "id": "p1", "name": [{"text": "Ann Example"}], "birthDate": "1980-01-01"},
        visit("e1", "2026-03-02", "2026-03-02", diagnosis=[{"condition": {"reference": "Condition/c1"}}]),
        visit("near", "2026-03-04", "2026-03-04"),
        visit("far", "2026-05-04", "2026-05-04"),
        administration("m1"),
        administration("m2", context=at("near")),
        administration("m3", subject={"reference": "Patient/p2"}),
        condition("c1", "encounter-diagnosis", encounter=at("e1")),
        condition("c2", "encounter-diagnosis", encounter=at("far")),
        condition("c3", "problem-list-item", encounter=at("far")),
        condition("c4", "problem-list-item", subject={"reference": "Patient/p2"}),
        resource("MedicationRequest", "r1", status="completed", encounter=at("earlier")),
        medication("drug-m1"),
        medication("drug-m2"),
        charge("own", "e1"),
        charge("neighbours", "near"),
    )


def source(ehr: Callable[[Sent], Answer], scopes: str = "user/*.cruds", **changes: Any) -> FhirChartSource:
    """A chart source on this server."""
    of, patience = tenant(**changes), 5.0
    client = FhirClient(FakeEhr(ehr), of, None, lambda _: None)
    return FhirChartSource(client, of, "p1", "e1", read_granted(scopes.split()), lambda: NOW, patience)


def told(chart: Chart) -> list[tuple[str, str, bool]]:
    """What, why and whether it blocks, of each issue."""
    return [(issue.resource, issue.found, issue.blocks) for issue in chart.issues]


@verifies("RD-02")
def test_reads_what_belongs_to_the_encounter() -> None:
    """Other patients' and other encounters' resources are dropped, though the server sent them."""
    chart = source(full_ehr()).read_chart()
    assert chart.encounter.id == "Encounter/e1"
    assert [each.id for each in chart.administrations] == ["MedicationAdministration/m1"]
    assert [each.drug.text for each in chart.administrations] == ["drug-m1"]
    assert {each.id for each in chart.diagnoses} == {"Condition/c1", "Condition/c3"}
    assert chart.patient is not None
    assert chart.patient.name == "Ann Example"
    assert told(chart) == []


def test_neighbours_of_the_days_around_with_their_charges() -> None:
    """The encounter two days later is a neighbour, one months later isn't."""
    chart = source(full_ehr()).read_chart()
    assert chart.neighbours is not None
    assert [(each.id, len(each.charged)) for each in chart.neighbours] == [("Encounter/near", 1)]


class Tide:
    """Holds every request until no more come, then answers all of them together: each release is one wave."""

    def __init__(self, ehr: Callable[[Sent], Answer]) -> None:
        self.ehr, self.most = ehr, 0
        self.waves: list[list[str]] = []
        self._changed = threading.Condition()
        self._waiting: list[Sent] = []
        self._arrived = 0.0
        self._released = 0

    def __call__(self, request: Sent) -> Answer:
        with self._changed:
            self._waiting.append(request)
            self._arrived = time.monotonic()
            self.most = max(self.most, len(self._waiting))
            wave = self._released
            while wave == self._released:
                self._changed.wait(0.02)
                if wave == self._released and time.monotonic() - self._arrived > 0.15:
                    self.waves.append([each.path[len(BASE) + 1 :] for each in self._waiting])
                    self._waiting = []
                    self._released += 1
                    self._changed.notify_all()
        return self.ehr(request)


def test_two_waves_and_no_more() -> None:
    """As it is shipped all requests of a wave leave at once, in two groups; nothing is asked twice."""
    tide = Tide(full_ehr())
    source(tide).read_chart()
    assert [sorted(wave) for wave in tide.waves] == [
        sorted(
            [
                "Encounter/e1",
                "Patient/p1",
                "Encounter",
                "MedicationAdministration",
                "Condition",
                "MedicationRequest",
                "ChargeItem",
            ]
        ),
        ["ChargeItem", "Medication"],
    ]


def test_each_further_page_is_one_more() -> None:
    """A search of three pages waits for two more answers, while the rest goes on beside it."""
    ehr = full_ehr()
    pages = [bundle(administration("m1"), next_url=f"{BASE}/MedicationAdministration?{n}") for n in (2, 3)]
    pages.append(bundle(administration("m4", medicationReference={"display": "saline"})))
    ehr.special["MedicationAdministration"] = lambda: answer(pages.pop(0))
    tide = Tide(ehr)
    chart = source(tide, parallel=16).read_chart()
    assert len(tide.waves) == 4
    assert len(chart.administrations) == 2


@pytest.mark.parametrize("parallel", [1, 4])
def test_never_more_at_once_than_the_tenant_allows(parallel: int) -> None:
    """The tenant's `parallel` bounds the requests under way."""
    tide = Tide(full_ehr())
    source(tide, parallel=parallel).read_chart()
    assert tide.most == parallel


@pytest.mark.parametrize(
    ("kind", "blocks", "loss"),
    [
        ("Patient", False, "banner"),
        ("Condition", True, "diagnoses"),
        ("MedicationRequest", False, "orders"),
        ("Medication", True, "no name"),
        ("ChargeItem", False, "charges"),
    ],
)
def test_failing_optional_read_is_an_issue(kind: str, blocks: bool, loss: str) -> None:
    """The chart comes all the same, and says what is missing and whether it matters."""
    ehr = full_ehr()
    ehr.special[kind] = lambda: answer(None, 500)
    chart = source(ehr).read_chart()
    issue = next(each for each in chart.issues if each.resource == kind)
    assert (issue.blocks, loss in issue.done) == (blocks, True)
    assert len(chart.administrations) == 1


def test_unknown_neighbours_are_unknown_not_none() -> None:
    """When the other encounters can't be read, nobody may conclude that there are none."""
    ehr = full_ehr()
    ehr.special["Encounter"] = lambda: answer(None, 500)
    chart = source(ehr).read_chart()
    assert chart.neighbours is None
    assert ("Encounters around", False) in [(each.resource, each.blocks) for each in chart.issues]


@pytest.mark.parametrize("kind", ["MedicationAdministration", "Encounter/e1"])
def test_essential_read_that_fails_is_a_failure(kind: str) -> None:
    """Without the encounter or its administrations there is nothing to show."""
    ehr = full_ehr()
    if kind == "Encounter/e1":
        ehr.resources = [each for each in ehr.resources if each["id"] != "e1"]
    else:
        ehr.special[kind] = lambda: answer(None, 403)
    with pytest.raises(FhirError):
        source(ehr).read_chart()


def test_slow_optional_read_does_not_hold_the_chart() -> None:
    """What takes longer than the patience becomes an issue."""
    ehr = full_ehr()
    release = threading.Event()

    def hang() -> Answer:
        release.wait(5)
        raise Unreachable("no answer")

    ehr.special["Condition"] = hang
    of = tenant()
    client = FhirClient(FakeEhr(ehr), of, None)
    started = time.monotonic()
    chart = FhirChartSource(client, of, "p1", "e1", clock=lambda: NOW, patience=0.3).read_chart()
    release.set()
    assert time.monotonic() - started < 3
    assert ("Condition", "no answer in time", True) in told(chart)


def test_encounter_of_another_patient_is_refused() -> None:
    """Whatever the token response said, a chart never mixes two patients."""
    ehr = full_ehr()
    ehr.resources[1] = {**ehr.resources[1], "subject": {"reference": "Patient/p2"}}
    with pytest.raises(FhirError, match="another patient"):
        source(ehr).read_chart()


BAYS = [{"location": {"reference": "Location/bay-3"}}, {"location": {"display": "Chair 7", "reference": "Location/c7"}}]


def in_bays() -> Ehr:
    """A visit in two places, of which one has a name of its own in the encounter, and the other at the EHR alone."""
    ehr = full_ehr()
    ehr.resources += [{"resourceType": "Location", "id": name, "name": f"Named {name}"} for name in ("bay-3", "c7")]
    next(each for each in ehr.resources if each["id"] == "e1")["location"] = BAYS
    return ehr


def test_a_unit_is_called_by_its_name() -> None:
    """It is read where the encounter gives an id alone; the id stays, since a site's settings may name it."""
    assert source(in_bays()).read_chart().encounter.locations == (
        "Named bay-3",
        "Location/bay-3",
        "Chair 7",
        "Location/c7",
    )


def test_a_site_sets_the_care_setting_of_a_unit_by_its_id() -> None:
    """Also of one that the encounter calls by a name."""
    settings = ReviewSettings(settings_by={"Location/c7": CareSetting.OFFICE})
    assert setting_for(source(in_bays()).read_chart().encounter, settings) is CareSetting.OFFICE


def test_a_unit_that_may_not_be_read_keeps_its_id_and_nobody_is_bothered() -> None:
    """No request leaves without the grant, and no issue stands on the page; where reading fails, it is told."""
    granted = "patient/Encounter.rs patient/MedicationAdministration.rs"
    chart = source(in_bays(), granted).read_chart()
    assert chart.encounter.locations == ("Location/bay-3", "Chair 7", "Location/c7")
    assert not [each for each in chart.issues if each.resource == "Location"]
    ehr = in_bays()
    ehr.special["Location"] = lambda: answer(None, 500)
    failed = source(ehr).read_chart()
    assert failed.encounter.locations == ("Location/bay-3", "Chair 7", "Location/c7")
    assert [each.blocks for each in failed.issues if each.resource == "Location"] == [False]


@verifies("CTX-01")
def test_what_was_not_granted_is_not_asked() -> None:
    """Without the scope no request leaves, and the issue says so; without an essential one nothing is read."""
    asked: list[str] = []
    ehr = full_ehr()

    def record(request: Sent) -> Answer:
        asked.append(request.path[len(BASE) + 1 :].partition("/")[0])
        return ehr(request)

    scopes = "patient/Encounter.rs patient/MedicationAdministration.rs patient/Medication.rs"
    chart = source(record, scopes).read_chart()
    assert set(asked) == {"Encounter", "MedicationAdministration", "Medication"}
    assert ("Condition", "the EHR did not grant reading it", True) in told(chart)
    with pytest.raises(FhirError, match="did not grant reading MedicationAdministration"):
        source(record, "patient/Encounter.rs").read_chart()


@verifies("RD-03")
def test_truncated_administrations_block_the_word_complete() -> None:
    """More may exist than was read."""
    ehr = full_ehr()
    page = bundle(administration("m1"), next_url=f"{BASE}/MedicationAdministration?next")
    ehr.special["MedicationAdministration"] = lambda: answer(page)
    assert any(issue.blocks for issue in source(ehr).read_chart().issues)


def test_window_search_has_both_bounds_with_time() -> None:
    """Where the EHR can't search by encounter, it gets the patient and a window."""
    asked: list[Sent] = []
    ehr = full_ehr()

    def record(request: Sent) -> Answer:
        asked.append(request)
        return ehr(request)

    source(record, administrations_by="patient_window", window_days=10).read_chart()
    url = next(each.url for each in asked if "MedicationAdministration?" in each.url)
    assert "context" not in url
    assert "effective-time=ge2026-02-21T12%3A00%3A00Z&effective-time=le2026-03-04T12%3A00%3A00Z" in url


ORACLE = ReadWays(by_window=True, charge_status=True)


@verifies("RD-02")
def test_an_encounter_of_long_ago_is_looked_for_by_its_own_days() -> None:
    """The window of the first wave ends before it; the second wave asks for the encounter's own days."""
    fake = full_ehr()
    of = tenant(window_days=3)
    sent: list[Sent] = []

    def ehr(request: Sent) -> Answer:
        sent.append(request)
        return fake(request)

    client = FhirClient(FakeEhr(ehr), of, None, lambda _: None)
    later = NOW + timedelta(days=60)
    source = FhirChartSource(client, of, "p1", "e1", clock=lambda: later).searching(ORACLE)
    assert [each.id for each in source.read_chart().administrations] == ["MedicationAdministration/m1"]
    asked = [unquote(each.url) for each in sent if "/MedicationAdministration" in each.url]
    assert len(asked) == 2
    assert "effective-time=ge2026-03-01T00:00:00Z" in asked[1]


@verifies("RD-02")
def test_charges_are_searched_as_the_ehr_wants_it() -> None:
    """Oracle Health wants a status; where no charges are shown none are asked for, and that is said."""
    sent: list[str] = []

    def ehr(request: Sent) -> Answer:
        sent.append(unquote(request.url))
        return full_ehr()(request)

    source(ehr).searching(ORACLE).read_chart()
    assert all("-status=billable" in each for each in sent if "/ChargeItem" in each)
    sent.clear()
    chart = source(ehr).searching(ReadWays(charges=False)).read_chart()
    assert [each for each in sent if "/ChargeItem" in each] == []
    assert ("ChargeItem", "the EHR shows apps no charges", False) in told(chart)


@pytest.mark.parametrize(
    ("parameters", "chosen", "by_window"),
    [
        (["patient", "effective-time"], "auto", True),
        (["patient", "context"], "auto", False),
        ([], "auto", False),
        (["patient", "effective-time"], "context", False),
        (["patient", "context"], "patient_window", True),
    ],
)
@verifies("RD-01", "RD-02")
def test_the_statement_says_how_administrations_are_found(parameters: list[str], chosen: str, by_window: bool) -> None:
    """`auto` asks the statement, which may say nothing; otherwise the tenant entry stands."""
    given = {
        "type": "MedicationAdministration",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": name} for name in parameters],
    }
    statement = {"rest": [{"mode": "server", "resource": [given]}]}
    assert read_ways(tenant(administrations_by=chosen), statement).by_window is by_window


@pytest.mark.parametrize(("unit", "asked"), [("mg/kg", True), ("mg/m2", True), ("mg", False)])
def test_the_weight_is_asked_for_where_a_dose_needs_it(unit: str, asked: bool) -> None:
    """8 mg/kg need the patient's weight; a dose in mg doesn't, so nothing more than needed is read."""
    dose = {"value": 8, "code": unit, "system": "http://unitsofmeasure.org"}
    coded = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    weight = {"value": 80, "code": "kg", "system": "http://unitsofmeasure.org"}
    measured = {"status": "final", "code": coded, "effectiveDateTime": "2026-03-02T08:30:00-06:00"}
    ehr = Ehr(
        visit("e1", "2026-03-02", "2026-03-02"),
        administration("m1", dosage={"dose": dose}),
        medication("drug-m1"),
        resource("Observation", "o1", **measured, valueQuantity=weight),
    )
    assert source(ehr).read_chart().weight_kg == (80 if asked else None)

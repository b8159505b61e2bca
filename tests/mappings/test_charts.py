"""A soup of resources to charts: what goes where, and what goes nowhere."""

import itertools
import random
from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.charts import ChartSet, read_charts
from fhir_mappings.lookup import Located
from tests.mappings.plain import listed
from tests.mappings.soups import administration, charge_item, condition, encounter
from tests.verifies import verifies

CONTEXT = "MedicationAdministration.context"


def _placed(found: ChartSet) -> dict[str, list[str]]:
    return {c.encounter.id.split("/")[1]: [a.id.split("/")[1] for a in c.administrations] for c in found.charts}


def _blocked(found: ChartSet) -> dict[str, list[str]]:
    return {c.encounter.id.split("/")[1]: [i.path for i in c.issues if i.blocks] for c in found.charts}


@pytest.mark.parametrize(
    "reference",
    [
        "Encounter/e1",
        "Encounter/e1/_history/7",
        "https://ehr.test/r4/Encounter/e1",
        "https://ehr.test/r4/Encounter/e1/_history/7",
        "Encounter/e1/",
    ],
)
def test_links_in_every_form(reference: str) -> None:
    """Relative, absolute, and with a version: the encounter is the same."""
    found = read_charts([administration(context=reference), encounter()])
    assert {"e1": ["m1"]} == _placed(found)
    assert ((), []) == (found.issues, listed(found.charts[0].issues))


def test_a_link_to_the_address_of_a_bundle_entry() -> None:
    """Inside a Bundle a resource is known by its entry's address, also without an id."""
    visit = encounter(subject={"reference": "urn:uuid:p"})
    del visit["id"]
    soup = [
        Located(visit, full_url="urn:uuid:e"),
        Located({"resourceType": "Patient", "id": "p1"}, full_url="urn:uuid:p"),
        Located(administration(context="urn:uuid:e"), full_url="urn:uuid:m"),
    ]
    found = read_charts(soup)
    assert {"e": ["m1"]} == _placed(found)
    assert "Patient/p1" == found.charts[0].encounter.patient
    assert found.charts[0].patient is not None


def test_an_encounter_of_another_server_is_another_encounter() -> None:
    """An absolute link to a different server never meets a resource of the same id here."""
    soup = [
        Located(encounter(), full_url="https://here.test/r4/Encounter/e1"),
        administration(context="https://there.test/r4/Encounter/e1"),
    ]
    found = read_charts(soup)
    assert {"e1": []} == _placed(found)
    assert ["!" + CONTEXT] == listed(found.issues)


@pytest.mark.parametrize(
    "start", ["2026-03-02T09:00:00-05:00", "2026-03-02T17:00:00-05:00", "2026-03-02T15:00:00Z", "2026-03-02"]
)
def test_no_link_is_placed_by_patient_and_time(start: str) -> None:
    """The one encounter that holds the start takes it, with an issue that doesn't block; ends count as within."""
    found = read_charts([encounter(), administration(context="", start=start)])
    assert {"e1": ["m1"]} == _placed(found)
    assert CONTEXT in listed(found.charts[0].issues)
    assert {"e1": []} == _blocked(found)


@pytest.mark.parametrize("start", ["2026-03-02T08:59:59-05:00", "2026-03-02T17:00:01-05:00", "2026-03-03", ""])
def test_no_link_and_no_encounter_at_that_time(start: str) -> None:
    """What no encounter holds stands in the issues of the set."""
    found = read_charts([encounter(), administration(context="", start=start)])
    assert {"e1": []} == _placed(found)
    assert "!" + CONTEXT in listed(found.issues)


def test_an_episode_of_care_is_no_encounter_link() -> None:
    """`context` may name an EpisodeOfCare, which says nothing of the encounter."""
    found = read_charts([encounter(), administration(context="EpisodeOfCare/x")])
    assert {"e1": ["m1"]} == _placed(found)
    assert [CONTEXT] == listed(found.charts[0].issues)


def test_several_encounters_hold_it() -> None:
    """It is placed in none; each candidate knows of it and is not complete."""
    other = encounter("e2", end="")
    found = read_charts([encounter(), other, administration(context="")])
    assert {"e1": [], "e2": []} == _placed(found)
    assert [("MedicationAdministration/m1",), ("MedicationAdministration/m1",)] == [
        chart.unplaced for chart in found.charts
    ]
    assert {"e1": [CONTEXT], "e2": [CONTEXT]} == _blocked(found)


def test_another_patients_encounter_is_no_candidate() -> None:
    """Placing by time looks at the same patient's encounters alone."""
    other = encounter("e2", subject={"reference": "Patient/p2"})
    assert {"e1": ["m1"], "e2": []} == _placed(read_charts([other, encounter(), administration(context="")]))


def test_a_link_to_another_patients_encounter_is_refused() -> None:
    """Two patients are never mixed, whatever the link says."""
    found = read_charts([encounter(), administration(subject={"reference": "Patient/p2"})])
    assert {"e1": []} == _placed(found)
    assert {"e1": ["MedicationAdministration.subject"]} == _blocked(found)


def test_a_link_to_an_encounter_that_is_not_there() -> None:
    """It is linked elsewhere, so it is not placed by time."""
    found = read_charts([encounter(), administration(context="Encounter/e9")])
    assert {"e1": []} == _placed(found)
    assert ["!" + CONTEXT] == listed(found.issues)


def test_no_encounter_at_all() -> None:
    """There are no charts, and each administration stands in the issues."""
    found = read_charts([administration("m1"), administration("m2", context="")])
    assert () == found.charts
    assert ["MedicationAdministration/m1", "MedicationAdministration/m2"] == [issue.resource for issue in found.issues]


def test_charts_come_in_the_order_of_the_input() -> None:
    """The order of encounters is the caller's."""
    assert ["e2", "e1"] == list(_placed(read_charts([encounter("e2"), administration(), encounter("e1")])))


def test_a_medication_in_two_forms_blocks() -> None:
    """Which drug it was can't be told."""
    forms = [{"resourceType": "Medication", "id": "x", "code": {"text": text}} for text in ("drug A", "drug B")]
    [issue] = read_charts([encounter(), *forms]).issues
    assert ("Medication/x", True) == (issue.resource, issue.blocks)


@given(st.randoms(use_true_random=False))
def test_nothing_but_the_order_of_charts_depends_on_the_order_of_the_input(chance: random.Random) -> None:
    """Shuffled, the same resources give the same charts, to the last issue."""
    soup = [
        *(encounter("e1"), encounter("e2", end=""), encounter("e3", subject={"reference": "Patient/p3"})),
        *(administration("m1"), administration("m2", context=""), administration("m3", context="Encounter/e9")),
        *(administration("m4", status="given", start=""), administration("m4", start=""), administration("m5")),
        *(
            condition("c1", "Encounter/e1"),
            condition("c2", category="problem-list-item"),
            condition("c2", code="E86.0"),
        ),
        *(
            charge_item("i1"),
            charge_item("i2", code="96374"),
            {"resourceType": "Patient", "id": "p1", "gender": "male"},
        ),
    ]
    shuffled = chance.sample(soup, len(soup))
    one, other = read_charts(soup), read_charts(shuffled)
    assert one.issues == other.issues
    assert {c.encounter.id: c for c in one.charts} == {c.encounter.id: c for c in other.charts}


# --- copies ---


def test_equal_copies_are_one() -> None:
    """Pages overlap; a resource that came twice is read once."""
    found = read_charts([encounter(), administration(), administration()])
    assert {"e1": ["m1"]} == _placed(found)
    assert [] == listed(found.charts[0].issues)


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_versions_the_newest_is_read(turned: bool) -> None:
    """Whatever comes first, the higher version counts, and the chart says so."""
    copies = [administration(status="in-progress", meta={"versionId": "9"}), administration(meta={"versionId": "10"})]
    found = read_charts([encounter(), *(reversed(copies) if turned else copies)])
    assert ["completed"] == [given.status.value for given in found.charts[0].administrations]
    assert ["meta.versionId"] == listed(found.charts[0].issues)


@pytest.mark.parametrize("turned", [False, True])
def test_copies_that_differ_without_a_version_block(turned: bool) -> None:
    """Which is true can't be told: one is read, the same whatever the order, and the chart is not complete."""
    copies = [administration(status="stopped"), administration()]
    found = read_charts([encounter(), *(reversed(copies) if turned else copies)])
    assert ["stopped"] == [given.status.value for given in found.charts[0].administrations]
    assert {"e1": ["meta.versionId"]} == _blocked(found)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_two_old_copies_that_differ_are_no_riddle_where_a_newer_one_came(order: tuple[int, ...]) -> None:
    """In whatever order they come, the newest is known."""
    copies = [administration(status=status, meta={"versionId": "1"}) for status in ("stopped", "in-progress")]
    copies.append(administration(meta={"versionId": "2"}))
    found = read_charts([encounter(), *(copies[place] for place in order)])
    assert ["completed"] == [given.status.value for given in found.charts[0].administrations]
    assert {"e1": []} == _blocked(found)


# --- times without an offset ---


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("given", "offset"),
    [
        (administration(start="2026-07-02T10:00:00"), -5),
        (administration(start="2026-07-02T10:00:00", context="Encounter/e2"), -4),
        (administration(start="2026-03-02T10:00:00", context=""), -5),
        (administration(start="2026-07-02T10:00:00", context=""), -4),
    ],
    ids=["linked to the one in winter", "linked to the one in summer", "in winter", "in summer"],
)
def test_a_time_without_an_offset_takes_that_of_its_encounter(given: dict[str, Any], offset: int, turned: bool) -> None:
    """A patient who came in winter and in summer: of the encounter it names, else of the nearest, in any order."""
    visits = [encounter(), encounter("e2", "2026-07-02T09:00:00-04:00", "2026-07-02T17:00:00-04:00")]
    found = read_charts([*(reversed(visits) if turned else visits), given])
    starts = [each.start for chart in found.charts for each in chart.administrations]
    assert [timedelta(hours=offset)] == [start.utcoffset() for start in starts if start]


# --- diagnoses ---


def _diagnoses(*soup: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    [chart, *_] = read_charts(soup).charts
    return [(d.id.split("/")[1], d.category, d.rank) for d in chart.diagnoses]


@verifies("RD-10")
@pytest.mark.parametrize(
    ("charted", "expected"),
    [
        (condition(encounter="Encounter/e1"), [("c1", "", None)]),
        (condition(encounter="Encounter/e1", category="encounter-diagnosis"), [("c1", "encounter-diagnosis", None)]),
        (condition(encounter="Encounter/e9", category="encounter-diagnosis"), []),
        (condition(category="encounter-diagnosis"), [("c1", "encounter-diagnosis", None)]),
        (condition(category="problem-list-item"), [("c1", "problem-list-item", None)]),
        (condition(encounter="Encounter/e9", category="problem-list-item"), [("c1", "problem-list-item", None)]),
        (condition(category="problem-list-item", clinicalStatus={"coding": [{"code": "resolved"}]}), []),
        (condition(encounter="Encounter/e1", clinicalStatus={"coding": [{"code": "resolved"}]}), [("c1", "", None)]),
        (condition(encounter="Encounter/e1", verificationStatus={"coding": [{"code": "refuted"}]}), []),
        (condition(encounter="Encounter/e1", verificationStatus={"coding": [{"code": "entered-in-error"}]}), []),
        (condition(encounter="Encounter/e1", verificationStatus="refuted"), []),
        (
            condition(encounter="Encounter/e1", verificationStatus={"coding": [{"code": "provisional"}]}),
            [("c1", "", None)],
        ),
        (condition(category="problem-list-item", subject={"reference": "Patient/p2"}), []),
        (condition(encounter="Encounter/e1", subject={"reference": "Patient/p2"}), []),
        (condition(encounter="Encounter/e1", category="Problem List Item"), [("c1", "problem-list-item", None)]),
    ],
)
def test_which_conditions_belong(charted: dict[str, Any], expected: list[Any]) -> None:
    """The encounter's own and the patient's open problems do; refuted, mistaken and others' do not."""
    assert expected == _diagnoses(encounter(), charted)


def test_conditions_the_encounter_lists_come_first_by_rank() -> None:
    """Encounter.diagnosis decides the order: charted rank, then place; the rest follows, problems last."""
    entries = [("c3", None), ("c1", 2), ("c2", 1)]
    listed_ones = [
        {"condition": {"reference": f"Condition/{key}"}, **({"rank": rank} if rank else {})} for key, rank in entries
    ]
    conditions = [condition(key) for key in ("c1", "c2", "c3")]
    more = [condition("a5", category="problem-list-item"), condition("c4", "Encounter/e1", "encounter-diagnosis")]
    expected = [
        ("c2", "", 1),
        ("c1", "", 2),
        ("c3", "", 3),
        ("c4", "encounter-diagnosis", None),
        ("a5", "problem-list-item", None),
    ]
    assert expected == _diagnoses(encounter(diagnosis=listed_ones), *more, *conditions)


def test_a_condition_cited_as_reason_belongs() -> None:
    """reasonReference of an administration brings its condition in, although it is linked elsewhere."""
    cited = condition(encounter="Encounter/e9", category="encounter-diagnosis")
    given = administration(reasonReference=[{"reference": "Condition/c1"}])
    assert [("c1", "encounter-diagnosis", None)] == _diagnoses(encounter(), given, cited)


def test_an_unlinked_diagnosis_of_a_patient_with_two_encounters_belongs_to_neither() -> None:
    """An encounter diagnosis that names no encounter is not guessed."""
    assert [] == _diagnoses(encounter(), encounter("e2"), condition(category="encounter-diagnosis"))


# --- procedures ---


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"encounter": {"reference": "Encounter/e1"}}, 1),
        ({"performedDateTime": "2026-03-02T12:00:00-05:00"}, 1),
        ({"performedDateTime": "2026-03-05T12:00:00-05:00"}, 0),
        ({"encounter": {"reference": "Encounter/e1"}, "status": "not-done"}, 0),
        ({}, 0),
    ],
)
def test_procedures(more: dict[str, Any], expected: int) -> None:
    """A procedure belongs by its link, else by patient and time."""
    done = {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p1"}}
    [chart] = read_charts([encounter(), {**done, **more}]).charts
    assert expected == len(chart.procedures)


# --- neighbours ---


def _neighbours(*others: dict[str, Any], **options: Any) -> Any:
    near = read_charts([encounter(), *others], **options).charts[0].neighbours
    return near if near is None else [(n.id.split("/")[1], n.charged) for n in near]


@pytest.mark.parametrize(
    ("start", "end", "near"),
    [
        ("2026-03-02T18:00:00-05:00", "2026-03-02T19:00:00-05:00", True),
        ("2026-03-05T23:59:59-05:00", "2026-03-08T10:00:00-05:00", True),
        ("2026-03-06T00:00:00-05:00", "2026-03-06T10:00:00-05:00", False),
        ("2026-03-01T10:00:00-05:00", "2026-03-01T12:00:00-05:00", False),
        ("2026-02-27T10:00:00-05:00", "2026-03-02T08:00:00-05:00", True),
        ("2026-02-27T10:00:00-05:00", "", False),
        ("2026-03-04", "", True),
    ],
)
def test_neighbours_are_of_the_day_and_three_after(start: str, end: str, near: bool) -> None:
    """From the visit's first day to three days after its last."""
    assert ([("e2", ())] if near else []) == _neighbours(encounter("e2", start, end))


def test_a_neighbour_tells_what_was_charged_on_it() -> None:
    """Billable and billed charges, not planned or withdrawn ones; each code once."""
    charges = [
        charge_item("i1", "Encounter/e2", "96365", "billed"),
        charge_item("i2", "Encounter/e2", "96365", "billable"),
        charge_item("i3", "Encounter/e2", "96374", "planned"),
        charge_item("i4", "Encounter/e2", "96375", "entered-in-error"),
        charge_item("i5", "Encounter/e1", "96413", "billed"),
    ]
    assert [("e2", ("96365",))] == _neighbours(encounter("e2"), *charges)


def test_a_chart_carries_the_charges_that_count() -> None:
    """By id, with their reasons where they name some; planned and withdrawn ones are none."""
    reason = [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]} for code in ("K50.90", "I10")]
    charges = [
        charge_item("i3", code="96375"),
        charge_item("i1", reason=reason),
        charge_item("i2", status="planned"),
        charge_item("i4", "Encounter/e2"),
    ]
    [chart] = read_charts([encounter(), *charges]).charts

    assert [("ChargeItem/i1", ("K50.90", "I10")), ("ChargeItem/i3", None)] == [
        (charge.id, charge.diagnoses) for charge in chart.existing
    ]


def test_no_neighbours_and_unknown_neighbours_differ() -> None:
    """In a file it is known that there are none; an EHR that was not asked knows nothing."""
    assert ([], None) == (_neighbours(), _neighbours(encounter("e2"), neighbours_known=False))


@pytest.mark.parametrize("status", ["cancelled", "planned", "entered-in-error"])
def test_visits_that_never_took_place_are_no_neighbours(status: str) -> None:
    """A cancelled appointment charges nothing."""
    assert [] == _neighbours(encounter("e2", status=status))


# --- zone and issues ---


def test_the_zone_reaches_every_moment() -> None:
    """Charted in UTC, the evening before midnight is the day before in the facility."""
    late = encounter(start="2026-03-03T02:00:00Z", end="2026-03-03T04:00:00Z")
    [chart] = read_charts([late, administration(start="2026-03-03T03:00:00Z")], ZoneInfo("America/New_York")).charts
    assert chart.encounter.start is not None
    assert "2026-03-02T21:00:00-05:00" == chart.encounter.start.isoformat()
    assert "2026-03-02T22:00:00-05:00" == str(
        chart.administrations[0].start and chart.administrations[0].start.isoformat()
    )
    assert isinstance(chart.encounter.start.tzinfo, timezone)
    assert timedelta(hours=-5) == chart.encounter.start.utcoffset()


def test_an_encounter_entered_in_error_is_never_complete() -> None:
    """Nothing in it may be charged before somebody looked."""
    assert {"e1": ["Encounter.status"]} == _blocked(read_charts([encounter(status="entered-in-error")]))


def test_issues_name_resource_path_and_what_was_done() -> None:
    """An issue can be read by itself."""
    [chart] = read_charts([encounter(), administration(status="given")]).charts
    [issue] = chart.issues
    assert ("MedicationAdministration/m1", "MedicationAdministration.status", "given", True) == (
        issue.resource,
        issue.path,
        issue.found,
        issue.blocks,
    )
    assert "read as unknown" in issue.done

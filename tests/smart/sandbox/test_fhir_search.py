"""Reading and searching at the FHIR endpoint."""

import json

import pytest
from requests import Response

from tests.smart.sandbox.ehr import Ehr, Fhir


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Patient?_id=amber", {"amber"}),
        ("Encounter?patient=amber", {"amber-1", "amber-2"}),
        ("Encounter?patient=Patient/amber", {"amber-1", "amber-2"}),
        ("Encounter?subject=amber", {"amber-1", "amber-2"}),
        ("Encounter?_id=amber-1,amber-2", {"amber-1", "amber-2"}),
        ("Encounter?patient=amber&date=2026-03-02", {"amber-1"}),
        ("Encounter?patient=amber&date=ge2026-03-03", {"amber-2"}),
        ("Encounter?patient=amber&date=ge2026-03-01&date=le2026-03-04", {"amber-1"}),
        ("Encounter?patient=amber&class=EMER", {"amber-2"}),
        ("Encounter?patient=amber&status=in-progress,finished", {"amber-1", "amber-2"}),
        ("Condition?patient=amber", {"amber-c1", "amber-c2"}),
        ("Condition?encounter=amber-1", {"amber-c1"}),
        ("Condition?encounter=Encounter/amber-1", {"amber-c1"}),
        ("Condition?patient=amber&category=problem-list-item", {"amber-c2"}),
        ("MedicationAdministration?context=amber-1", {"amber-m1", "amber-m2", "amber-m3"}),
        ("MedicationAdministration?context=Encounter/amber-1&status=completed", {"amber-m1", "amber-m2"}),
        ("MedicationAdministration?context=amber-1,amber-2", {"amber-m1", "amber-m2", "amber-m3", "amber-m4"}),
        ("MedicationAdministration?_id=amber-m2,nothing", {"amber-m2"}),
        ("Medication?_id=saline", {"saline"}),
        ("MedicationRequest?patient=amber&encounter=amber-1", {"amber-r1"}),
        ("MedicationRequest?_id=amber-r1", {"amber-r1"}),
        ("Practitioner?_id=sandbox-coder", {"sandbox-coder"}),
    ],
)
def test_search_finds_what_the_chart_holds(amber: Fhir, query: str, expected: set[str]) -> None:
    """Each parameter the app uses narrows the search as FHIR says; values with commas are alternatives."""
    assert set(amber.ids(query)) == expected


@pytest.mark.parametrize("category", ["encounter-diagnosis", "{0}|encounter-diagnosis", "{0}|"])
def test_token_with_system(amber: Fhir, category: str) -> None:
    """code, system|code and system| all find; a code under another system does not."""
    system = "http://terminology.hl7.org/CodeSystem/condition-category"
    assert "amber-c1" in amber.ids(f"Condition?patient=amber&category={category.format(system)}")
    assert amber.ids("Condition?patient=amber&category=urn:other|encounter-diagnosis") == []


@pytest.mark.parametrize(
    ("prefixed", "expected"),
    [
        ("2026-03-02", {"amber-m1", "amber-m2"}),
        ("eq2026-03-02T11:05:00-05:00", {"amber-m2"}),
        ("eq2026-03-02T16:05:00Z", {"amber-m2"}),
        ("gt2026-03-02T11:00:00-05:00", {"amber-m2", "amber-m3", "amber-m4"}),
        ("ge2026-03-02T11:05:00-05:00", {"amber-m2", "amber-m3", "amber-m4"}),
        ("lt2026-03-02T11:05:00-05:00", {"amber-m1"}),
        ("le2026-03-02T11:05:00-05:00", {"amber-m1", "amber-m2"}),
        ("sa2026-03-02", {"amber-m4"}),
        ("eb2026-03-02T11:05:00-05:00", {"amber-m1"}),
        ("ne2026-03-02", {"amber-m3", "amber-m4"}),
    ],
)
def test_effective_time_with_prefixes(amber: Fhir, prefixed: str, expected: set[str]) -> None:
    """m1 runs 10:00 to 11:00, m2 is at 11:05, m3 is open from 12:00, m4 is three days later; offsets are honoured."""
    assert set(amber.ids(f"MedicationAdministration?patient=amber&effective-time={prefixed}")) == expected


def test_two_bounds_make_a_window(amber: Fhir) -> None:
    """A repeated parameter must hold both times."""
    window = "effective-time=ge2026-03-02T11:01:00-05:00&effective-time=lt2026-03-02T11:30:00-05:00"
    assert amber.ids(f"MedicationAdministration?patient=amber&{window}") == ["amber-m2"]


def test_decimals_come_out_as_they_were_charted(amber: Fhir) -> None:
    """125.00 stays 125.00, in a read and in a Bundle."""
    for path in ("MedicationAdministration/amber-m1", "MedicationAdministration?_id=amber-m1"):
        text = amber.get(path).text
        assert '"value":125.00,' in text
        assert '"value":0.10,' in text


def test_pages_give_everything_once(amber: Fhir) -> None:
    """Opaque next links lead through all matches, total counts them all, and a page can be fetched again."""
    first = amber.get("MedicationAdministration?patient=amber&_count=3").json()
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second, again = amber.get(following).json(), amber.get(following).json()
    names = [[entry["resource"]["id"] for entry in page["entry"]] for page in (first, second)]
    assert (first["total"], second["total"]) == (4, 4)
    assert sorted(names[0] + names[1]) == ["amber-m1", "amber-m2", "amber-m3", "amber-m4"]
    assert again == second
    assert [link["relation"] for link in second["link"]] == ["self"]
    assert "amber" not in following.split("?")[1]


def test_count_zero_only_counts(amber: Fhir) -> None:
    """_count=0 gives the total and no entries."""
    bundle = amber.get("MedicationAdministration?patient=amber&_count=0").json()
    assert bundle["total"] == 4
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_next_link_of_another_patient_shows_nothing(ehr: Ehr, amber: Fhir) -> None:
    """A page link in the hands of another launch shows none of the first one's resources."""
    bundle = amber.get("MedicationAdministration?patient=amber&_count=2").json()
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    birch = ehr.fhir(ehr.launched("birch", "birch-1"))
    assert "entry" not in birch.get(following).json()


def _code(answer: Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return answer.status_code, body["issue"][0]["code"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Encounter/nothing", (404, "not-found")),
        ("Spaceship/1", (404, "not-supported")),
        ("Spaceship?patient=amber", (404, "not-supported")),
        ("Encounter?_page=rubbish", (404, "not-found")),
        ("Encounter?_page=W10=", (404, "not-found")),
        ("Encounter?date=yesterday", (400, "value")),
        ("Encounter?date=ge2026-13-01", (400, "value")),
        ("Encounter?date=2026-03-02T10:00:00+05:00", (400, "value")),
        ("Encounter?_count=many", (400, "value")),
        ("Encounter?patient:Patient=amber", (400, "not-supported")),
        ("Encounter?patient.name=Ann", (400, "not-supported")),
        ("Encounter/amber-1/_history/7", (404, "not-found")),
    ],
)
def test_refusals_are_operation_outcomes(amber: Fhir, path: str, expected: tuple[int, str]) -> None:
    """What can't be answered gets the right status and an OperationOutcome."""
    assert _code(amber.get(path)) == expected


def test_unknown_parameter_is_ignored_and_said(amber: Fhir) -> None:
    """The search goes on without it; an outcome entry and the self link say so."""
    bundle = amber.get("Encounter?patient=amber&colour=red").json()
    outcome = [entry for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"]
    assert bundle["total"] == 2
    assert "colour" in outcome[0]["resource"]["issue"][0]["diagnostics"]
    assert "colour" not in bundle["link"][0]["url"]


def test_strict_handling_refuses_an_unknown_parameter(amber: Fhir) -> None:
    """Prefer: handling=strict turns it into a refusal."""
    assert _code(amber.get("Encounter?colour=red", {"Prefer": "handling=strict"})) == (400, "not-supported")


def test_search_by_form(amber: Fhir) -> None:
    """POST _search reads the parameters from the form."""
    answer = amber.send("POST", "Encounter/_search", data={"patient": "amber", "class": "EMER"})
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["amber-2"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+xml, application/fhir+json;q=0.5", 200),
        ("application/fhir+xml", 406),
        ("text/html", 406),
    ],
)
def test_only_json_is_spoken(amber: Fhir, accept: str, status: int) -> None:
    """JSON in any of its names is answered; anything else is 406."""
    answer = amber.get("Patient/amber", {"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_format_parameter_wins_over_accept(amber: Fhir) -> None:
    """_format=json answers a browser, _format=xml is refused."""
    assert amber.get("Patient/amber?_format=json", {"Accept": "text/html"}).status_code == 200
    assert amber.get("Patient/amber?_format=xml").status_code == 406


def test_read_carries_version_and_date(amber: Fhir) -> None:
    """ETag and Last-Modified say which version was read."""
    answer = amber.get("Encounter/amber-1")
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert json.loads(answer.text)["meta"]["versionId"] == "1"

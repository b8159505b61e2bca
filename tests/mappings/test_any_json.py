"""Any JSON gives charts and issues, never an exception, and never slowly."""

import copy
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.charts import ChartSet, read_charts
from fhir_mappings.lookup import Lookup
from fhir_mappings.reading import load_resources
from tests.mappings.plain import plain

ODD_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "2026-03-02",
        "2026-03-02T10:00:00Z",
        "9999-12-31T23:59:60-14:00",
        "0001-01-01T00:00:00+14:00",
        "0000-00-00",
        "Encounter/e1",
        "Patient/p1",
        "#",
        "/",
        "#m",
        "https://x/Encounter/e1/_history/1",
        "NaN",
        "1e999999",
        "٣",
    ]
)
ODD_NUMBERS = st.sampled_from(
    [
        0,
        -1,
        10**30,
        Decimal("1e400"),
        Decimal("1e-400"),
        Decimal("NaN"),
        Decimal("-0"),
        1e308,
        float("inf"),
        float("nan"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ODD_NUMBERS | st.text(max_size=8) | ODD_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)

CONCEPT = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008", "display": "x"}], "text": "IV push"}
QUANTITY = {"value": 1, "unit": "mL/h", "code": "mL/h", "comparator": "<"}
REFERENCE = {"reference": "Encounter/e1", "display": "x"}
PERIOD = {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z"}
EXTENSION = [
    {"url": "x/infuse-over-time", "valueQuantity": QUANTITY},
    {"url": "x/modifier-code", "valueCodeableConcept": CONCEPT},
]
SOUP: list[dict[str, Any]] = [
    {
        "resourceType": "Encounter",
        "id": "e1",
        "meta": {"versionId": "1"},
        "status": "finished",
        "class": {"code": "EMER"},
        "subject": {"reference": "Patient/p1"},
        "period": PERIOD,
        "classHistory": [{"class": {"code": "EMER"}, "period": PERIOD}],
        "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1}],
        "reasonCode": [CONCEPT],
        "serviceType": CONCEPT,
        "identifier": [{"value": "V1"}],
        "location": [{"location": REFERENCE}],
    },
    {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "context": REFERENCE,
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "#m"},
        "effectivePeriod": PERIOD,
        "contained": [
            {
                "resourceType": "Medication",
                "id": "m",
                "code": CONCEPT,
                "ingredient": [
                    {"itemCodeableConcept": CONCEPT, "strength": {"numerator": QUANTITY, "denominator": QUANTITY}}
                ],
            }
        ],
        "request": {"reference": "MedicationRequest/r1"},
        "partOf": [REFERENCE],
        "reasonCode": [CONCEPT],
        "reasonReference": [{"reference": "Condition/c1"}],
        "device": [{"reference": "Device/d1"}],
        "note": [{"text": "x"}],
        "extension": EXTENSION,
        "dosage": {
            "text": "over 5 min",
            "route": CONCEPT,
            "method": CONCEPT,
            "site": CONCEPT,
            "dose": QUANTITY,
            "rateRatio": {"numerator": QUANTITY, "denominator": QUANTITY},
            "rateQuantity": QUANTITY,
            "extension": EXTENSION,
        },
    },
    {
        "resourceType": "MedicationAdministration",
        "id": "m2",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": CONCEPT,
        "effectiveDateTime": "2026-03-02T10:30:00Z",
    },
    {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "reasonCode": [CONCEPT],
        "reasonReference": [REFERENCE],
        "dosageInstruction": [
            {
                "timing": {"repeat": {"duration": 1, "durationUnit": "h"}},
                "doseAndRate": [{"doseQuantity": QUANTITY, "rateQuantity": QUANTITY}],
            }
        ],
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "code": CONCEPT,
        "category": [CONCEPT],
        "subject": {"reference": "Patient/p1"},
        "encounter": REFERENCE,
        "verificationStatus": CONCEPT,
        "clinicalStatus": CONCEPT,
    },
    {
        "resourceType": "Procedure",
        "id": "p",
        "status": "completed",
        "code": CONCEPT,
        "subject": {"reference": "Patient/p1"},
        "performedPeriod": PERIOD,
    },
    {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"use": "official", "given": ["A"], "family": "B"}],
        "identifier": [{"type": CONCEPT, "value": "1"}],
        "birthDate": "1970-01-01",
        "gender": "female",
    },
    {
        "resourceType": "ChargeItem",
        "id": "i",
        "status": "billed",
        "code": CONCEPT,
        "context": REFERENCE,
        "quantity": QUANTITY,
        "subject": {"reference": "Patient/p1"},
        "occurrencePeriod": PERIOD,
        "extension": EXTENSION,
        "identifier": [{"value": "1"}],
        "enterer": REFERENCE,
    },
    {"resourceType": "Device", "id": "d1", "deviceName": [{"name": "pump"}], "type": CONCEPT},
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/p1"},
        "encounter": REFERENCE,
        "effectiveDateTime": "2026-03-02T10:00:00Z",
        "valueQuantity": {"value": 80, "unit": "kg", "code": "kg"},
    },
]


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    inner: list[tuple[Any, ...]] = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        inner += _places(item, (*at, key))
    return inner


PLACES = [place for place in _places(SOUP) if len(place) > 1]


def _with(place: tuple[Any, ...], value: Any) -> list[dict[str, Any]]:
    soup = copy.deepcopy(SOUP)
    target: Any = soup
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return soup


def _accounted(charts: ChartSet) -> set[str]:
    """Every administration that stands in a chart, among its unplaced, or in an issue."""
    in_charts = {given.id for chart in charts.charts for given in chart.administrations}
    unplaced = {key for chart in charts.charts for key in chart.unplaced}
    return in_charts | unplaced | {issue.resource for issue in charts.issues}


@given(st.lists(JSON, max_size=4))
def test_a_soup_of_anything_is_read(soup: list[Any]) -> None:
    """What is no resource becomes an issue each."""
    found = read_charts(soup)
    assert () == found.charts
    assert len(soup) == len(found.issues)


@given(st.sampled_from(PLACES), JSON)
@example(PLACES[0], {"a": None})
def test_anything_in_any_place_is_read(place: tuple[Any, ...], value: Any) -> None:
    """One odd value anywhere in a chart leaves every other administration accounted for, and all can be stored."""
    found = read_charts(_with(place, value))
    whole = {"MedicationAdministration/m1", "MedicationAdministration/m2"} - {f"MedicationAdministration/m{place[0]}"}
    assert (whole if place[1] not in ("id", "resourceType") else set()) <= _accounted(found)
    json.dumps(plain(found), ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "",
        [],
        {},
        0,
        True,
        "\ud800",
        [None],
        [[]],
        {"reference": 1},
        Decimal("1e400"),
        pytest.param(10**5000, id="huge"),
        "x" * 3000,
    ],
)
def test_each_place_survives_each_oddity(odd: Any) -> None:
    """Every place of a whole chart, with every usual oddity: charts come out, and their texts can be stored."""
    for place in PLACES:
        found = read_charts(_with(place, odd))
        assert found.charts or found.issues
        json.dumps(plain(found), ensure_ascii=False).encode("utf-8")


@given(st.sampled_from([p for p in PLACES if SOUP[p[0]]["resourceType"] == "ChargeItem"]), JSON)
def test_any_charge_item_is_read(place: tuple[Any, ...], value: Any) -> None:
    """A charge in the EHR is read whatever stands in it."""
    resource = _with(place, value)[place[0]]
    charge, _ = read_charge_item(resource, Lookup())
    assert charge.id


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
@example(b"\x1f\x8b")
@example(b"\xff\xfe")
@example(b"\x1f\x8b\x08\x00garbage")
@example(b"")
@example(b'{"resourceType": "Bundle", "entry": {"resource": 1}}')
def test_any_bytes_load(data: bytes) -> None:
    """A file of anything gives resources or problems that name it."""
    loaded = load_resources(data, "a-file")
    assert loaded.resources or loaded.problems
    assert all(problem.resource.startswith("a-file") for problem in loaded.problems)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        '{"resourceType":"Encounter","id":"e","a":' + "[" * 900 + "]" * 900 + "}",
        '{"resourceType":"Encounter","id":"e","x":' + "9" * 100_000 + "}",
        '{"resourceType":"Encounter","id":"e","diagnosis":[' + ",".join(["{}"] * 40_000) + "]}",
        '{"resourceType":"MedicationAdministration","id":"' + "m" * 100_000 + '"}',
        '{"resourceType":"MedicationAdministration","context":{"reference":"' + "Encounter/" * 10_000 + '"}}',
        '{"resourceType":"MedicationAdministration","dosage":{"text":"' + "over " * 20_000 + '"}}',
        '{"resourceType":"MedicationAdministration","dosage":{"route":{"text":"' + "iv pu" * 20_000 + '"}}}',
        '{"resourceType":"MedicationAdministration","effectiveDateTime":"' + "2026-" * 20_000 + '"}',
        '{"resourceType":"MedicationAdministration","dosage":{"route":{"coding":['
        + ",".join(['{"display":"iv"}'] * 6_000)
        + "]}}}",
        "{" + ",".join(f'"k{i % 7}":1' for i in range(12_000)) + "}",
        "\n".join(['{"resourceType":"Encounter"'] * 3_000),
    ],
    ids=range(13),
)
def test_a_hundred_kilobytes_of_weird_json_take_no_time(text: str) -> None:
    """Deep nesting, huge numbers, endless lists and texts made to be slow: each is read in under two seconds."""
    started = time.perf_counter()
    loaded = load_resources(text, "weird.json")
    found = read_charts([resource for _, resource in loaded.resources])
    assert time.perf_counter() - started < 2
    assert loaded.problems or found.charts or found.issues


def test_what_is_read_can_be_written_as_json() -> None:
    """Loaded resources stay plain JSON, exact numbers and all."""
    path = Path(__file__).parent / "golden" / "reading.json"
    loaded = load_resources(path.read_bytes(), path.name)
    assert [] == loaded.problems
    assert ["0.10", "125.00"] == [str(resource["value"]) for _, resource in loaded.resources]
    assert '{"resourceType": "Basic", "value": "0.10"}' == json.dumps(loaded.resources[0][1], default=str)

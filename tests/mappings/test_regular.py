"""A regular line is read the short way, and gives what the readers that note oddities would: the same charts."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings import either_form, ordering
from fhir_mappings.charts import read_charts
from fhir_mappings.elements import Element
from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup
from fhir_mappings.medication_administration import read_administration
from fhir_mappings.paths import ALL, DECIDING, PLACEMENT
from fhir_mappings.regular import IrregularError
from fhir_mappings.shapes import SHAPED, WHOLE
from fhir_mappings.systems import CPT
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.lines import parse
from tests.mappings.plain import patched
from tests.mappings.test_administrations import GOLDEN
from tests.mappings.test_any_json import PLACES, SOUP
from tests.unit.bulk.exports import lines_in

ZONES = [None, ZoneInfo("America/Chicago")]
ODD = [
    *(None, "", " ", " x ", 0, -1, 1.5, "1", True, [], {}, [None], [{}], {"x": 1}, ["x"]),
    *("a\x00b", "2026-03-02", "2026-03-02T10:00", "2026-03-02T10:00:00", "2026-03-02t10:00:00Z", "20260302T100000Z"),
    *("2026-03-02T24:00:00Z", "2026-03-02T10:00:60Z", "2026-13-02T10:00:00Z", "2026-03-02T10:00:00.987-05:00"),
    *("in-progress", "entered-in-error", "not-done", "STOPPED", "2026-11-01T01:30:00-06:00", "1900-01-01T00:00:00Z"),
    *("#m", "#none", "Encounter/e2", "Patient/p2", "https://x/r4/Encounter/e1/_history/3", "urn:uuid:1", "Encounter/"),
    *({"text": "IM injection"}, {"reference": "Medication/x"}, [{"text": "by mouth"}], {"value": 2, "comparator": "<"}),
    *({"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}, {"text": "sideways"}, {"value": "2"}),
]
"""What may stand anywhere: nothing, other types, odd words, times and references, and other sense."""


def _regular_soup() -> list[dict[str, Any]]:
    """The soup without what can't be regular: comparators."""
    soup: list[dict[str, Any]] = json.loads(json.dumps(SOUP).replace(', "comparator": "<"', ""))
    return soup


REGULAR = _regular_soup()


def _lines(export: Path) -> list[str]:
    return [line.decode() for line in lines_in(export)]


def _read(resource: dict[str, Any]) -> Any:
    """The resource as a line, in its regular form if it has one."""
    (read,) = parse(json.dumps(resource), str(resource.get("resourceType")))
    return read


def _read_short_way(resource: dict[str, Any]) -> bool:
    return isinstance(_read(resource), JsonLine)


@pytest.mark.parametrize("zone", ZONES, ids=["as charted", "Chicago"])
def test_an_export_gives_equal_charts_either_way(tmp_path: Path, zone: ZoneInfo | None) -> None:
    """Every vendor's shape, with charges, and times that are missing; and the short way was taken by each line."""
    generate(Wish(encounters=300, seed=33), tmp_path / "export")
    lines = _lines(tmp_path / "export")
    kinds = [json.loads(line)["resourceType"] for line in lines]
    short = [each for line, kind in zip(lines, kinds, strict=True) for each in parse(line, kind)]
    noted = [each for line in lines for each in parse(line)]
    charts = read_charts(short, zone)
    assert charts == read_charts(noted, zone)
    assert len(charts.charts) == 300
    assert all(isinstance(each, JsonLine) for each, kind in zip(short, kinds, strict=True) if kind in SHAPED)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The regular lines that had to be read by a reader that notes oddities."""
    found: list[str] = []

    def watched(resource: Any, context: Any, short: Any, noting: Any) -> Any:
        if isinstance(resource, JsonLine):
            try:
                return short(resource, context), []
            except IrregularError:
                found.append(resource.key)
        return noting(resource, context)

    for module in (either_form, ordering):
        monkeypatch.setattr(module, "either", watched)
    return found


def test_a_regular_export_is_read_the_short_way_alone(tmp_path: Path, noted: list[str]) -> None:
    """The readers that note oddities are asked for no resource of a generated export."""
    generate(Wish(encounters=60, seed=34), tmp_path / "export")
    read_charts(
        [each for line in _lines(tmp_path / "export") for each in parse(line, json.loads(line)["resourceType"])]
    )
    assert noted == []


RATIO = {"numerator": {"value": 100, "unit": "mL"}, "denominator": {"value": 1, "unit": "h"}}
BESIDE = [
    ("MedicationRequest", {"dosageInstruction": [{"timing": {"repeat": {"duration": 90, "durationUnit": "min"}}}]}),
    ("MedicationRequest", {"dosageInstruction": [{"text": "as needed"}, {"timing": {"code": {"text": "Once"}}}]}),
    (
        "MedicationRequest",
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 50, "unit": "mL"}, "rateRatio": RATIO}]}]},
    ),
    (
        "MedicationRequest",
        {
            "dosageInstruction": [
                {"timing": {"repeat": {"duration": hours, "durationUnit": "h"}}, "text": "run it"} for hours in (1, 2)
            ]
        },
    ),
    ("MedicationRequest", {"reasonReference": [{"reference": "Condition/c1"}] * 2}),
    ("Procedure", {"performedPeriod": {"start": "2026-03-02"}, "encounter": {"reference": "Encounter/e1"}}),
    ("Procedure", {"status": "not-done"}),
    ("Procedure", {"performedPeriod": {"end": "2026-03-02T10:20:00-05:00"}}),
    ("Observation", {"effectiveDateTime": "2026-03-02"}),
    ("Observation", {"status": "preliminary"}),
    ("Observation", {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}),
    ("Observation", {"valueQuantity": {"value": 176, "unit": "lb", "code": "[lb_av]"}}),
    ("Device", {"deviceName": [{"name": "left"}, {"name": "PICC line"}]}),
    ("Device", {"deviceName": []}),
    ("Device", {"id": "another"}),
    ("Patient", {"name": [{"use": "old", "text": "Once"}, {"given": ["Ines", "M."], "family": "Grace"}]}),
    ("Patient", {"name": [{"use": "usual", "text": "Ines"}, {"use": "official", "family": "Grace"}, {"given": []}]}),
    ("Patient", {"name": [{"use": "nickname", "text": "Inny"}], "identifier": [{"system": "urn:x"}, {"value": "4"}]}),
    ("Patient", {"identifier": [{"value": "1"}, {"value": "2", "type": {"coding": [{"code": "MR"}]}}]}),
    (
        "ChargeItem",
        {
            "code": {"coding": [{"system": CPT, "code": "96365"}]},
            "identifier": [{"system": "urn:x", "value": "7"}, {"value": "8"}, {"system": "urn:y"}],
        },
    ),
]
"""Usual forms of what stands beside charts."""


@pytest.mark.parametrize(("kind", "other"), BESIDE)
def test_usual_forms_of_what_stands_beside_a_chart_are_regular(
    kind: str, other: dict[str, Any], noted: list[str]
) -> None:
    """Orders, procedures, measures and devices: read the short way alone, and the same as by the other."""
    given = {**SOUP[2], **{name: SOUP[1][name] for name in ("context", "request", "device")}}
    beside = [each for each in REGULAR if each["resourceType"] != "MedicationAdministration"]
    soup = [{**each, **other} if each["resourceType"] == kind else each for each in [given, *beside]]
    regular = read_charts([_read(each) for each in soup])
    assert [key for key in noted if key.startswith((kind, "MedicationAdministration"))] == []
    assert regular == read_charts(soup)


def _with_odd(place: tuple[Any, ...], odd: Any) -> list[dict[str, Any]] | None:
    """The regular soup with something odd at a place; None where the place is not there."""
    soup = [*REGULAR]
    target: Any = soup
    soup[place[0]] = copy.deepcopy(soup[place[0]])
    try:
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = odd
    except (KeyError, IndexError):
        return None
    return soup


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_whatever_stands_at_a_place_both_ways_read_the_same(place: tuple[Any, ...]) -> None:
    """Charts, issues and what was charged are equal, however odd a part is."""
    first = PLACES.index(place) % 3
    for number, odd in enumerate(ODD[first::3]):  # each place gets every third, each of them many places
        soup = _with_odd(place, odd)
        if soup is None:
            return
        short = [_read(each) for each in soup]
        noted = [each.value if isinstance(each, JsonLine) else each for each in short]
        zone = ZONES[number % 2]
        assert read_charts(short, zone) == read_charts(noted, zone), odd


def test_the_soup_is_regular_before_anything_odd_is_put_in() -> None:
    """Otherwise the test above would compare one reader with itself."""
    regular = {each["resourceType"] for each in REGULAR if _read_short_way(each)}
    assert regular == set(SHAPED) - {"Medication"}  # of which one is contained


@pytest.mark.parametrize("newest_first", [False, True])
def test_of_several_versions_the_same_one_is_read(newest_first: bool) -> None:
    """Two copies that differ, one of them irregular."""
    old = {**SOUP[2], "meta": {"versionId": "1", "lastUpdated": "2026-03-02T10:00:00Z"}}
    new = {
        **SOUP[2],
        "meta": {"versionId": "2", "lastUpdated": "2026-03-03T10:00:00Z"},
        "device": [{"display": "PICC"}],
    }
    soup = [SOUP[0], *([new, old] if newest_first else [old, new])]
    short = read_charts([_read(each) for each in soup])
    assert short == read_charts([each for line in map(json.dumps, soup) for each in parse(line)])
    assert [given.site for given in short.charts[0].administrations] == ["PICC"]


@pytest.mark.parametrize("case", [{"patch": "{}"}, *GOLDEN["case"]], ids=lambda case: case.get("name", "base"))
def test_a_golden_administration_is_the_same_either_way(case: dict[str, Any]) -> None:
    """The cases that say what each oddity changes."""
    resource = patched(json.loads(GOLDEN["base"]["resource"]), json.loads(case["patch"]))
    soup = [resource, *json.loads(case.get("beside", "[]"))]
    zone = ZoneInfo(case["zone"]) if "zone" in case else None
    short = Lookup([_read(each) for each in soup], zone)
    noted = Lookup([each for line in map(json.dumps, soup) for each in parse(line)], zone)
    either = either_form.read_administration(next(iter(short.of_type("MedicationAdministration"))), short)
    assert either == read_administration(next(iter(noted.of_type("MedicationAdministration"))), noted)


def _looked_at(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """(Resource, element) of everything that the readers that note oddities look at in the soup."""
    seen: set[tuple[str, str]] = set()
    for method in ("raw", "has", "child", "children", "text", "number"):
        monkeypatch.setattr(Element, method, _watching(getattr(Element, method), seen))
    read_charts(SOUP)
    return seen


def _watching(look: Any, seen: set[tuple[str, str]]) -> Any:
    def watching(self: Element, name: str, **more: Any) -> Any:
        kind, _, path = re.sub(r"\[\d+\]", "", f"{self.path}.{name}").partition(".")
        seen.add((kind, path))
        return look(self, name, **more)

    return watching


def _named() -> Iterator[tuple[str, str]]:
    """(Resource, element) of the table, and the elements on the way there."""
    for path in (*ALL, *DECIDING, *PLACEMENT):
        steps = path.element.replace("[]", "").split(".")
        for length in range(1, len(steps) + 1):
            yield path.resource, ".".join(steps[:length])


def test_no_reader_looks_at_an_element_that_the_table_does_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a line that fits the types made from the table holds nothing else that a reader would note."""
    named = set(_named())
    leaves = {(p.resource, p.element.replace("[]", "")) for p in (*ALL, *DECIDING, *PLACEMENT)}

    def known(kind: str, element: str) -> bool:
        steps = element.split(".")
        below = any((kind, ".".join(steps[:length])) in leaves for length in range(1, len(steps)))
        return (kind, element) in named or below or any(step in WHOLE for step in steps)

    seen = {(kind, element) for kind, element in _looked_at(monkeypatch) if kind in SHAPED}
    assert len(seen) > 60
    assert sorted(f"{kind}.{element}" for kind, element in seen if not known(kind, element)) == []

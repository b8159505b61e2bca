"""The chart without what names a person: nothing of the original's own survives, and it still codes alike."""

import json
import re
from pathlib import Path

import pytest

from fhir_mappings.charts import read_charts
from fhir_mappings.deidentified import Disguise, deidentified_bundle
from plugin.codebook import CodeBook
from plugin.review.prepare import ReviewSettings, code_chart

CHARTS = Path(__file__).parents[2] / "plugin" / "sandbox" / "charts"
DISGUISE = Disguise("a salt", -17)
BOOK = CodeBook.load()
# What the whole bundle may hold besides codes and numbers is made anew; these are the original's own.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def resources(folder: Path) -> list[dict]:
    return [each["resource"] for each in json.loads((folder / "chart.json").read_text())["entry"]]


def own_words(patient: dict) -> set[str]:
    """Names, record numbers and the birth date."""
    names = [part for name in patient.get("name", []) for part in [name.get("family", ""), *name.get("given", [])]]
    numbers = [each["value"] for each in patient.get("identifier", [])]
    return {word for word in [*names, *numbers, patient.get("birthDate", "")] if len(word) > 2}


@pytest.mark.parametrize("folder", sorted(CHARTS.iterdir()), ids=lambda folder: folder.name)
def test_nothing_that_names_a_person_survives(folder):
    """No name, record number, birth date, original day, original id or reference, and no words of anybody."""
    original = resources(folder)
    bundle = json.dumps(deidentified_bundle(original, DISGUISE))
    patient = next(each for each in original if each["resourceType"] == "Patient")
    ids = {each["id"] for each in original}
    days = set(DAY.findall(json.dumps(original)))
    assert own_words(patient)
    for secret in [*own_words(patient), *(f'"{id_}"' for id_ in ids), *(f"/{id_}" for id_ in ids)]:
        assert secret not in bundle
    # A moved day may fall on another day of the same stay, but no resource keeps its own.
    for before in original:
        after = json.dumps(deidentified_bundle([before], DISGUISE))
        assert not set(DAY.findall(json.dumps(before))).intersection(DAY.findall(after))
    assert days
    for word in ("text", "note", "performer", "identifier", "birthDate", "name", "meta"):
        assert f'"{word}"' not in bundle


@pytest.mark.parametrize("folder", ["chemotherapy-day-with-premedications", "two-access-sites"])
def test_it_still_tells_the_same_story(folder):
    """As many administrations, for the same minutes; what was told in words alone is gone, and that shows."""
    original = resources(CHARTS / folder)
    copy = [each["resource"] for each in deidentified_bundle(original, DISGUISE)["entry"]]
    (before,), (after,) = read_charts(original).charts, read_charts(copy).charts
    assert len(after.administrations) == len(before.administrations)
    lengths = [
        sorted((a.stop - a.start).total_seconds() for a in chart.administrations if a.start and a.stop)
        for chart in (before, after)
    ]
    assert lengths[0] == lengths[1]
    coded = code_chart(after, BOOK, ReviewSettings())
    assert coded.day is not None
    assert before.encounter.start is not None
    assert (before.encounter.start.date() - coded.day).days == 17


def test_a_display_that_holds_a_name_is_dropped():
    """Somebody typed the patient's name into a code's display."""
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Okafor"}]}
    coding = {"system": "http://snomed.info/sct", "code": "1", "display": "for Mrs Okafor"}
    condition = {"resourceType": "Condition", "id": "c1", "code": {"coding": [coding], "text": "Okafor"}}
    bundle = deidentified_bundle([patient, condition], DISGUISE)
    assert bundle["entry"][1]["resource"]["code"] == {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}


def test_a_day_that_is_none_is_dropped():
    """Free words in a place of days don't slip through."""
    assert DISGUISE.moment("2026-03-02T09:00:00-06:00") == "2026-02-13T09:00:00-06:00"
    assert DISGUISE.moment("second of March") == ""
    assert DISGUISE.moment("2026-02-30") == ""
    assert DISGUISE.reference("https://ehr.test/fhir/Patient/p1/_history/3") == f"Patient/{DISGUISE.id('p1')}"

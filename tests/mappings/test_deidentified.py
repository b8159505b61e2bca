"""The chart without what names a person: nothing of the original's own survives, and it still codes alike."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_mappings.charts import read_charts
from fhir_mappings.deidentified import Disguise, deidentified_bundle
from fhir_mappings.systems import CPT
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


def test_displays_are_dropped():
    """They say what the code says, or what somebody typed over it."""
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Okafor"}]}
    coding = {"system": "http://snomed.info/sct", "code": "47625008"}
    said = {"coding": [{**coding, "display": "for Mrs Okafor"}], "text": "Okafor"}
    condition = {"resourceType": "Condition", "id": "c1", "code": said}
    bundle = deidentified_bundle([patient, condition], DISGUISE)
    assert bundle["entry"][1]["resource"]["code"] == {
        "coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]
    }


def test_a_day_that_is_none_is_dropped():
    """Free words in a place of days don't slip through."""
    assert DISGUISE.moment("2026-03-02T09:00:00-06:00") == "2026-02-13T09:00:00-06:00"
    assert DISGUISE.moment("second of March") == ""
    assert DISGUISE.moment("2026-02-30") == ""
    assert DISGUISE.moment("2026-03-02Tafter-lunch-with-Marta") == ""
    assert DISGUISE.reference("https://ehr.test/fhir/Patient/p1/_history/3") == f"Patient/{DISGUISE.id('p1')}"


def marked(value: object, marker: str) -> object:
    """The same shape with a marker at the end of each string, but for the kind of the resource."""
    if isinstance(value, dict):
        return {name: each if name == "resourceType" else marked(each, marker) for name, each in value.items()}
    if isinstance(value, list):
        return [marked(each, marker) for each in value]
    return f"{value}{marker}" if isinstance(value, str) else value


def marked_one_by_one(value: object, marker: str) -> Iterator[object]:
    """The same value once for each string in it, with the marker in that string alone."""
    if isinstance(value, str):
        yield f"{value}{marker}"
        yield f"{marker}{value}"
        yield marker
    elif isinstance(value, dict):
        for name, each in value.items():
            if name != "resourceType":
                yield from ({**value, name: changed} for changed in marked_one_by_one(each, marker))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in marked_one_by_one(each, marker))


@pytest.mark.parametrize("marker", ["Zqxj", " Zqxj", "|Zqxj", "/Zqxj", "zqxj-9"])
@pytest.mark.parametrize("folder", sorted(CHARTS.iterdir()), ids=lambda folder: folder.name)
def test_no_words_survive_wherever_they_were_planted(folder, marker):
    """In all strings at once, and in each string of each resource alone."""
    original = resources(folder)
    assert "zqxj" not in json.dumps(deidentified_bundle([marked(each, marker) for each in original], DISGUISE)).lower()
    for resource in original:
        for planted in marked_one_by_one(resource, marker):
            assert "zqxj" not in json.dumps(deidentified_bundle([planted], DISGUISE)).lower()


# Elements that somebody could hold dear: who, where, which lot, what was said, and what only the site calls so.
TOLD = {
    "identifier": [{"value": "MRN 4711"}],
    "note": [{"text": "told by his wife"}],
    "text": {"div": "<div>told</div>"},
    "performer": [{"actor": {"reference": "Practitioner/nurse-7", "display": "N. Urse"}}],
    "location": [{"location": {"reference": "Location/bay-4"}}],
    "batch": {"lotNumber": "LOT-99"},
    "meta": {"versionId": "vvv", "lastUpdated": "2026-03-02T09:00:00Z"},
    "contained": [{"resourceType": "Practitioner", "id": "inside", "code": {"text": "told"}, "status": "active"}],
    "reasonReference": [{"reference": "Location/bay-4"}, {"reference": "https://clinic.example/secret/x"}],
    "extension": [{"url": "https://clinic.example/bay", "valueCoding": {"system": CPT, "code": "96365"}}],
    "intent": 4711,
    "partOf": {"reference": 4711},
    "reasonCode": [{"text": "told"}, {"coding": [{"system": "https://clinic.example/reasons", "code": "K50"}]}],
}


@pytest.mark.parametrize("kind", ["Encounter", "MedicationAdministration", "Medication", "ChargeItem", "Condition"])
def test_what_coding_does_not_read_is_gone_whole(kind):
    """Nothing is left of it, not even a hash."""
    bundle = deidentified_bundle([{"resourceType": kind, "id": "a", "status": "completed", **TOLD}], DISGUISE)
    expected = {"resourceType": kind, "id": DISGUISE.id("a"), "status": "completed"}
    assert bundle["entry"] == [{"resource": expected}]


def test_the_address_of_a_sites_own_codes_is_made_public():
    """Oracle Health's systems hold the site's number."""
    coding = {"system": "https://fhir.cerner.com/ec2458f2-site/CodeSystem/BillCodes-CPT", "code": "96365"}
    bundle = deidentified_bundle([{"resourceType": "ChargeItem", "id": "a", "code": {"coding": [coding]}}], DISGUISE)
    assert bundle["entry"][0]["resource"]["code"]["coding"] == [{"system": CPT, "code": "96365"}]


def test_depth_is_bounded():
    """A chart that is nested a thousand times deep is cut off, and nothing breaks."""
    deep: dict = {"url": "code"}
    for _ in range(5000):
        deep = {"url": "code", "extension": [deep]}
    condition = {"resourceType": "Condition", "id": "c", "extension": [deep]}
    patient = {"resourceType": "Patient", "id": "p", "extension": [deep]}
    assert len(json.dumps(deidentified_bundle([patient, condition], DISGUISE))) < 1000


@pytest.mark.parametrize("folder", sorted(CHARTS.iterdir()), ids=lambda folder: folder.name)
def test_codes_units_and_amounts_stay(folder):
    """Of each administration: state, dose, rate and the codes of its drug; a drug told in words alone has none."""
    original = resources(folder)
    copy = [each["resource"] for each in deidentified_bundle(original, DISGUISE)["entry"]]

    def told(bundle):
        administrations = read_charts(bundle).charts[0].administrations
        drugs = [sorted((t.system, t.code) for t in a.drug.terms if t.code) for a in administrations]
        return sorted(str((a.status, a.dose, a.rate, drug)) for a, drug in zip(administrations, drugs, strict=True))

    assert told(copy) == told(original)
    assert told(original)
